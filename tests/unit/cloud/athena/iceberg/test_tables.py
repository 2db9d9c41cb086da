"""Types, partition transforms and properties of Iceberg tables."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.iceberg.tables import iceberg_properties, partition_spec
from lakelab.cloud.athena.iceberg.types import schema_of, to_trino
from lakelab.cloud.athena.sql.types import parse_type

SCHEMA = schema_of([("id", parse_type("bigint"), None), ("ts", parse_type("timestamp(6)"), None)])


@pytest.mark.parametrize(
    "name",
    [
        "boolean",
        "integer",
        "bigint",
        "real",
        "double",
        "decimal(10,2)",
        "date",
        "time(6)",
        "timestamp(6)",
        "timestamp(6) with time zone",
        "varchar",
        "varbinary",
        "uuid",
        "array(integer)",
        "map(varchar, array(date))",
        "row(a integer, b row(c varchar))",
    ],
)
def test_types_survive(name):
    schema = schema_of([("c", parse_type(name), "hm")])
    field = schema.find_field("c")
    assert (str(to_trino(field.field_type)), field.doc, field.required) == (name, "hm", False)


@pytest.mark.parametrize("name", ["tinyint", "smallint", "char(3)", "json"])
def test_types_that_iceberg_has_not(name):
    with pytest.raises(QueryError, match="NOT_SUPPORTED: Type not supported for Iceberg"):
        schema_of([("c", parse_type(name), None)])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("id", "id: identity", id="identity"),
        pytest.param("day(ts)", "ts_day: day", id="day"),
        pytest.param('months("ts")', "ts_month: month", id="plural and quotes"),
        pytest.param("bucket(4, id)", "id_bucket: bucket[4]", id="bucket"),
        pytest.param("bucket(id, 4)", "id_bucket: bucket[4]", id="dbt's order"),
        pytest.param("truncate(10, id)", "id_trunc: truncate[10]", id="truncate"),
    ],
)
def test_partition_transforms(text, shown):
    [field] = partition_spec(SCHEMA, [text]).fields
    assert f"{field.name}: {field.transform}" == shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("nope", "Column not found: nope", id="column"),
        pytest.param("sha(id)", "Unable to parse partitioning value: sha(id)", id="transform"),
        pytest.param("bucket(id)", "Unable to parse partitioning value: bucket(id)", id="no number"),
        pytest.param("a b", "Unable to parse partitioning value: a b", id="nonsense"),
    ],
)
def test_wrong_transforms(text, message):
    with pytest.raises(QueryError) as caught:
        partition_spec(SCHEMA, [text])
    assert caught.value.reason == f"INVALID_TABLE_PROPERTY: {message}"


def test_properties():
    given = {
        "table_type": "ICEBERG",
        "format": "parquet",
        "write_compression": "SNAPPY",
        "vacuum_max_snapshot_age_seconds": 5,
    }
    assert iceberg_properties(given) == {
        "write.format.default": "parquet",
        "write.parquet.compression-codec": "snappy",
        "vacuum_max_snapshot_age_seconds": "5",
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"nope": 1}, "INVALID_TABLE_PROPERTY: Unsupported table property key: nope", id="key"),
        pytest.param(
            {"format": "orc"}, "NOT_SUPPORTED: Iceberg tables are written as PARQUET here, not ORC", id="format"
        ),
        pytest.param(
            {"write_compression": "x"}, "INVALID_TABLE_PROPERTY: Unsupported compression: x", id="compression"
        ),
    ],
)
def test_refused_properties(given, reason):
    with pytest.raises(QueryError) as caught:
        iceberg_properties(given)
    assert caught.value.reason == reason
