"""Which types Trino converts by itself, and the common type of two.

https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/type/TypeCoercion.java
"""

from __future__ import annotations

from lakelab.cloud.athena.sql.types import (
    MAX_PRECISION,
    UNKNOWN,
    VARCHAR,
    Field,
    Type,
    as_decimal,
    decimal,
    timestamp,
    timestamp_tz,
    varchar,
)

_INTEGERS = ["tinyint", "smallint", "integer", "bigint"]
_PATTERNS = {"JsonPath", "joniregexp", "codepoints"}


def can_coerce(source: Type, target: Type) -> bool:
    """Whether a value of `source` becomes one of `target` without a cast."""
    if source == target or source.name == "unknown":
        return True
    if target.name in _PATTERNS:
        return source.is_text
    common = common_type(source, target)
    return common == target


def common_type(left: Type, right: Type) -> Type | None:
    """The type that both convert to by themselves; None when there is none."""
    if left == right:
        return left if left.zone == right.zone else left.at(None)
    if left.name == "unknown":
        return right
    if right.name == "unknown":
        return left
    if left.name == right.name:
        return _same_name(left, right)
    return _promote(left, right) or _promote(right, left)


def _same_name(left: Type, right: Type) -> Type | None:
    match left.name:
        case "decimal":
            scale = max(left.scale, right.scale)
            whole = max(left.precision - left.scale, right.precision - right.scale)
            return decimal(min(MAX_PRECISION, whole + scale), scale)
        case "varchar" | "char":
            if left.length is None or right.length is None:
                return VARCHAR
            return Type(left.name, (max(left.length, right.length),))
        case "timestamp" | "timestamp with time zone" | "time" | "time with time zone":
            return Type(left.name, (max(left.precision, right.precision),))
        case "array" | "map":
            items = [common_type(a, b) for a, b in zip(left.items, right.items, strict=True)]
            return None if None in items else Type(left.name, items=tuple(item for item in items if item))
        case "row":
            return _rows(left, right)
    return None


def _rows(left: Type, right: Type) -> Type | None:
    if len(left.fields) != len(right.fields):
        return None
    fields = []
    for a, b in zip(left.fields, right.fields, strict=True):
        kind = common_type(a.type, b.type)
        if kind is None:
            return None
        fields.append(Field(a.name if a.name == b.name else None, kind))
    return Type("row", fields=tuple(fields))


def _promote(narrow: Type, wide: Type) -> Type | None:
    """The common type when `narrow` is the one to change its name."""
    if narrow.name in _INTEGERS and wide.name in _INTEGERS:
        return wide if _INTEGERS.index(narrow.name) < _INTEGERS.index(wide.name) else None
    if wide.name == "decimal":
        exact = as_decimal(narrow)
        return _same_name(exact, wide) if exact else None
    if wide.name == "double":
        return wide if narrow.is_numeric else None
    if wide.name == "real":
        return wide if narrow.name == "decimal" or narrow.is_integer else None
    if wide.name == "char" and narrow.name == "varchar":
        return VARCHAR if narrow.length is None else Type("char", (max(narrow.length, wide.precision),))
    if wide.name == "timestamp" and narrow.name == "date":
        return timestamp(wide.precision)
    if wide.name == "timestamp with time zone":
        if narrow.name == "date":
            return timestamp_tz(wide.precision)
        if narrow.name == "timestamp":
            return timestamp_tz(max(narrow.precision, wide.precision))
    if wide.name == "time with time zone" and narrow.name == "time":
        return Type(wide.name, (max(narrow.precision, wide.precision),))
    return None


def common_of(types: list[Type]) -> Type | None:
    """The common type of several; `unknown` of none."""
    result: Type | None = UNKNOWN
    for kind in types:
        result = common_type(result, kind) if result else None
    return result


def bounded_sum(*types: Type) -> Type:
    """The varchar that holds the concatenation of texts."""
    lengths = [kind.length for kind in types]
    return VARCHAR if None in lengths else varchar(sum(length for length in lengths if length is not None))
