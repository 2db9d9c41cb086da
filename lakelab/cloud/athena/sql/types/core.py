"""Trino's types as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

MAX_PRECISION = 38


class Field(NamedTuple):
    """A field of a row; the name is None in an anonymous row."""

    name: str | None
    type: Type


@dataclass(frozen=True)
class Type:
    """A Trino type.

    `name` is the base name (`decimal`, `array`, `timestamp with time zone`); `params` are its numbers (precision,
    scale, length; a varchar without length has none); `items` the element types of an array or map; `fields` those of
    a row.
    `zone` is the time zone that an expression of this type shows, where the statement fixes it: DuckDB keeps only the
    instant. It does not take part in comparisons.
    """

    name: str
    params: tuple[int, ...] = ()
    items: tuple[Type, ...] = ()
    fields: tuple[Field, ...] = ()
    zone: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        match self.name:
            case "row":
                return f"row({', '.join(_row_field(item) for item in self.fields)})"
            case "array" | "map" | "function":
                return f"{self.name}({', '.join(map(str, self.items))})"
        if not self.params:
            return self.name
        numbers = f"({','.join(map(str, self.params))})"
        base, _, zone = self.name.partition(" with")
        return f"{base}{numbers} with{zone}" if zone else f"{base}{numbers}"

    @property
    def precision(self) -> int:
        return self.params[0]

    @property
    def scale(self) -> int:
        return self.params[1]

    @property
    def length(self) -> int | None:
        """The length of a varchar or char; None when it has no bound."""
        return self.params[0] if self.params else None

    @property
    def element(self) -> Type:
        return self.items[0]

    @property
    def is_integer(self) -> bool:
        return self.name in INTEGER_DIGITS

    @property
    def is_floating(self) -> bool:
        return self.name in ("real", "double")

    @property
    def is_numeric(self) -> bool:
        return self.is_integer or self.is_floating or self.name == "decimal"

    @property
    def is_text(self) -> bool:
        return self.name in ("varchar", "char")

    @property
    def is_interval(self) -> bool:
        return self.name.startswith("interval")

    def at(self, zone: str | None) -> Type:
        """This type, shown in a time zone."""
        return replace(self, zone=zone)


INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_INTEGER_ORDER = list(INTEGER_DIGITS)

UNKNOWN = Type("unknown")
BOOLEAN = Type("boolean")
TINYINT = Type("tinyint")
SMALLINT = Type("smallint")
INTEGER = Type("integer")
BIGINT = Type("bigint")
REAL = Type("real")
DOUBLE = Type("double")
VARCHAR = Type("varchar")
VARBINARY = Type("varbinary")
DATE = Type("date")
JSON = Type("json")
UUID = Type("uuid")
YEAR_TO_MONTH = Type("interval year to month")
DAY_TO_SECOND = Type("interval day to second")
TIMESTAMP = Type("timestamp", (3,))
TIMESTAMP_TZ = Type("timestamp with time zone", (3,))


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", (min(precision, MAX_PRECISION), scale))


def varchar(length: int | None) -> Type:
    return Type("varchar", (length,)) if length is not None else VARCHAR


def timestamp(precision: int) -> Type:
    return Type("timestamp", (precision,))


def timestamp_tz(precision: int, zone: str | None = None) -> Type:
    return Type("timestamp with time zone", (precision,), zone=zone)


def array(element: Type) -> Type:
    return Type("array", items=(element,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", items=(key, value))


def row(fields: Iterable[tuple[str | None, Type]]) -> Type:
    return Type("row", fields=tuple(Field(name, kind) for name, kind in fields))


def as_decimal(kind: Type) -> Type | None:
    """The decimal that holds every value of an exact numeric type."""
    if kind.name == "decimal":
        return kind
    digits = INTEGER_DIGITS.get(kind.name)
    return decimal(digits, 0) if digits else None


def _row_field(item: Field) -> str:
    if item.name is None:
        return str(item.type)
    plain = item.name.isidentifier() and item.name.isascii()
    return f"{item.name if plain else quote(item.name)} {item.type}"


def quote(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'
