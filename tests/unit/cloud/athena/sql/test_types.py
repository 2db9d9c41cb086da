"""Type names: Trino's, Hive's, DuckDB's and those of Athena's API."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.sql.types import ColumnInfo, TypeNameError, column_info, parse_type, to_duckdb, to_hive


@pytest.mark.parametrize(
    ("text", "trino", "duckdb", "hive"),
    [
        pytest.param("int", "integer", "INTEGER", "int", id="hive-int"),
        pytest.param("string", "varchar", "VARCHAR", "string", id="hive-string"),
        pytest.param("varchar(10)", "varchar(10)", "VARCHAR", "varchar(10)", id="varchar"),
        pytest.param("decimal(10)", "decimal(10,0)", "DECIMAL(10,0)", "decimal(10,0)", id="decimal"),
        pytest.param("double precision", "double", "DOUBLE", "double", id="double-precision"),
        pytest.param("timestamp", "timestamp(3)", "TIMESTAMP", "timestamp", id="timestamp"),
        pytest.param("timestamp(6) with time zone", "timestamp(6) with time zone", "TIMESTAMPTZ", "timestamp", id="tz"),
        pytest.param(
            "array<struct<a:int,b:array<string>>>",
            "array(row(a integer, b array(varchar)))",
            'STRUCT("a" INTEGER, "b" VARCHAR[])[]',
            "array<struct<a:int,b:array<string>>>",
            id="hive-nested",
        ),
        pytest.param(
            "map(varchar, row(integer, x double))",
            "map(varchar, row(integer, x double))",
            'MAP(VARCHAR, STRUCT("field0" INTEGER, "x" DOUBLE))',
            "map<string,struct<field0:int,x:double>>",
            id="anonymous-field",
        ),
        pytest.param(
            "struct<timestamp:timestamp,`a b`:int>",
            'row(timestamp timestamp(3), "a b" integer)',
            'STRUCT("timestamp" TIMESTAMP, "a b" INTEGER)',
            "struct<timestamp:timestamp,a b:int>",
            id="field-named-as-a-type",
        ),
        pytest.param("interval day to second", "interval day to second", "INTERVAL", "interval day to second", id="iv"),
    ],
)
def test_names(text: str, trino: str, duckdb: str, hive: str) -> None:
    kind = parse_type(text)
    assert (str(kind), to_duckdb(kind), to_hive(kind)) == (trino, duckdb, hive)
    assert parse_type(trino) == kind


@pytest.mark.parametrize(
    "text", ["", "nope", "array<int", "decimal(x)", "row(a)b", "varchar(1", "map<int,>", "int int"]
)
def test_unknown_names(text: str) -> None:
    with pytest.raises(TypeNameError):
        parse_type(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("decimal(10,2)", ColumnInfo("decimal", 10, 2, False), id="decimal"),
        pytest.param("varchar(5)", ColumnInfo("varchar", 5, 0, True), id="varchar-n"),
        pytest.param("varchar", ColumnInfo("varchar", 2147483647, 0, True), id="varchar"),
        pytest.param("real", ColumnInfo("float", 17, 0, False), id="real"),
        pytest.param("timestamp(6)", ColumnInfo("timestamp", 3, 0, False), id="timestamp"),
        pytest.param(
            "timestamp(3) with time zone", ColumnInfo("timestamp with time zone", 3, 0, False), id="timestamp-tz"
        ),
        pytest.param("array(integer)", ColumnInfo("array", 0, 0, False), id="array"),
        pytest.param("row(a integer)", ColumnInfo("row", 0, 0, False), id="row"),
        pytest.param("unknown", ColumnInfo("varchar", 0, 0, False), id="unknown"),
    ],
)
def test_column_info(text: str, expected: ColumnInfo) -> None:
    assert column_info(parse_type(text)) == expected
