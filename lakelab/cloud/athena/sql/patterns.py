"""Patterns of date_format (MySQL) and format_datetime (Joda), as DuckDB's strftime and strptime take them.

https://trino.io/docs/435/functions/datetime.html#mysql-date-functions
https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo


class UnsupportedPattern(ValueError):
    """The pattern has a part that cannot be translated."""


@dataclass(frozen=True)
class Part:
    """A piece of a formatted time: a text, or SQL over `{0}`, the wall clock."""

    text: str
    literal: bool = False
    zoned: bool = False


Parts = list[Part]

# what Trino reads from MySQL's specifiers; the others are refused, as in Trino
_MYSQL = {
    "a": "%a",
    "b": "%b",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "f": "%f",
    "H": "%H",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "j": "%j",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "m": "%m",
    "p": "%p",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "W": "%A",
    "x": "%G",
    "Y": "%Y",
    "y": "%y",
}
_MYSQL_REFUSED = "DUuVwX"


@lru_cache(maxsize=256)
def mysql_parse(pattern: str) -> str:
    """strptime's format of a date_parse format."""
    out, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char != "%":
            out.append(char)
            at += 1
            continue
        letter = pattern[at + 1 : at + 2]
        if letter in _MYSQL_REFUSED and letter:
            raise UnsupportedPattern(f"%{letter} not currently supported in the date format string")
        out.append(_MYSQL.get(letter, "%%" if letter == "%" else letter))
        at += 2
    return "".join(out)


@lru_cache(maxsize=256)
def mysql_format(pattern: str) -> Parts:
    """The parts of a date_format format."""
    return [Part(f"strftime({{0}}, '{_quoted(mysql_parse(pattern))}')")] if pattern else []


def _quoted(text: str) -> str:
    return text.replace("'", "''").replace("{", "{{").replace("}", "}}")


_JODA_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|''")
_JODA_REFUSED = "GCn"


@lru_cache(maxsize=256)
def joda_format(pattern: str) -> Parts:
    """The parts of a format_datetime pattern."""
    parts: Parts = []
    for token in _JODA_TOKEN.finditer(pattern):
        run, letter = token[0], token[2]
        if letter is None:
            parts.append(Part(token[1].replace("''", "'") if token[1] is not None else run, literal=True))
            continue
        parts.append(Part(_joda_sql(letter, len(run)), zoned=letter in "zZ"))
    return parts


def _joda_sql(letter: str, count: int) -> str:
    """SQL of a run of one letter of Joda."""
    number = {
        "D": "datepart('doy', {0})",
        "e": "datepart('isodow', {0})",
        "d": "datepart('day', {0})",
        "w": "datepart('week', {0})",
        "x": "datepart('isoyear', {0})",
        "H": "datepart('hour', {0})",
        "k": "((datepart('hour', {0}) + 23) % 24 + 1)",
        "K": "(datepart('hour', {0}) % 12)",
        "h": "((datepart('hour', {0}) + 11) % 12 + 1)",
        "m": "datepart('minute', {0})",
        "s": "datepart('second', {0})",
    }
    if letter in number:
        return _padded(number[letter], count)
    if letter in "yY":
        if count == 2:
            return "strftime({0}, '%y')"
        return _padded("datepart('year', {0})", count)
    if letter == "M":
        named = {3: "strftime({0}, '%b')"}.get(count, "strftime({0}, '%B')")
        return named if count >= 3 else _padded("datepart('month', {0})", count)
    if letter == "E":
        return "strftime({0}, '%A')" if count >= 4 else "strftime({0}, '%a')"
    if letter == "G":
        return "CASE WHEN datepart('year', {0}) > 0 THEN 'AD' ELSE 'BC' END"
    if letter == "a":
        return "strftime({0}, '%p')"
    if letter == "S":
        return f"rpad(left(strftime({{0}}, '%f'), {count}), {count}, '0')"
    if letter == "Z":
        return "{zone}" if count >= 3 else "'+0000'" if count == 1 else "'+00:00'"
    if letter == "z":
        return "{zone}"
    raise UnsupportedPattern(f"Illegal pattern component: {letter * count}")


def _padded(number: str, count: int) -> str:
    return f"printf('%0{count}d', {number})"


_JODA_PARSE = {"d": "%d", "H": "%H", "h": "%I", "m": "%M", "s": "%S", "D": "%j", "a": "%p"}


@lru_cache(maxsize=256)
def joda_parse(pattern: str) -> tuple[str, bool]:
    """strptime's format of a parse_datetime pattern, and whether it reads a zone."""
    out, zoned = [], False
    for token in _JODA_TOKEN.finditer(pattern):
        run, letter = token[0], token[2]
        if letter is None:
            out.append((token[1].replace("''", "'") if token[1] is not None else run).replace("%", "%%"))
        elif letter in "yY":
            out.append("%y" if len(run) == 2 else "%Y")
        elif letter == "M":
            out.append({3: "%b"}.get(len(run), "%B" if len(run) > 3 else "%m"))
        elif letter == "E":
            out.append("%A" if len(run) > 3 else "%a")
        elif letter == "S":
            out.append("%g" if len(run) <= 3 else "%f")
        elif letter in "Zz":
            out.append("%z" if letter == "Z" else "%Z")
            zoned = True
        elif letter in _JODA_PARSE:
            out.append(_JODA_PARSE[letter])
        else:
            raise UnsupportedPattern(f"Illegal pattern component: {run}")
    return "".join(out), zoned


@lru_cache(maxsize=512)
def is_zone(name: str) -> bool:
    """Whether it is a time zone: a name of the tz database, or an offset."""
    if re.fullmatch(r"[+-]\d{2}:?\d{2}", name):
        return True
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def trailing_offset(value: str) -> str | None:
    """The offset that ends an ISO 8601 time: `+02:00`, or UTC for `Z`."""
    match = re.search(r"[T ].*?(?:(Z)|([+-]\d{2}):?(\d{2})?)$", value)
    if match is None:
        return None
    offset = f"{match[2]}:{match[3] or '00'}" if match[2] else "+00:00"
    return "UTC" if offset in ("+00:00", "-00:00") else offset


def offset_text(minutes: str) -> str:
    """`+05:30` from an expression of minutes."""
    sign = f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END"
    return f"printf('%s%02d:%02d', {sign}, abs({minutes}) // 60, abs({minutes}) % 60)"
