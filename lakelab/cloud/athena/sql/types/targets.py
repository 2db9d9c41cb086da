"""What Trino's types are called in DuckDB, in Glue tables and in Athena's API."""

from __future__ import annotations

from dataclasses import dataclass

from lakelab.cloud.athena.sql.types.core import Type, quote

_DUCKDB = {
    "unknown": "INTEGER",
    "real": "FLOAT",
    "char": "VARCHAR",
    "varbinary": "BLOB",
    "time": "TIME",
    "time with time zone": "TIMETZ",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "interval year to month": "INTERVAL",
    "interval day to second": "INTERVAL",
    "ipaddress": "VARCHAR",
    "HyperLogLog": "UBIGINT[]",
}


def to_duckdb(kind: Type) -> str:
    """The DuckDB type that holds values of a Trino type: `STRUCT("a" INTEGER)[]`."""
    match kind.name:
        case "array":
            return f"{to_duckdb(kind.element)}[]"
        case "map":
            return f"MAP({to_duckdb(kind.items[0])}, {to_duckdb(kind.items[1])})"
        case "row":
            fields = zip(field_names(kind), kind.fields, strict=True)
            return f"STRUCT({', '.join(f'{quote(name)} {to_duckdb(item.type)}' for name, item in fields)})"
        case "decimal":
            return f"DECIMAL({kind.precision},{kind.scale})"
    return _DUCKDB.get(kind.name, kind.name.upper())


def field_names(kind: Type) -> list[str]:
    """The names of a row's fields in DuckDB: `field0` for an anonymous one, and a number added to a repeated one."""
    names: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(kind.fields):
        name = item.name or f"field{index}"
        if name.lower() in seen:
            name = f"{name}_{index}"
        seen.add(name.lower())
        names.append(name)
    return names


_HIVE = {
    "integer": "int",
    "real": "float",
    "varbinary": "binary",
    "timestamp with time zone": "timestamp",
    "json": "string",
    "uuid": "string",
    "unknown": "string",
}


def to_hive(kind: Type) -> str:
    """The name of a type in a Glue table: `array<struct<a:int>>`; a varchar without length is `string`."""
    match kind.name:
        case "array":
            return f"array<{to_hive(kind.element)}>"
        case "map":
            return f"map<{to_hive(kind.items[0])},{to_hive(kind.items[1])}>"
        case "row":
            fields = zip(field_names(kind), kind.fields, strict=True)
            return f"struct<{','.join(f'{name}:{to_hive(item.type)}' for name, item in fields)}>"
        case "decimal":
            return f"decimal({kind.precision},{kind.scale})"
        case "varchar":
            return f"varchar({kind.length})" if kind.length is not None else "string"
        case "char":
            return f"char({kind.length})"
    return _HIVE.get(kind.name, kind.name)


@dataclass(frozen=True)
class ColumnInfo:
    """Type, Precision and Scale of a column as GetQueryResults gives them.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
    """

    type: str
    precision: int
    scale: int
    case_sensitive: bool


_API_PRECISION = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "double": 17,
    "varchar": 2147483647,
    "varbinary": 1073741824,
}


def column_info(kind: Type) -> ColumnInfo:
    """How Athena's API names a Trino type: no parameters in the name, `float` for real, `row`, `array`, `map` bare."""
    if kind.name == "decimal":
        return ColumnInfo("decimal", kind.precision, kind.scale, False)
    if kind.is_text:
        return ColumnInfo(kind.name, kind.length or _API_PRECISION["varchar"], 0, True)
    if kind.name.startswith("time"):
        return ColumnInfo(kind.name, 3, 0, False)
    name = {"real": "float", "unknown": "varchar"}.get(kind.name, kind.name)
    return ColumnInfo(name, _API_PRECISION.get(kind.name, 0), 0, False)
