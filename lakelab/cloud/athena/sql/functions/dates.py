"""Functions of times: ISO 8601, durations."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from lakelab.cloud.athena.sql.functions.registry import invalid, python

_ISO = re.compile(
    r"(\d{4})(?:-W(\d\d)(?:-(\d))?|-(\d{3})(?!\d)|(?:-(\d\d))?(?:-(\d\d))?)"
    r"(?:T(?:(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?"
)


@python("TIMESTAMP", "VARCHAR")
def from_iso8601_date(text: str) -> datetime:
    if "T" in text:
        raise invalid(f'Invalid format: "{text}"')
    return from_iso8601(text)


@python("TIMESTAMP", "VARCHAR")
def from_iso8601(text: str) -> datetime:
    """A date or time of ISO 8601, in UTC: calendar dates, week dates and ordinal dates."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise invalid(f'Invalid format: "{text}"')
    year, week, weekday, ordinal, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        if week:
            date = datetime.fromisocalendar(int(year), int(week), int(weekday or 1))
        elif ordinal:
            date = datetime(int(year), 1, 1) + timedelta(days=int(ordinal) - 1)
        else:
            date = datetime(int(year), int(month or 1), int(day or 1))
        date = date.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    except ValueError as error:
        raise invalid(f'Cannot parse "{text}": {error}') from error
    date += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        date -= offset if zone[0] == "+" else -offset
    return date


@python("VARCHAR", "DOUBLE")
def human_readable_seconds(seconds: float) -> str:
    if math.isnan(seconds) or math.isinf(seconds):
        raise invalid("Invalid argument found: " + str(seconds))
    rest = round(abs(seconds))
    parts = []
    for size, unit in ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "0 seconds"


_DURATIONS = {"ns": 0.001, "us": 1, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9, "d": 8.64e10}


@python("BIGINT", "VARCHAR")
def parse_duration(text: str) -> int:
    """Microseconds."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", text)
    if match is None or match[2] not in _DURATIONS:
        raise invalid(f"duration is not a valid data duration string: {text}")
    return round(float(match[1]) * _DURATIONS[match[2]] / 1000) * 1000
