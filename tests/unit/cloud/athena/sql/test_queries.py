"""Queries: what DuckDB gets for them, the names and types of their columns, and the errors that Trino raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lakelab.cloud.athena.sql import (
    Column,
    Schema,
    SqlError,
    TableName,
    Translated,
    parse,
    referenced_tables,
    translate,
    wide_decimals,
)

T = '"awsdatacatalog"."default"."t" AS "t"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("select id from t", f'SELECT "t"."id" AS "id" FROM {T}', id="select"),
        pytest.param("table t limit 1", None, id="table"),
        pytest.param(
            "select g, count(*) c from t group by 1 having count(*) > 1 order by c desc limit 5",
            f'SELECT "t"."g" AS "g", count(*) AS "c" FROM {T} GROUP BY "t"."g" HAVING (count(*) > 1) '
            "ORDER BY 2 DESC NULLS LAST LIMIT 5",
            id="group-order-limit",
        ),
        pytest.param(
            "select 1, id + 1 from t",
            f'SELECT 1 AS "_col0", ("t"."id" + 1) AS "_col1" FROM {T}',
            id="unnamed-columns",
        ),
        pytest.param(
            "select a.id, b.id from t a join t b on a.id = b.id",
            'SELECT "a"."id" AS "id", "b"."id" AS "id_2" FROM "awsdatacatalog"."default"."t" AS "a" '
            'JOIN "awsdatacatalog"."default"."t" AS "b" ON ("a"."id" = "b"."id")',
            id="repeated-name",
        ),
        pytest.param(
            "select (select max(id) from t where t.g = o.g) from t o",
            'SELECT (SELECT max("t"."id") AS "_col0" FROM "awsdatacatalog"."default"."t" AS "t" '
            'WHERE ("t"."g" = "o"."g")) AS "_col0" FROM "awsdatacatalog"."default"."t" AS "o"',
            id="correlated",
        ),
        pytest.param(
            "with t as (select 1 as one) select * from t",
            'WITH "t"("one") AS (SELECT 1 AS "one") SELECT "t_2"."one" AS "one" FROM "t" AS "t_2"',
            id="with-hides-table",
        ),
        pytest.param(
            "select u.x, u.n from unnest(array[1]) with ordinality as u(x, n)",
            'SELECT "u"."c0" AS "x", "u"."c1" AS "n" FROM (SELECT unnest([1]) AS "c0", '
            'unnest(range(1, CAST(len([1]) AS BIGINT) + 1)) AS "c1") AS "u"',
            id="unnest",
        ),
        pytest.param(
            "select id / 2, x / 3, id * 1.0 from t",
            None,
            id="arithmetic",
        ),
        pytest.param(
            "select 1 union all select 2.5",
            'SELECT CAST("_col0" AS DECIMAL(11,1)) AS "_col0" FROM (SELECT 1 AS "_col0")',
            id="set-operation",
        ),
        pytest.param("select g from t order by g fetch first 1 row with ties", None, id="with-ties"),
        pytest.param("select g from t order by g desc nulls first", None, id="nulls-first"),
    ],
)
def test_sql(translated: Callable[..., Translated], before: str, after: str | None) -> None:
    sql = translated(before).sql
    expected = {
        "table t limit 1": f'SELECT "t"."id" AS "id", "t"."g" AS "g", "t"."x" AS "x", "t"."ts" AS "ts" '
        f"FROM {T} LIMIT 1",
        "select id / 2, x / 3, id * 1.0 from t": 'SELECT CAST(("t"."id" // 2) AS INTEGER) AS "_col0", ',
        "select g from t order by g fetch first 1 row with ties": (
            f'SELECT "t"."g" AS "g" FROM {T} QUALIFY rank() OVER (ORDER BY "t"."g" NULLS LAST) <= 1 '
            "ORDER BY 1 NULLS LAST"
        ),
        "select g from t order by g desc nulls first": f'SELECT "t"."g" AS "g" FROM {T} ORDER BY 1 DESC NULLS FIRST',
    }
    wanted = after if after is not None else expected[before]
    assert wanted in sql if before.startswith(("select id /", "select 1 union")) else sql == wanted


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        pytest.param("select *, a + 1 from hidden", [("a", "integer"), ("_col1", "integer")], id="hidden-left-out"),
        pytest.param('select "$path" from hidden', [("$path", "varchar")], id="hidden-by-name"),
        pytest.param("select ID, g as Name from t", [("ID", "integer"), ("Name", "varchar")], id="case-kept"),
        pytest.param(
            "select t.* from t where 1 = 0",
            [("id", "integer"), ("g", "varchar"), ("x", "decimal(3,1)"), ("ts", "timestamp(3)")],
            id="star",
        ),
        pytest.param(
            "select sum(id), avg(x), count(*) from t",
            [("_col0", "bigint"), ("_col1", "decimal(3,1)"), ("_col2", "bigint")],
            id="aggregates",
        ),
        pytest.param("select r.a from (select cast(row(1) as row(a bigint)) r)", [("a", "bigint")], id="field"),
        pytest.param("values (1, 'a')", [("_col0", "integer"), ("_col1", "varchar(1)")], id="values"),
    ],
)
def test_columns(translated: Callable[..., Translated], sql: str, columns: list[tuple[str, str]]) -> None:
    assert translated(sql).columns == [Column(*column) for column in columns]


@pytest.mark.parametrize(
    ("sql", "name", "message"),
    [
        pytest.param(
            "select nope from t", "COLUMN_NOT_FOUND", "line 1:8: Column 'nope' cannot be resolved", id="column"
        ),
        pytest.param(
            "select\n  t.nope from t",
            "COLUMN_NOT_FOUND",
            "line 2:3: Column 't.nope' cannot be resolved",
            id="qualified",
        ),
        pytest.param(
            "select * from nope",
            "TABLE_NOT_FOUND",
            "line 1:15: Table 'awsdatacatalog.default.nope' does not exist",
            id="table",
        ),
        pytest.param("select * from no.t", "SCHEMA_NOT_FOUND", "line 1:15: Schema 'no' does not exist", id="schema"),
        pytest.param("select nope(1)", "FUNCTION_NOT_FOUND", "line 1:8: Function 'nope' not registered", id="function"),
        pytest.param(
            "select id = '1' from t",
            "TYPE_MISMATCH",
            "line 1:11: Cannot apply operator: integer = varchar(1)",
            id="number-and-text",
        ),
        pytest.param(
            "select * from t where ts > '2024-01-01'",
            "TYPE_MISMATCH",
            "line 1:26: Cannot apply operator: timestamp(3) < varchar(10)",
            id="time-and-text",
        ),
        pytest.param(
            "select id from t where g",
            "TYPE_MISMATCH",
            "line 1:24: WHERE clause must evaluate to a boolean (actual: varchar)",
            id="where",
        ),
        pytest.param(
            "select g, id from t group by g",
            "EXPRESSION_NOT_AGGREGATE",
            "line 1:11: 'id' must be an aggregate expression or appear in GROUP BY clause",
            id="group",
        ),
        pytest.param(
            "select 1 from t where sum(id) > 1",
            "EXPRESSION_NOT_SCALAR",
            "line 1:23: WHERE clause cannot contain aggregations, window functions or grouping operations: [sum]",
            id="aggregate-in-where",
        ),
        pytest.param(
            "select a.id from (select id, id from t) a",
            "AMBIGUOUS_NAME",
            "line 1:8: Column 'a.id' is ambiguous",
            id="ambiguous",
        ),
        pytest.param(
            "select st_point(1, 2)",
            "NOT_SUPPORTED",
            "line 1:8: Geospatial function st_point is not supported in the local Athena",
            id="geospatial",
        ),
        pytest.param(
            "select * from t for version as of 5",
            "NOT_SUPPORTED",
            "line 1:15: This connector does not support versioned tables",
            id="version",
        ),
        pytest.param(
            "select ?",
            "INVALID_PARAMETER_USAGE",
            "Incorrect number of parameters: expected 1 but found 0",
            id="parameter",
        ),
    ],
)
def test_errors(failure: Callable[[str], SqlError], sql: str, name: str, message: str) -> None:
    error = failure(sql)
    assert (error.name, error.message) == (name, message)


@pytest.mark.parametrize(
    ("sql", "parameters", "rows"),
    [
        pytest.param("select id from t where g = ? and id > ?", ["'a'", "1"], [(3,)], id="literals"),
        pytest.param("select id from t where g = ?", ["b"], [(2,)], id="unquoted-text"),
        pytest.param("select id from t where ts >= ?", ["timestamp '2024-02-01 00:00:00'"], [(3,)], id="typed-literal"),
        pytest.param("select ?", ["-1.5"], None, id="negative"),
    ],
)
def test_parameters(
    translated: Callable[..., Translated],
    database: Any,
    sql: str,
    parameters: list[str],
    rows: list[tuple[Any, ...]] | None,
) -> None:
    statement = translated(sql, parameters=parameters)
    found = database.cursor().execute(statement.sql).fetchall()
    assert found == rows if rows is not None else str(found[0][0]) == "-1.5"


def test_results_do_not_depend_on_translating_twice(translated: Callable[..., Translated], schema: Schema) -> None:
    tree = parse("with a as (select id from t) select * from a join a b on a.id = b.id")
    names: dict[str, Any] = {"default_catalog": "awsdatacatalog", "default_schema": "default"}
    now = translated("select now()")
    assert translate(tree, schema, now=_now(), **names).sql == translate(tree, schema, now=_now(), **names).sql
    assert "2024-03-05 13:04:05.678" in now.sql


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select " + "1 / (" * 30 + "id" + ")" * 30 + " from t where id = 1", id="division"),
        pytest.param("select " + "element_at(array[1], " * 30 + "1" + ")" * 30, id="function"),
        pytest.param(
            "select " + "cast(cast(" * 20 + "id" + " as varchar) as integer)" * 20 + " from t where id = 1", id="cast"
        ),
    ],
)
def test_nested_rules_grow_with_the_depth_and_no_faster(
    run: Callable[[str], tuple[Translated, list[Any]]], sql: str
) -> None:
    statement, rows = run(sql)
    assert rows == [("1",)]
    assert len(statement.sql) < 20_000


def test_referenced_tables() -> None:
    tree = parse("with a as (select * from Db.X) select * from a, y, cat.db.z where 1 in (select 1 from y)")
    assert referenced_tables(tree, default_catalog="c", default_schema="d") == [
        TableName("c", "d", "y"),
        TableName("cat", "db", "z"),
        TableName("c", "db", "x"),
    ]


def test_a_zone_travels_through_a_subquery(run: Callable[[str], tuple[Translated, list[Any]]]) -> None:
    _, rows = run("select z from (select ts at time zone 'Asia/Tokyo' as z from t where id = 1)")
    assert rows == [("2024-01-01 19:00:00.000 Asia/Tokyo",)]


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("split('a', ',') between x and x", id="between"),
        pytest.param("split('a', ',') >= x and split('a', ',') <= x", id="two-comparisons"),
        pytest.param("row('a', 1) between row(x[1], 0) and row(x[1], 1)", id="rows"),
    ],
)
def test_arrays_and_rows_are_ordered_in_a_filter(run: Callable, condition: str) -> None:
    _, rows = run(f"select count(*) from (values (array['a']), (array['b'])) t (x) where {condition}")
    assert rows == [("1",)]


def test_a_decimal_zero_divides_to_infinity_as_on_athena(run: Callable) -> None:
    translated, rows = run("select 1 / 0.0, 0 / 0.0, x / 0.0 from t where id = 1")
    assert [str(column.type) for column in translated.columns] == ["double"] * 3
    assert rows == [("Infinity", "NaN", "Infinity")]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param(
            "select decimal '9999999999999.99' * decimal '99999.00'", "999989999999999000.0100", id="multiplication"
        ),
        pytest.param(
            "select decimal '999999999999999999' + decimal '999999999999999999'", "1999999999999999998", id="addition"
        ),
        pytest.param(
            "select sum(decimal '9999999999999.99' * (1 + decimal '99998.00')) from t",
            "2999969999999997000.0300",
            id="a sum of products",
        ),
    ],
)
def test_decimals_beyond_18_digits(run: Callable, failure: Callable, sql: str, expected: str) -> None:
    assert "of DECIMAL(18)" in failure(sql).message  # after which the engine translates again
    with wide_decimals():
        assert run(sql)[1] == [(expected,)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("timestamp '2020-01-04 00:00:00-0'", "2020-01-04 00:00:00 UTC", id="an offset of 0"),
        pytest.param("timestamp '2020-01-04 00:00:00+1'", "2020-01-04 00:00:00 +01:00", id="hours alone"),
        pytest.param("date '1-03-04'", "0001-03-04", id="a year of one digit"),
    ],
)
def test_literals_that_clients_write(run: Callable, sql: str, expected: str) -> None:
    assert run(f"select {sql}")[1] == [(expected,)]
