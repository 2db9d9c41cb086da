"""Settings and functions of a connection, and what DuckDB's errors are in Athena."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from lakelab.cloud.athena.sql import SqlError, Translated, prepare_connection, sql_error


def test_prepares_twice_and_from_another_cursor(translated: Callable[..., Translated]) -> None:
    statement = translated("select soundex('Robert')")
    with duckdb.connect() as con:
        for cursor in (con, con, con.cursor()):
            prepare_connection(cursor, statement)
            assert cursor.execute(statement.sql).fetchall() == [("R163",)]


def test_functions_outlive_the_connection_that_registered_them(translated: Callable[..., Translated]) -> None:
    statement = translated("select url_extract_port('http://h'), luhn_check('79927398713')")
    with duckdb.connect() as con:
        first = con.cursor()
        prepare_connection(first, statement)
        first.close()
        del first
        assert con.cursor().execute(statement.sql).fetchall() == [(None, True)]


def test_sets_utc_and_nulls_last() -> None:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'America/New_York'; SET default_null_order = 'NULLS_FIRST'")
        prepare_connection(con)
        assert con.execute("SELECT CAST(TIMESTAMPTZ '2024-01-01 00:00:00+00' AS VARCHAR)").fetchone() == (
            "2024-01-01 00:00:00+00",
        )
        rows = con.execute("SELECT * FROM (VALUES (1), (NULL)) t(x) ORDER BY x DESC").fetchall()
    assert rows == [(1,), (None,)]


@pytest.mark.parametrize(
    ("sql", "name", "message"),
    [
        pytest.param("select 1 / (id - id) from t", "DIVISION_BY_ZERO", "Division by zero", id="division"),
        pytest.param("select x / (x - x) from t", "DIVISION_BY_ZERO", "Division by zero", id="decimal-division"),
        pytest.param("select cast('abc' as integer)", "INVALID_CAST_ARGUMENT", "Cannot cast 'abc' to INT", id="cast"),
        pytest.param(
            "select 2147483647 + id from t",
            "NUMERIC_VALUE_OUT_OF_RANGE",
            "integer addition overflow: 2147483647 + 1",
            id="overflow",
        ),
        pytest.param(
            "select regexp_extract(g, '(a)', id) from t",
            "INVALID_FUNCTION_ARGUMENT",
            "Pattern has 1 groups. Cannot access group 2",
            id="python-function",
        ),
        pytest.param(
            "select width_bucket(id, 2, 3, 0) from t",
            "INVALID_FUNCTION_ARGUMENT",
            "bucketCount must be greater than 0",
            id="buckets",
        ),
        pytest.param(
            "select approx_percentile(id, 2.0) from t",
            "INVALID_FUNCTION_ARGUMENT",
            "Percentile must be between 0 and 1",
            id="percentile",
        ),
        pytest.param("select sequence(1, 2, 0)", "INVALID_FUNCTION_ARGUMENT", "step must not be zero", id="step"),
        pytest.param(
            "select bit_count(id, -7) from t",
            "INVALID_FUNCTION_ARGUMENT",
            "Bits specified in bit_count must be between 2 and 64, got -7",
            id="bits",
        ),
        pytest.param(
            "select map(array['a'], array[1])['b']",
            "INVALID_FUNCTION_ARGUMENT",
            "Key not present in map",
            id="subscript",
        ),
        pytest.param(
            "select (select id from t)",
            "SUBQUERY_MULTIPLE_ROWS",
            "Scalar sub-query has returned multiple rows",
            id="subquery",
        ),
    ],
)
def test_runtime_errors(failure: Callable[[str], SqlError], sql: str, name: str, message: str) -> None:
    error = failure(sql)
    assert (error.name, error.message) == (name, message)


def test_an_error_of_the_engine_is_no_user_error() -> None:
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as caught:
        con.execute("SELECT * FROM nowhere")
    assert sql_error(caught.value) is None
