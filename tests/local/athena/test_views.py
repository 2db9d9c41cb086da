"""Views, information_schema, EXPLAIN, and the columns that `*` leaves out."""

from __future__ import annotations

import base64
import json

import pytest


@pytest.fixture(scope="module")
def base(lake) -> str:
    name = lake.name()
    lake.do(f"create table {name} as select * from (values (1, 'a'), (2, 'b')) t(id, s)")
    return name


@pytest.mark.fidelity("athena", "views", "exact", "kept as Presto's JSON, as Athena does")
def test_a_view_is_stored_as_athena_stores_it(lake, base):
    view = lake.name()
    lake.do(f"create or replace view {view} as select id, upper(s) as u from {base}")
    table = lake.table(view)
    assert table["TableType"] == "VIRTUAL_VIEW"
    text = table["ViewOriginalText"]
    assert text.startswith("/* Presto View: ")
    document = json.loads(base64.b64decode(text.removeprefix("/* Presto View: ").removesuffix(" */")))
    assert document["originalSql"] == f"select id, upper(s) as u from {base}"
    assert document["schema"] == lake.database
    assert [column["name"] for column in document["columns"]] == ["id", "u"]
    assert [column["Type"] for column in table["StorageDescriptor"]["Columns"]] == ["int", "varchar(1)"]


def test_views_are_expanded_over_views(lake, base):
    first, second = lake.name(), lake.name()
    lake.do(f"create view {first} as select id, s from {base} where id > 1")
    lake.do(f"create view {second} (n, label) as select count(*), max(s) from {first}")
    assert lake.query(f"select label, n from {second}") == [["b", "1"]]
    assert lake.lines(f"show create view {second}")[0] == f"CREATE VIEW {lake.database}.{second} AS"
    assert {first, second} <= set(lake.lines("show views"))
    assert lake.failure(f"create view {second} as select 1 as a").startswith("TABLE_ALREADY_EXISTS: ")
    lake.do(f"drop view {first}")
    assert lake.failure(f"select * from {second}").startswith("TABLE_NOT_FOUND: ")


def test_a_view_whose_columns_changed_is_stale(lake):
    table, view = lake.name(), lake.name()
    lake.put(f"{table}/data", b"1\n")
    lake.do(f"create external table {table} (a int) location '{lake.uri}/{table}/'")
    lake.do(f"create view {view} as select * from {table}")
    lake.do(f"alter table {table} add columns (b int)")
    assert lake.failure(f"select * from {view}").startswith("VIEW_IS_STALE: line 1:1: View")


def test_a_view_that_names_itself_is_refused(lake, base):
    view = lake.name()
    lake.do(f"create view {view} as select * from {base}")
    lake.do(f"create or replace view {view} as select * from {view}")
    assert lake.failure(f"select * from {view}").startswith("INVALID_VIEW: View is recursive")


def test_information_schema(lake, base):
    where = f"where table_schema = '{lake.database}' and table_name = '{base}'"
    assert lake.query(f"select table_type from information_schema.tables {where}") == [["BASE TABLE"]]
    columns = lake.query(f"select column_name, data_type from information_schema.columns {where} order by 1")
    assert columns == [["id", "integer"], ["s", "varchar(1)"]]


def test_hidden_columns(lake, base):
    rows = lake.do(f'select *, "$path", "$file_size" from {base} order by id').rows
    assert rows[0] == ["id", "s", "$path", "$file_size"]
    assert (rows[1][2] or "").startswith(f"{lake.uri}/results/tables/")
    assert lake.do(f"select * from {base}").columns == ["id", "s"]


@pytest.mark.fidelity("athena", "EXPLAIN", "near", "the plan is DuckDB's")
def test_explain_prints_a_plan(lake, base):
    ran = lake.do(f"explain select id from {base} where id > 1")
    assert ran.execution["SubstatementType"] == "EXPLAIN"
    assert ran.rows[0] == ["Query Plan"]
    text = "\n".join(row[0] or "" for row in ran.rows)
    assert "READ_PARQUET" in text
    assert "id>1" in text


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param(
            "select * from nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{db}.nope' does not exist"
        ),
        pytest.param("select * from nodb.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nodb' does not exist"),
        pytest.param("select * from a.b.c", "CATALOG_NOT_FOUND: line 1:1: Catalog 'a' does not exist"),
        pytest.param(
            "select nope from {base}",
            "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved or requester is not authorized to access "
            "requested resources",
        ),
        pytest.param("select 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ],
)
def test_errors_have_athenas_name_and_position(lake, base, sql, reason):
    ran = lake.run(sql.format(base=base))
    assert ran.state == "FAILED"
    assert ran.reason == reason.format(db=lake.database)
    error = ran.execution["Status"]["AthenaError"]
    assert (error["ErrorCategory"], error["Retryable"]) == (2, False)
    assert error["ErrorMessage"] == ran.reason
