"""Trino's types, and their names in DuckDB, in Hive (Glue) and in Athena's API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from sqlglot import exp

MAX_PRECISION = 38


class Field(NamedTuple):
    """A field of a row; the name is None in an anonymous row."""

    name: str | None
    type: Type


@dataclass(frozen=True)
class Type:
    """A Trino type.

    `name` is the base name (`decimal`, `array`, `timestamp with time zone`); `params` are its numbers (precision, scale,
    length; a varchar without length has none); `items` the element types of an array or map; `fields` those of a row.
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
        return self.name in _INTEGER_DIGITS

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


_INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
_INTEGER_ORDER = list(_INTEGER_DIGITS)

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
    digits = _INTEGER_DIGITS.get(kind.name)
    return decimal(digits, 0) if digits else None


def _row_field(item: Field) -> str:
    if item.name is None:
        return str(item.type)
    plain = item.name.isidentifier() and item.name.isascii()
    return f"{item.name if plain else quote(item.name)} {item.type}"


def quote(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


# --- reading type names ----------------------------------------------------------------------------------------------

_ALIASES = {
    "int": "integer",
    "long": "bigint",
    "float": "real",
    "string": "varchar",
    "binary": "varbinary",
    "bool": "boolean",
    "numeric": "decimal",
    "dec": "decimal",
    "short": "smallint",
    "byte": "tinyint",
    "void": "unknown",
    "struct": "row",
    "list": "array",
    "double precision": "double",
    "timestamp without time zone": "timestamp",
    "time without time zone": "time",
    "timestamptz": "timestamp with time zone",
    "timestamp with local time zone": "timestamp with time zone",
    "hyperloglog": "HyperLogLog",
    "jsonpath": "JsonPath",
}
_SIMPLE = {
    *_INTEGER_DIGITS,
    *("unknown", "boolean", "real", "double", "varbinary", "date", "json", "uuid", "ipaddress", "ipprefix"),
    *("HyperLogLog", "P4HyperLogLog", "tdigest", "qdigest", "setdigest", "color", "JsonPath", "joniregexp", "codepoints"),
    *("interval year to month", "interval day to second", "Geometry", "SphericalGeography"),
}
_DEFAULT_PARAMS = {"decimal": (38, 0), "char": (1,)}
_DEFAULT_PRECISION = 3


class TypeNameError(ValueError):
    """The text names no type."""


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """A type from its Trino or Hive name: `row(a integer)`, `array<struct<a:int>>`, `timestamp(6) with time zone`.

    Raises TypeNameError when there is no such type.
    """
    reader = _Reader(text)
    kind = reader.type()
    if reader.rest():
        raise TypeNameError(f"Unknown type: {text}")
    return kind


class _Reader:
    """A cursor over a type name; words, quoted names, numbers and the punctuation `( ) < > , :`."""

    def __init__(self, text: str):
        self._text = text
        self._at = 0

    def rest(self) -> str:
        return self._text[self._at :].strip()

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _take(self, symbols: str) -> str:
        self._skip()
        if self._at < len(self._text) and self._text[self._at] in symbols:
            self._at += 1
            return self._text[self._at - 1]
        return ""

    def _expect(self, symbols: str) -> None:
        if not self._take(symbols):
            raise TypeNameError(f"Unknown type: {self._text}")

    def _word(self) -> str:
        self._skip()
        text, start = self._text, self._at
        if start < len(text) and text[start] in '"`':
            end = text.find(text[start], start + 1)
            if end < 0:
                raise TypeNameError(f"Unknown type: {text}")
            self._at = end + 1
            return text[start + 1 : end]
        while self._at < len(text) and not text[self._at].isspace() and text[self._at] not in "()<>,:":
            self._at += 1
        if self._at == start:
            raise TypeNameError(f"Unknown type: {text}")
        return text[start : self._at]

    def _words(self, *expected: str) -> bool:
        """Take these words if they come next."""
        start = self._at
        for word in expected:
            if not self.rest() or self.rest()[0] in "()<>,:" or self._word().lower() != word:
                self._at = start
                return False
        return True

    def type(self) -> Type:
        name = self._word().lower()
        if name == "interval":
            return YEAR_TO_MONTH if self._words("year", "to", "month") else self._day_to_second()
        if name == "double":
            self._words("precision")
        name = _ALIASES.get(name, name)
        if name in ("array", "map", "function"):
            self._expect("(<")
            items = [self.type()]
            while self._take(","):
                items.append(self.type())
            self._expect(")>")
            return Type(name, items=tuple(items))
        if name == "row":
            return self._row()
        params = self._params()
        if name in ("timestamp", "time"):
            if self._words("with", "time", "zone") or self._words("with", "local", "time", "zone"):
                name += " with time zone"
            else:
                self._words("without", "time", "zone")
        if name.startswith("time"):
            return Type(name, params or (_DEFAULT_PRECISION,))
        if name == "decimal" and len(params) == 1:
            params = (*params, 0)
        if name in ("decimal", "char"):
            return Type(name, params or _DEFAULT_PARAMS[name])
        if name == "varchar":
            return Type(name, params)
        if name not in _SIMPLE:
            raise TypeNameError(f"Unknown type: {name}")
        return Type(name)

    def _day_to_second(self) -> Type:
        if not self._words("day", "to", "second"):
            raise TypeNameError(f"Unknown type: {self._text}")
        return DAY_TO_SECOND

    def _params(self) -> tuple[int, ...]:
        if not self._take("("):
            return ()
        numbers = []
        while True:
            word = self._word()
            if not word.isdigit():
                raise TypeNameError(f"Unknown type: {self._text}")
            numbers.append(int(word))
            if not self._take(","):
                break
        self._expect(")")
        return tuple(numbers)

    def _row(self) -> Type:
        """`row(a integer, varchar)`, `struct<a:int>`: a name before the type, or none."""
        self._expect("(<")
        fields = []
        while True:
            start = self._at
            name: str | None = self._word()
            if self._take(":") or (self.rest()[:1] not in (",", ")", ">", "(", "<", "") and not self._continues(name)):
                kind = self.type()
            else:
                self._at = start
                name, kind = None, self.type()
            fields.append(Field(name, kind))
            if not self._take(","):
                break
        self._expect(")>")
        return Type("row", fields=tuple(fields))

    def _continues(self, name: str) -> bool:
        """Whether `name` is the first word of a type of several words (`double precision`), not a field's name."""
        start = self._at
        rest = {
            "double": [("precision",)],
            "interval": [("year", "to"), ("day", "to")],
            "timestamp": [("with", "time"), ("without", "time")],
            "time": [("with", "time"), ("without", "time")],
        }.get(name.lower(), [])
        found = any(self._words(*words) for words in rest)
        self._at = start
        return found


_PARSER_NAMES = {
    "INT": "integer",
    "FLOAT": "real",
    "TEXT": "varchar",
    "STRUCT": "row",
    "TIMESTAMPTZ": "timestamp with time zone",
    "TIMETZ": "time with time zone",
    "HLLSKETCH": "HyperLogLog",
}


def from_ast(node: exp.DataType | exp.Expression) -> Type:
    """The type that a parsed `CAST(… AS type)` names. Raises TypeNameError."""
    if isinstance(node, exp.ColumnDef):
        return from_ast(node.args["kind"])
    if isinstance(node, exp.Interval):
        unit = node.args.get("unit")
        return YEAR_TO_MONTH if unit is not None and "YEAR" in unit.sql().upper() else DAY_TO_SECOND
    if not isinstance(node, exp.DataType):
        return parse_type(node.name)
    if isinstance(node.this, exp.Interval):
        return from_ast(node.this)
    if not isinstance(node.this, exp.DType):
        return parse_type(str(node.this))
    raw = node.this.value
    name = _PARSER_NAMES.get(raw, raw.lower())
    if name in ("array", "map"):
        return Type(name, items=tuple(from_ast(item) for item in node.expressions))
    if name == "row":
        return row(
            (item.name, from_ast(item)) if isinstance(item, exp.ColumnDef) else (None, from_ast(item))
            for item in node.expressions
        )
    params = tuple(int(item.name) for item in node.expressions)
    if name == "decimal" and len(params) == 1:
        params = (*params, 0)
    if name.startswith("time"):
        return Type(name, params or (_DEFAULT_PRECISION,))
    if name in _DEFAULT_PARAMS:
        return Type(name, params or _DEFAULT_PARAMS[name])
    if name == "varchar":
        return Type(name, params)
    return parse_type(name)


# --- DuckDB ----------------------------------------------------------------------------------------------------------

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


# --- Hive (Glue) -----------------------------------------------------------------------------------------------------

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


def from_hive(text: str) -> Type:
    """The Trino type of a Glue column. Raises TypeNameError."""
    return parse_type(text.strip())


# --- Athena's API ----------------------------------------------------------------------------------------------------


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
