"""MERGE, UPDATE and DELETE: run on DuckDB, their effect read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from lakelab.cloud.athena.sql import Schema, SqlError, parse, prepare_connection, translate_dml

SCHEMA = Schema(
    {
        ("c", "d", "t"): {"id": "integer", "name": "varchar", "amount": "decimal(10,2)", "day": "date"},
        ("c", "d", "s"): {"id": "integer", "name": "varchar", "amount": "decimal(12,3)", "gone": "boolean"},
    }
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS c; CREATE SCHEMA c.d")
        con.execute("CREATE TABLE c.d.t(id INTEGER, name VARCHAR, amount DECIMAL(10,2), day DATE)")
        con.execute("INSERT INTO c.d.t VALUES (1, 'a', 1.5, '2024-01-01'), (2, 'b', 2.5, NULL), (3, 'c', NULL, NULL)")
        con.execute("CREATE TABLE c.d.s(id INTEGER, name VARCHAR, amount DECIMAL(12,3), gone BOOLEAN)")
        con.execute("INSERT INTO c.d.s VALUES (2, 'B', 20.125, false), (3, 'C', 30, true), (4, 'D', 40, false)")
        yield con


def change(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    """Run a statement; the rows of the table afterwards."""
    names = {"default_catalog": "c", "default_schema": "d", "now": datetime(2024, 3, 5, tzinfo=UTC)}
    statement = translate_dml(parse(sql), SCHEMA, **names)
    prepare_connection(con, statement)
    con.execute(statement.sql)
    rows = con.execute("SELECT id, name, CAST(amount AS VARCHAR), CAST(day AS VARCHAR) FROM c.d.t ORDER BY id")
    return rows.fetchall()


A, B, C = (1, "a", "1.50", "2024-01-01"), (2, "b", "2.50", None), (3, "c", None, None)
MERGE = """
merge into t as target using s as src on (target.id = src.id)
when matched and src.gone then delete
when matched then update set name = lower(src.name) || '!', amount = src.amount
when not matched then insert (id, name, amount, day)
  values (src.id, src.name, src.amount / 3, date_add('day', 1, date '2024-01-31'))
"""


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        pytest.param("delete from t where id / 2 = 1", [A], id="delete-with-integer-division"),
        pytest.param("delete from c.d.t where id in (select s.id from s)", [A], id="delete-by-subquery"),
        pytest.param("delete from t", [], id="delete-all"),
        pytest.param("update t set name = upper(t.name) where id = 1", [(1, "A", *A[2:]), B, C], id="update"),
        pytest.param(
            "update t set amount = 1, day = current_date where day is null",
            [A, (2, "b", "1.00", "2024-03-05"), (3, "c", "1.00", "2024-03-05")],
            id="update-casts",
        ),
        pytest.param(MERGE, [A, (2, "b!", "20.13", None), (4, "D", "13.33", "2024-02-01")], id="merge"),
        pytest.param(
            "merge into t using (select 9 as k) q on t.id = q.k when not matched then insert (id) values (q.k)",
            [A, B, C, (9, None, None, None)],
            id="merge-query",
        ),
    ],
)
def test_changes(con: duckdb.DuckDBPyConnection, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert change(con, sql) == rows


@pytest.mark.parametrize(
    ("sql", "name", "message"),
    [
        pytest.param(
            "update t set nope = 1", "COLUMN_NOT_FOUND", "line 1:14: Column 'nope' cannot be resolved", id="column"
        ),
        pytest.param(
            "update t set id = 'x'",
            "TYPE_MISMATCH",
            "line 1:19: Column 'id' is of type integer but expression is of type varchar(1)",
            id="type",
        ),
        pytest.param(
            "delete from t where id = '1'",
            "TYPE_MISMATCH",
            "line 1:24: Cannot apply operator: integer = varchar(1)",
            id="where",
        ),
        pytest.param(
            "delete from t using s where t.id = s.id", "SYNTAX_ERROR", "line 1:13: mismatched input 'USING'", id="using"
        ),
        pytest.param(
            "delete from t where id = 1 returning id",
            "SYNTAX_ERROR",
            "line 1:13: mismatched input 'RETURNING'",
            id="returning",
        ),
        pytest.param(
            "merge into t using s on t.id = s.id when matched then update set *", "SYNTAX_ERROR", None, id="star"
        ),
        pytest.param(
            "merge into t using s on t.id = s.id when not matched by source then delete",
            "SYNTAX_ERROR",
            None,
            id="by-source",
        ),
    ],
)
def test_refused(con: duckdb.DuckDBPyConnection, sql: str, name: str, message: str | None) -> None:
    with pytest.raises(SqlError) as caught:
        change(con, sql)
    assert caught.value.name == name
    assert message is None or caught.value.message == message
