"""Reads the names of types, as Trino and Hive write them."""

from __future__ import annotations

from functools import lru_cache

from lakelab.cloud.athena.sql.types.core import DAY_TO_SECOND, INTEGER_DIGITS, YEAR_TO_MONTH, Field, Type

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
    *INTEGER_DIGITS,
    *("unknown", "boolean", "real", "double", "varbinary", "date", "json", "uuid", "ipaddress", "ipprefix"),
    *(
        "HyperLogLog",
        "P4HyperLogLog",
        "tdigest",
        "qdigest",
        "setdigest",
        "color",
        "JsonPath",
        "joniregexp",
        "codepoints",
    ),
    *("interval year to month", "interval day to second", "Geometry", "SphericalGeography"),
}
DEFAULT_PARAMS = {"decimal": (38, 0), "char": (1,)}
DEFAULT_PRECISION = 3


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
            return Type(name, params or (DEFAULT_PRECISION,))
        if name == "decimal" and len(params) == 1:
            params = (*params, 0)
        if name in ("decimal", "char"):
            return Type(name, params or DEFAULT_PARAMS[name])
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


def from_hive(text: str) -> Type:
    """The Trino type of a Glue column. Raises TypeNameError."""
    return parse_type(text.strip())
