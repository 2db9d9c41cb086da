"""JSON values as the columns of a Glue table: Hive's types, and what may be written into each."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

SIMPLE = {
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ns"),
}
PART = re.compile(r"\s*([^<>,:()\s]+|[<>,:()])")


class BadValue(Exception):
    """A value that its column cannot hold."""


def arrow_type(hive: str) -> pa.DataType:
    """The Arrow type of a Hive type: `struct<a:int,b:array<string>>`. Raises ValueError for what is none."""
    parts = PART.findall(hive.lower() if "struct" not in hive.lower() else hive)
    found = _type(parts)
    if parts:
        raise ValueError(f"{hive!r} is no Hive type")
    return found


def _type(parts: list[str]) -> pa.DataType:
    name = parts.pop(0).lower() if parts else ""
    match name:
        case "array":
            [inner] = _inner(parts, 1)
            return pa.list_(inner)
        case "map":
            key, value = _inner(parts, 2)
            return pa.map_(key, value)
        case "struct":
            fields = []
            _expect(parts, "<")
            while True:
                field = parts.pop(0)
                _expect(parts, ":")
                fields.append((field, _type(parts)))
                if parts and parts[0] == ",":
                    parts.pop(0)
                    continue
                _expect(parts, ">")
                return pa.struct(fields)
        case "decimal":
            precision, scale = _numbers(parts, (10, 0))
            return pa.decimal128(precision, scale)
        case "varchar" | "char":
            _numbers(parts, (0,))
            return pa.string()
    if name not in SIMPLE:
        raise ValueError(f"{name!r} is no Hive type")
    return SIMPLE[name]


def _inner(parts: list[str], count: int) -> list[pa.DataType]:
    found = []
    for number in range(count):
        _expect(parts, "<" if number == 0 else ",")
        found.append(_type(parts))
    _expect(parts, ">")
    return found


def _numbers(parts: list[str], default: tuple[int, ...]) -> tuple[int, ...]:
    if not parts or parts[0] != "(":
        return default
    parts.pop(0)
    found = []
    while parts and parts[0] != ")":
        part = parts.pop(0)
        if part != ",":
            found.append(int(part))
    _expect(parts, ")")
    return (*found, *default[len(found) :])


def _expect(parts: list[str], wanted: str) -> None:
    if not parts or parts.pop(0) != wanted:
        raise ValueError(f"a Hive type lacks {wanted!r}")


def value_of(type_: pa.DataType, value: Any) -> Any:
    """A JSON value as Arrow takes it for a type; None stays None. Raises BadValue."""
    if value is None:
        return None
    try:
        return _value(type_, value)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise BadValue(f"{value!r} is no {type_}") from error


def _value(type_: pa.DataType, value: Any) -> Any:
    if pa.types.is_struct(type_):
        folded = {name.lower(): item for name, item in value.items()}
        return {field.name: value_of(field.type, folded.get(field.name.lower())) for field in type_}
    if pa.types.is_list(type_):
        if not isinstance(value, list):
            raise TypeError
        return [value_of(type_.value_type, item) for item in value]
    if pa.types.is_map(type_):
        return [(value_of(type_.key_type, key), value_of(type_.item_type, item)) for key, item in value.items()]
    if pa.types.is_string(type_):
        return value if isinstance(value, str) else _json_text(value)
    if pa.types.is_boolean(type_):
        return {True: True, False: False, "true": True, "false": False}[_hashable(value)]
    if pa.types.is_integer(type_):
        return _integer(type_, value)
    if pa.types.is_floating(type_):
        return float(_not_boolean(value))
    if pa.types.is_decimal(type_):
        return Decimal(str(_not_boolean(value))).quantize(Decimal(1).scaleb(-type_.scale))
    if pa.types.is_date(type_):
        return date.fromisoformat(value)
    if pa.types.is_timestamp(type_):
        return _moment(value)
    return value.encode()


def _json_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError


def _hashable(value: Any) -> Any:
    if not isinstance(value, bool | str) or (isinstance(value, str) and value not in ("true", "false")):
        raise TypeError
    return value


def _integer(type_: pa.DataType, value: Any) -> int:
    number = int(_not_boolean(value))
    if isinstance(value, float) and number != value:
        raise ValueError
    if not -(1 << (type_.bit_width - 1)) <= number < 1 << (type_.bit_width - 1):
        raise OverflowError
    return number


def _not_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError
    return value


def _moment(value: Any) -> datetime:
    """A timestamp: ISO 8601, `yyyy-MM-dd HH:mm:ss`, or milliseconds since 1970; in UTC, for Hive has no zones."""
    if isinstance(value, str):
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    else:
        found = datetime.fromtimestamp(_not_boolean(value) / 1000, UTC)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
