"""Literals: numbers, texts, `DATE '…'`, intervals.

https://trino.io/docs/435/language/types.html
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql import typed as expressions
from lakelab.cloud.athena.sql.patterns import is_zone
from lakelab.cloud.athena.sql.typed import Typed, text
from lakelab.cloud.athena.sql.types import (
    BIGINT,
    DATE,
    DAY_TO_SECOND,
    DOUBLE,
    INTEGER,
    VARBINARY,
    YEAR_TO_MONTH,
    Field,
    Type,
    decimal,
    timestamp,
    timestamp_tz,
    to_duckdb,
)

_DATE = re.compile(r"\s*([+-]?\d+)-(\d{1,2})-(\d{1,2})\s*")
_TIMESTAMP = re.compile(
    r"\s*([+-]?\d{4,}-\d{1,2}-\d{1,2})(?: (\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.(\d{1,12}))?)?))?\s*([A-Za-z+-].*?)?\s*"
)
_TIME = re.compile(r"\s*(\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.(\d{1,12}))?)?)\s*([+-]\d{2}:\d{2})?\s*")
_DECIMAL = re.compile(r"\s*([+-]?)(\d*)(?:\.(\d*))?\s*")


def string(value: str) -> Typed:
    return expressions.string(value)


def anonymous(kind: Type) -> Field:
    """A field of a row without a name."""
    return Field(None, kind)


def number(digits: str) -> Typed:
    """A number literal: integer, bigint, decimal (`1.50` is decimal(3,2)) or, with an exponent, double."""
    digits = digits.replace("_", "")
    if "e" in digits.lower():
        float(digits)
        return Typed(f"CAST({digits} AS DOUBLE)" if "." not in digits else _atom(digits), DOUBLE, digits)
    if "." in digits:
        return Typed(_atom(digits), _decimal_type(digits), digits)
    value = int(digits)
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"Invalid numeric literal: {digits}")
    return Typed(_atom(str(value)), INTEGER if -(2**31) <= value < 2**31 else BIGINT, str(value))


def _atom(digits: str) -> str:
    return f"({digits})" if digits.startswith("-") else digits


def _decimal_type(digits: str) -> Type:
    match = _DECIMAL.fullmatch(digits)
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"Invalid decimal literal: {digits}")
    whole, fraction = match[2].lstrip("0"), match[3] or ""
    precision = len(whole) + len(fraction) or 1
    if precision > 38:
        raise ValueError(f"Invalid decimal literal: {digits}")
    return decimal(precision, len(fraction))


def typed(value: str, kind: Type) -> Typed:
    """`TYPE 'value'`. Raises ValueError when the text is no value of the type."""
    match kind.name:
        case "date":
            return _date(value)
        case "timestamp" | "timestamp with time zone":
            return _timestamp(value)
        case "time" | "time with time zone":
            return _time(value)
        case "decimal":
            exact = _decimal_type(value)
            return Typed(f"CAST({text(value.strip())} AS {to_duckdb(exact)})", exact, value.strip())
        case "char":
            return Typed(text(value), Type("char", (len(value),)), value)
        case "varchar":
            return Typed(text(value), kind, value)
        case "boolean":
            if value.strip().lower() not in ("true", "false", "t", "f", "1", "0"):
                raise ValueError(f"Cannot cast '{value}' to boolean")
            return Typed("true" if value.strip().lower() in ("true", "t", "1") else "false", kind)
        case "tinyint" | "smallint" | "integer" | "bigint":
            int(value)
        case "real" | "double":
            float(value)
    return Typed(f"CAST({text(value)} AS {to_duckdb(kind)})", kind)


def _date(value: str) -> Typed:
    match = _DATE.fullmatch(value)
    if match is None or not _is_day(int(match[1]), int(match[2]), int(match[3])):
        raise ValueError(f"'{value}' is not a valid DATE literal")
    return Typed(f"DATE '{value.strip()}'", DATE, value.strip())


def _is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has the day; Python's has the years 1 to 9999 alone."""
    if not 1 <= month <= 12:
        return False
    return 1 <= day <= monthrange(year if 1 <= year <= 9999 else 2000, month)[1]


def _is_clock(clock: str) -> bool:
    hours, minutes, *seconds = clock.split(":")
    return int(hours) < 24 and int(minutes) < 60 and all(float(second) < 60 for second in seconds)


def _named_zone(written: str) -> str:
    """A zone as Trino names it: `-0` and `Z` are UTC, `+1` is +01:00."""
    if written.upper() in ("UTC", "Z") or re.fullmatch(r"[+-](?:0|00|00:00)", written):
        return "UTC"
    hours = re.fullmatch(r"([+-])(\d{1,2})", written)
    return f"{hours[1]}{hours[2]:0>2}:00" if hours else written


def _exists(day: str, clock: str, zone: str) -> bool:
    """Whether clocks in the zone ever show this: not in the hour that summer time leaves out."""
    if zone[0] in "+-" or zone == "UTC":
        return True
    year, month, date = (int(part) for part in day.split("-"))
    hour, minute = (int(part) for part in clock.split(":")[:2])
    wall = datetime(year, month, date, hour, minute, tzinfo=ZoneInfo(zone))
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None)


def _timestamp(value: str) -> Typed:
    match = _TIMESTAMP.fullmatch(value)
    clock = (match[2] if match is not None else None) or "00:00"
    if (
        match is None
        or _DATE.fullmatch(match[1]) is None
        or not _is_clock(clock)
        or (match[4] and not is_zone(_named_zone(match[4])))
    ):
        raise ValueError(f"'{value}' is not a valid TIMESTAMP literal")
    _date(match[1])
    if clock.count(":") == 1:
        clock += ":00"
    digits = len(match[3] or "")
    clock = clock if digits <= 6 else clock[: 6 - digits]
    sql = f"TIMESTAMP '{match[1]} {clock}'"
    if match[4] is None:
        return Typed(sql, timestamp(digits), value.strip())
    zone = _named_zone(match[4])
    if not _exists(match[1], clock, zone):
        raise ValueError(f"'{value}' is not a valid TIMESTAMP literal")
    return Typed(conversion.instant_in(sql, zone), timestamp_tz(digits, zone))


def _time(value: str) -> Typed:
    match = _TIME.fullmatch(value)
    if match is None or not _is_clock(match[1]):
        raise ValueError(f"'{value}' is not a valid TIME literal")
    clock = match[1] if match[1].count(":") == 2 else match[1] + ":00"
    digits = len(match[2] or "")
    clock = clock if digits <= 6 else clock[: 6 - digits]
    if match[3]:
        return Typed(f"TIMETZ '{clock}{match[3]}'", Type("time with time zone", (digits,)))
    return Typed(f"TIME '{clock}'", Type("time", (digits,)))


_MILLIS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}


class UnknownUnit(ValueError):
    """Trino's intervals do not have the unit."""


def interval(node: exp.Interval) -> Typed:
    """`INTERVAL '3' DAY`, `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '2 10:30:00.5' DAY TO SECOND`."""
    literal, negative = (node.this.this, True) if isinstance(node.this, exp.Neg) else (node.this, False)
    if not isinstance(literal, exp.Literal) or node.args.get("unit") is None:
        raise ValueError("Invalid INTERVAL literal")
    value, unit = literal.this.strip(), node.args["unit"]
    first = (unit.this if isinstance(unit, exp.IntervalSpan) else unit).name.upper()
    last = unit.expression.name.upper() if isinstance(unit, exp.IntervalSpan) else first
    sign = -1 if value.startswith("-") != negative else 1
    digits = value.lstrip("+-")
    if first in ("YEAR", "MONTH"):
        return _months(digits, first, last, sign)
    if first not in _MILLIS or last not in _MILLIS:
        raise UnknownUnit(first)
    if first == last:
        millis = round(float(digits) * 1000) if first == "SECOND" else int(digits) * _MILLIS[first]
    else:
        units = list(_MILLIS)[list(_MILLIS).index(first) : list(_MILLIS).index(last) + 1]
        parts = re.split(r"[ :]", digits)
        if len(parts) > len(units):
            raise ValueError(f"Invalid INTERVAL value: {value}")
        millis = sum(round(float(part) * _MILLIS[name]) for part, name in zip(parts, units, strict=False))
    days, rest = divmod(millis, _MILLIS["DAY"])
    return Typed(f"INTERVAL '{sign * days} days {sign * rest} milliseconds'", DAY_TO_SECOND, str(sign * millis))


def _months(digits: str, first: str, last: str, sign: int) -> Typed:
    if first != last:
        years, _, months = digits.partition("-")
        count = int(years) * 12 + int(months or 0)
    else:
        count = int(digits) * (12 if first == "YEAR" else 1)
    return Typed(f"INTERVAL '{sign * count} months'", YEAR_TO_MONTH)


def decode_unicode(value: str, escape: str) -> str:
    r"""The text of `U&'snowman \2603'`."""
    mark = re.escape(escape)
    pattern = re.compile(rf"{mark}(?:({mark})|([0-9a-fA-F]{{4}})|\+([0-9a-fA-F]{{6}})|(.|$))")

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return escape
        if match[4] is not None:
            raise ValueError("Incomplete escape sequence")
        return chr(int(match[2] or match[3], 16))

    return pattern.sub(replace, value)


__all__ = ["VARBINARY", "anonymous", "decode_unicode", "interval", "number", "string", "typed"]
