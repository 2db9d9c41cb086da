"""Partition projection: partitions computed from table properties instead of read from the catalog.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product

from lakelab.cloud.athena.catalog import Partition, Storage, Table, partition_folder
from lakelab.cloud.athena.errors import QueryError

MAX_PARTITIONS = 1_000_000


def is_projected(table: Table) -> bool:
    return table.properties.get("projection.enabled", "false").lower() == "true" and bool(table.keys)


def partitions(table: Table, given: Mapping[str, set[str]], now: datetime) -> Iterator[Partition]:
    """The partitions that the table's properties describe.

    Args:
        given: the values that the query fixes, by key: an injected key has no others.

    Raises:
        QueryError: the properties are wrong, an injected key is not fixed, or there are too many partitions.
    """
    properties = {key.lower(): value for key, value in table.properties.items()}
    ranges = [_values(table, key.name, properties, given, now) for key in table.keys]
    count = 1
    for values in ranges:
        count *= len(values)
    _check_count(table, count)
    template = properties.get("storage.location.template")
    names = [key.name for key in table.keys]
    for values in product(*ranges):
        if template:
            location = _fill(template, dict(zip(names, values, strict=True)))
        else:
            location = f"{table.storage.location}/{partition_folder(names, values)}"
        own = table.storage
        yield Partition(tuple(values), Storage(location.rstrip("/"), own.input_format, own.serde, own.serde_properties))


def _check_count(table: Table, count: int) -> None:
    if count > MAX_PARTITIONS:
        raise QueryError("CONSTRAINT_VIOLATION", f"Partition projection of {table.full_name} gives {count} partitions")


def _fill(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{([^}]+)\}", lambda match: values.get(match.group(1).lower(), match.group()), template)


def _values(
    table: Table, key: str, properties: Mapping[str, str], given: Mapping[str, set[str]], now: datetime
) -> list[str]:
    prefix = f"projection.{key}."
    kind = properties.get(f"{prefix}type", "").lower()
    match kind:
        case "enum":
            return [value.strip() for value in _required(table, properties, f"{prefix}values").split(",")]
        case "integer":
            return _integers(table, properties, prefix)
        case "date":
            return _dates(table, properties, prefix, now)
        case "injected":
            if not given.get(key):
                raise QueryError(
                    "CONSTRAINT_VIOLATION",
                    f"For the injected projected partition column {key}, the WHERE clause must contain only static "
                    "equality conditions, and at least one such condition must be present.",
                )
            return sorted(given[key])
    raise _invalid(table, f"column {key} has no or an unknown projection type '{kind}'")


def _integers(table: Table, properties: Mapping[str, str], prefix: str) -> list[str]:
    low, high = _bounds(table, properties, prefix)
    digits = _number(table, properties.get(f"{prefix}digits", "0"), 0)
    interval = _number(table, properties.get(f"{prefix}interval", "1"), 1)
    numbers = range(_number(table, low), _number(table, high) + 1, interval)
    _check_count(table, len(numbers))
    return [f"{number:0{digits}d}" for number in numbers]


def _dates(table: Table, properties: Mapping[str, str], prefix: str, now: datetime) -> list[str]:
    pattern = _strptime_format(table, _required(table, properties, f"{prefix}format"))
    low, high = (_moment(table, text, pattern, now) for text in _bounds(table, properties, prefix))
    unit = properties.get(f"{prefix}interval.unit", _smallest_unit(pattern)).upper().rstrip("S")
    step = _number(table, properties.get(f"{prefix}interval", "1"), 1)
    values = []
    while low <= high:
        _check_count(table, len(values))
        values.append(low.strftime(pattern))
        low = _later(table, low, step, unit)
    return list(dict.fromkeys(values))


def _number(table: Table, text: str, least: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise _invalid(table, f"'{text}' is not a number") from error
    if least is not None and number < least:
        raise _invalid(table, f"{number} is less than {least}")
    return number


def _bounds(table: Table, properties: Mapping[str, str], prefix: str) -> tuple[str, str]:
    low, comma, high = _required(table, properties, f"{prefix}range").partition(",")
    if not comma:
        raise _invalid(table, f"{prefix}range must be two values with a comma between them")
    return low.strip(), high.strip()


_NOW = re.compile(r"(?i)NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")


def _moment(table: Table, text: str, pattern: str, now: datetime) -> datetime:
    relative = _NOW.fullmatch(text)
    if relative:
        now = now.astimezone(UTC).replace(tzinfo=None)
        sign, count, unit = relative.groups()
        if not sign:
            return now
        return _later(table, now, int(count) * (1 if sign == "+" else -1), unit.upper())
    try:
        return datetime.strptime(text, pattern)
    except ValueError as error:
        raise _invalid(table, f"'{text}' does not have the format of the projected dates") from error


def _later(table: Table, moment: datetime, count: int, unit: str) -> datetime:
    if unit in ("MONTH", "YEAR"):
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEAR" else 1)
        return moment.replace(year=months // 12, month=months % 12 + 1, day=min(moment.day, 28))
    seconds = {"WEEK": 604800, "DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}.get(unit)
    if seconds is None:
        raise _invalid(table, f"unknown interval unit {unit}")
    return moment + timedelta(seconds=seconds * count)


# Java's date letters, longest first
_LETTERS = [
    ("yyyy", "%Y"), ("uuuu", "%Y"), ("yy", "%y"), ("MMM", "%b"), ("MM", "%m"), ("M", "%m"), ("dd", "%d"), ("d", "%d"),
    ("HH", "%H"), ("H", "%H"), ("mm", "%M"), ("ss", "%S"), ("y", "%Y"),
]  # fmt: skip


def _strptime_format(table: Table, java: str) -> str:
    """A Java date pattern as Python writes it: `yyyy-MM-dd'T'HH` -> `%Y-%m-%dT%H`."""
    out = []
    position = 0
    while position < len(java):
        if java[position] == "'":
            end = java.find("'", position + 1)
            if end < 0:
                raise _invalid(table, f"unbalanced quote in date format {java}")
            out.append(java[position + 1 : end].replace("%", "%%"))
            position = end + 1
            continue
        for letters, directive in _LETTERS:
            if java.startswith(letters, position):
                out.append(directive)
                position += len(letters)
                break
        else:
            if java[position].isalpha():
                raise _invalid(table, f"date format letter '{java[position]}' is not supported here")
            out.append(java[position].replace("%", "%%"))
            position += 1
    return "".join(out)


def _smallest_unit(pattern: str) -> str:
    for directive, unit in (("%S", "SECOND"), ("%M", "MINUTE"), ("%H", "HOUR"), ("%d", "DAY"), ("%m", "MONTH")):
        if directive in pattern:
            return unit
    return "MONTH" if "%b" in pattern else "YEAR"


def _required(table: Table, properties: Mapping[str, str], name: str) -> str:
    if not properties.get(name):
        raise _invalid(table, f"property {name} is missing")
    return properties[name]


def _invalid(table: Table, problem: str) -> QueryError:
    return QueryError(
        "INVALID_TABLE_PROPERTY", f"Table {table.full_name} is configured for partition projection, but {problem}"
    )
