"""Iceberg's types and Trino's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from pyiceberg import types as iceberg
from pyiceberg.schema import Schema

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.sql import types as trino

_TO_TRINO: list[tuple[type[iceberg.IcebergType], str]] = [
    (iceberg.BooleanType, "boolean"),
    (iceberg.IntegerType, "integer"),
    (iceberg.LongType, "bigint"),
    (iceberg.FloatType, "real"),
    (iceberg.DoubleType, "double"),
    (iceberg.DateType, "date"),
    (iceberg.TimeType, "time(6)"),
    (iceberg.TimestampType, "timestamp(6)"),
    (iceberg.TimestamptzType, "timestamp(6) with time zone"),
    (iceberg.StringType, "varchar"),
    (iceberg.UUIDType, "uuid"),
    (iceberg.BinaryType, "varbinary"),
    (iceberg.FixedType, "varbinary"),
]


def to_trino(kind: iceberg.IcebergType) -> trino.Type:
    """The Trino type of an Iceberg column."""
    match kind:
        case iceberg.DecimalType():
            return trino.decimal(kind.precision, kind.scale)
        case iceberg.ListType():
            return trino.array(to_trino(kind.element_type))
        case iceberg.MapType():
            return trino.map_of(to_trino(kind.key_type), to_trino(kind.value_type))
        case iceberg.StructType():
            return trino.row((field.name, to_trino(field.field_type)) for field in kind.fields)
    for known, name in _TO_TRINO:
        if isinstance(kind, known):
            return trino.parse_type(name)
    raise QueryError("NOT_SUPPORTED", f"Iceberg type {kind} is not supported")


_TO_ICEBERG: dict[str, Callable[[], iceberg.IcebergType]] = {
    "boolean": iceberg.BooleanType,
    "integer": iceberg.IntegerType,
    "bigint": iceberg.LongType,
    "real": iceberg.FloatType,
    "double": iceberg.DoubleType,
    "date": iceberg.DateType,
    "time": iceberg.TimeType,
    "timestamp": iceberg.TimestampType,
    "timestamp with time zone": iceberg.TimestamptzType,
    "varchar": iceberg.StringType,
    "varbinary": iceberg.BinaryType,
    "uuid": iceberg.UUIDType,
}


def to_iceberg(kind: trino.Type, ids: Iterator[int]) -> iceberg.IcebergType:
    """The Iceberg type of a Trino type; nested fields take their ids from `ids`.

    Raises:
        QueryError: Iceberg tables of Athena cannot hold it (tinyint, smallint, char, json …).
    """
    match kind.name:
        case "decimal":
            return iceberg.DecimalType(kind.precision, kind.scale)
        case "array":
            return iceberg.ListType(next(ids), to_iceberg(kind.element, ids), element_required=False)
        case "map":
            key_id, value_id = next(ids), next(ids)
            key, value = (to_iceberg(item, ids) for item in kind.items)
            return iceberg.MapType(key_id, key, value_id, value, value_required=False)
        case "row":
            fields = zip(trino.field_names(kind), kind.fields, strict=True)
            return iceberg.StructType(
                *(
                    iceberg.NestedField(next(ids), name, to_iceberg(item.type, ids), required=False)
                    for name, item in fields
                )
            )
    if kind.name not in _TO_ICEBERG:
        raise QueryError("NOT_SUPPORTED", f"Type not supported for Iceberg: {kind}")
    return _TO_ICEBERG[kind.name]()


def schema_of(columns: list[tuple[str, trino.Type, str | None]]) -> Schema:
    """The schema of a new table, of (name, type, comment) columns."""
    ids = count(len(columns) + 1)
    return Schema(
        *(
            iceberg.NestedField(number, name, to_iceberg(kind, ids), required=False, doc=comment)
            for number, (name, kind, comment) in enumerate(columns, 1)
        )
    )
