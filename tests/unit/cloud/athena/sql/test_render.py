"""The text that Athena prints for a value of DuckDB."""

from __future__ import annotations

import duckdb
import pytest

from lakelab.cloud.athena.sql.render import text_of, text_query
from lakelab.cloud.athena.sql.types import parse_type


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        pytest.param("1.0::DOUBLE", "double", "1.0", id="double"),
        pytest.param("1e7::DOUBLE", "double", "1.0E7", id="double-from-1e7"),
        pytest.param("9999999.5::DOUBLE", "double", "9999999.5", id="double-below-1e7"),
        pytest.param("0.00012::DOUBLE", "double", "1.2E-4", id="double-below-1e-3"),
        pytest.param("-1.5e-300::DOUBLE", "double", "-1.5E-300", id="double-tiny"),
        pytest.param("123456789012345680::DOUBLE", "double", "1.2345678901234568E17", id="double-17-digits"),
        pytest.param("'nan'::DOUBLE", "double", "NaN", id="nan"),
        pytest.param("'-inf'::DOUBLE", "double", "-Infinity", id="infinity"),
        pytest.param("1.1::FLOAT", "real", "1.1", id="real"),
        pytest.param("0.05::DECIMAL(2,2)", "decimal(2,2)", "0.05", id="decimal-without-whole-digits"),
        pytest.param("1.50::DECIMAL(5,2)", "decimal(5,2)", "1.50", id="decimal"),
        pytest.param("TIMESTAMP '2024-01-01 10:00:00'", "timestamp(3)", "2024-01-01 10:00:00.000", id="timestamp"),
        pytest.param(
            "TIMESTAMP '2024-01-01 10:00:00.1'", "timestamp(6)", "2024-01-01 10:00:00.100000", id="timestamp-6"
        ),
        pytest.param(
            "TIMESTAMPTZ '2024-01-01 10:00:00+00'",
            "timestamp(3) with time zone",
            "2024-01-01 10:00:00.000 UTC",
            id="timestamp-tz",
        ),
        pytest.param("TIME '10:00:00'", "time(3)", "10:00:00.000", id="time"),
        pytest.param("DATE '2024-01-05'", "date", "2024-01-05", id="date"),
        pytest.param("'ab'::BLOB", "varbinary", "61 62", id="varbinary"),
        pytest.param("true", "boolean", "true", id="boolean"),
        pytest.param("[1, NULL]", "array(integer)", "[1, null]", id="array"),
        pytest.param("[]::INTEGER[]", "array(integer)", "[]", id="empty-array"),
        pytest.param("[['a'], NULL]", "array(array(varchar))", "[[a], null]", id="nested-array"),
        pytest.param("MAP {'k': 1, 'm': NULL}", "map(varchar, integer)", "{k=1, m=null}", id="map"),
        pytest.param("{'x': 1, 'y': NULL}", "row(x integer, y varchar)", "{x=1, y=null}", id="row"),
        pytest.param("{'field0': 1.5::DOUBLE}", "row(double)", "{field0=1.5}", id="anonymous-row"),
        pytest.param(
            "[{'a': MAP {'k': [1]}}]", "array(row(a map(varchar, array(integer))))", "[{a={k=[1]}}]", id="deep"
        ),
        pytest.param("NULL::STRUCT(x INTEGER)", "row(x integer)", None, id="null-row"),
        pytest.param("NULL::INTEGER[]", "array(integer)", None, id="null-array"),
        pytest.param("'{\"a\":1}'::JSON", "json", '{"a":1}', id="json"),
        pytest.param("INTERVAL '36 hours'", "interval day to second", "1 12:00:00.000", id="day-to-second"),
        pytest.param("INTERVAL '-14 months'", "interval year to month", "-1-2", id="year-to-month"),
    ],
)
def test_text(value: str, kind: str, expected: str | None) -> None:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        row = con.execute(f"SELECT {text_of('v', parse_type(kind))} FROM (SELECT {value} AS v)").fetchone()
    assert row == (expected,)


def test_query_keeps_names_and_order_and_repeated_columns() -> None:
    sql = text_query("SELECT 2 AS a, 'x' AS a ORDER BY 1", [("a", parse_type("integer")), ("a", parse_type("varchar"))])
    with duckdb.connect() as con:
        answer = con.execute(sql)
        assert answer.description is not None
        assert [column[0] for column in answer.description] == ["a", "a"]
        assert answer.fetchall() == [("2", "x")]
