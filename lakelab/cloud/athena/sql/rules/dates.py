"""Date and time functions.

https://trino.io/docs/435/functions/datetime.html
"""

from __future__ import annotations

from lakelab.cloud.athena.sql import conversion, patterns, render
from lakelab.cloud.athena.sql.rules import RULES, Call, rule
from lakelab.cloud.athena.sql.typed import Typed, text
from lakelab.cloud.athena.sql.types import DAY_TO_SECOND, Type, timestamp_tz, varchar

_DATE_UNITS = ("day", "week", "month", "quarter", "year")
_UNITS = (*_DATE_UNITS, "millisecond", "second", "minute", "hour")

RULES.update(
    {
        "last_day_of_month": "last_day({0})",
        "human_readable_seconds": lambda call: call.python("trino_human_readable_seconds", call[0]),
        "parse_duration": lambda call: f"to_microseconds({call.python('trino_parse_duration', call[0])})",
        "to_milliseconds": "CAST(round(epoch({0}) * 1000) AS BIGINT)",
        "current_timezone": "'UTC'",
        "parse_presto_data_size": lambda call: (
            f"CAST({call.python('trino_parse_data_size', call[0])} AS DECIMAL(38,0))"
        ),
        "parse_data_size": lambda call: f"CAST({call.python('trino_parse_data_size', call[0])} AS DECIMAL(38,0))",
    }
)


def wall(call: Call, index: int = 0) -> str:
    """The clock that a value shows in its zone."""
    return conversion.local(call[index], call.args[index].type)


def _unit(call: Call, allowed: tuple[str, ...] = _UNITS) -> str:
    unit = call.constant(0, "The unit").lower()
    if unit not in allowed:
        what = call.args[-1].type.name
        raise call.invalid(f"'{unit}' is not a valid {what.upper() if what == 'date' else 'Timestamp'} field")
    return unit


_FIELDS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "week_of_year": "week",
    "day": "day",
    "day_of_month": "day",
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_year": "doy",
    "doy": "doy",
    "year_of_week": "isoyear",
    "yow": "isoyear",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
}


@rule(*_FIELDS)
def field(call: Call) -> str:
    if call.args[0].type == DAY_TO_SECOND:
        return _interval_field(call)
    source = wall(call)
    if call.args[0].type.name == "time with time zone":
        source = f"CAST({source} AS TIME)"
    return f"datepart('{_FIELDS[call.name]}', {source})"


@rule("millisecond")
def millisecond(call: Call) -> str:
    """The milliseconds within the second."""
    if call.args[0].type == DAY_TO_SECOND:
        return _interval_field(call)
    return f"(datepart('millisecond', {wall(call)}) % 1000)"


def _interval_field(call: Call) -> str:
    """Of the whole interval: 36 hours are 1 day and 12 hours."""
    size, count = {
        "day": (86_400_000, 1 << 40),
        "day_of_month": (86_400_000, 1 << 40),
        "hour": (3_600_000, 24),
        "minute": (60_000, 60),
        "second": (1000, 60),
        "millisecond": (1, 1000),
    }[call.name]
    return f"(CAST(round(epoch({call[0]}) * 1000) AS BIGINT) // {size} % {count})"


@rule("date_add")
def date_add(call: Call) -> str:
    kind = call.args[2].type
    unit = _unit(call, _DATE_UNITS if kind.name == "date" else _UNITS)
    count = call[1]
    span = {
        "day": f"to_days(CAST({count} AS INTEGER))",
        "week": f"to_days(CAST({count} AS INTEGER) * 7)",
        "month": f"to_months(CAST({count} AS INTEGER))",
        "quarter": f"to_months(CAST({count} AS INTEGER) * 3)",
        "year": f"to_years(CAST({count} AS INTEGER))",
    }.get(unit) or f"to_{unit}s({count})"
    if kind.name == "date":
        return f"CAST(({call[2]} + {span}) AS DATE)"
    if kind.name == "timestamp with time zone" and kind.zone not in (None, "UTC") and unit in _DATE_UNITS:
        return conversion.instant_in(f"({wall(call, 2)} + {span})", kind.zone)
    added = f"({call[2]} + {span})"
    if unit == "millisecond" and kind.name.startswith("timestamp") and kind.precision < 3:
        rounded = conversion.round_timestamp(f"CAST({added} AS TIMESTAMP)", 3, kind.precision)
        return rounded if kind.name == "timestamp" else f"CAST({rounded} AS TIMESTAMPTZ)"
    return added


@rule("date_diff")
def date_diff(call: Call) -> str:
    """Complete units between the two."""
    unit = _unit(call, _DATE_UNITS if call.args[1].type.name == "date" else _UNITS)
    # both on the clock of the first one's zone
    start, end = (conversion.local(call[index], call.args[1].type) for index in (1, 2))
    return f"datesub('{unit}', {start}, {end})"


@rule("date_trunc")
def date_trunc(call: Call) -> str:
    kind = call.args[1].type
    unit = _unit(call, _DATE_UNITS if kind.name == "date" else _UNITS)
    if kind.name == "date":
        return f"CAST(date_trunc('{unit}', {call[1]}) AS DATE)"
    if kind.name == "time":
        return f"CAST(date_trunc('{unit}', DATE '1970-01-01' + {call[1]}) AS TIME)"
    truncated = f"date_trunc('{unit}', {wall(call, 1)})"
    if kind.name == "timestamp with time zone":
        return conversion.instant_in(truncated, kind.zone or "UTC")
    return truncated


@rule("date")
def date(call: Call) -> str:
    return conversion.cast_sql(call[0], call.args[0].type, call.type)


@rule("from_unixtime")
def from_unixtime(call: Call) -> Typed:
    micros = f"CAST(round({call[0]} * 1000) AS BIGINT) * 1000"
    zone = "UTC"
    if len(call) == 2:
        zone = call.constant(1, "The time zone")
        if not patterns.is_zone(zone):
            raise call.expressions.error("NOT_SUPPORTED", f"Unknown time zone: {zone}", call.node)
    elif len(call) == 3:
        hours, minutes = (int(call.constant(index, "The offset")) for index in (1, 2))
        zone = f"{'-' if hours < 0 else '+'}{abs(hours):02d}:{abs(minutes):02d}"
    return Typed(f"CAST(make_timestamp({micros}) AS TIMESTAMPTZ)", call.type.at(zone))


@rule("from_unixtime_nanos")
def from_unixtime_nanos(call: Call) -> Typed:
    return Typed(f"CAST(make_timestamp(CAST({call[0]} AS BIGINT) // 1000) AS TIMESTAMPTZ)", call.type.at("UTC"))


@rule("to_unixtime")
def to_unixtime(call: Call) -> str:
    return f"(epoch_us({call[0]}) / 1000000.0)"


@rule("at_timezone")
def at_timezone(call: Call) -> Typed:
    """The same instant, shown in a zone."""
    return Typed(call[0], call.type.at(zone_of(call, 1)))


@rule("with_timezone")
def with_timezone(call: Call) -> Typed:
    """The instant at which a clock in the zone shows this."""
    zone = zone_of(call, 1)
    return Typed(conversion.instant_in(call[0], zone), call.type.at(zone))


def zone_of(call: Call, index: int) -> str:
    zone = call.constant(index, "The time zone")
    if not patterns.is_zone(zone):
        raise call.invalid(f"'{zone}' is not a valid time zone")
    return "UTC" if zone.upper() in ("UTC", "Z") else zone


@rule("timezone_hour", "timezone_minute")
def timezone_part(call: Call) -> str:
    if call.args[0].type.name != "timestamp with time zone":
        raise call.unsupported(f"{call.name} of {call.args[0].type} is not supported")
    minutes = f"datesub('minute', CAST({call[0]} AS TIMESTAMP), {wall(call)})"
    return f"({minutes} // 60)" if call.name == "timezone_hour" else f"({minutes} % 60)"


@rule("date_format")
def date_format(call: Call) -> str:
    return _format(call, patterns.mysql_format(call.constant(1, "The format")))


@rule("format_datetime")
def format_datetime(call: Call) -> str:
    return _format(call, patterns.joda_format(call.constant(1, "The pattern")))


def _format(call: Call, parts: patterns.Parts) -> str:
    if not any(part.text for part in parts):
        raise call.invalid("Both printing and parsing not supported")
    if call.args[0].type.name == "timestamp" and any(part.zoned for part in parts):
        message = (
            "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, "
            "as this type does not contain TZ information"
        )
        raise call.invalid(message)
    try:
        pieces = [
            text(part.text)
            if part.literal
            else part.text.format(wall(call), zone=text(call.args[0].type.zone or "UTC"))
            for part in parts
        ]
    except patterns.UnsupportedPattern as error:
        raise call.invalid(str(error)) from error
    return f"({' || '.join(pieces)})" if pieces else "''"


@rule("date_parse")
def date_parse(call: Call) -> str:
    """MySQL's specifiers are strptime's, under other names."""
    pattern = patterns.mysql_parse(call.constant(1, "The format"))
    if any(letter in pattern for letter in ("%Y", "%y", "%G")):
        return conversion.round_timestamp(f"strptime({call[0]}, {text(pattern)})", 6, 3)
    # without a year it is 1970, in DuckDB 1900
    return conversion.round_timestamp(f"strptime('1970 ' || {call[0]}, {text('%Y ' + pattern)})", 6, 3)


@rule("parse_datetime")
def parse_datetime(call: Call) -> Typed:
    pattern, zoned = patterns.joda_parse(call.constant(1, "The pattern"))
    value = f"strptime({call[0]}, {text(pattern)})"
    if zoned:
        return Typed(f"CAST({value} AS TIMESTAMPTZ)", _shown(call))
    return Typed(f"CAST({value} AS TIMESTAMPTZ)", call.type.at("UTC"))


@rule("from_iso8601_date")
def from_iso8601_date(call: Call) -> str:
    return f"CAST({call.python('trino_from_iso8601_date', call[0])} AS DATE)"


@rule("from_iso8601_timestamp", "from_iso8601_timestamp_nanos")
def from_iso8601_timestamp(call: Call) -> Typed:
    return Typed(f"CAST({call.python('trino_from_iso8601', call[0])} AS TIMESTAMPTZ)", _shown(call))


def _shown(call: Call) -> Type:
    """The zone at the end of a literal; a value of a column shows in UTC."""
    zone = patterns.trailing_offset(call.args[0].value) if isinstance(call.args[0].value, str) else None
    return timestamp_tz(call.type.precision, zone or "UTC")


@rule("to_iso8601")
def to_iso8601(call: Call) -> str | Typed:
    kind = call.args[0].type
    if kind.name == "date":
        return _iso8601(call)
    length = 22 + (1 + kind.precision if kind.precision else 0) + (6 if kind.name != "timestamp" else 0)
    return Typed(_iso8601(call), varchar(length))


def _iso8601(call: Call) -> str:
    kind = call.args[0].type
    if kind.name == "date":
        return f"CAST({call[0]} AS VARCHAR)"
    clock = render.text_of(wall(call), Type("timestamp", kind.params))
    iso = f"replace({clock}, ' ', 'T')"
    if kind.name == "timestamp":
        return iso
    zone = kind.zone or "UTC"
    minutes = conversion.offset_minutes(zone)
    if zone == "UTC":
        return f"({iso} || 'Z')"
    if minutes is not None:
        return f"({iso} || {text(zone)})"
    offset = f"datesub('minute', CAST({call[0]} AS TIMESTAMP), {wall(call)})"
    return f"({iso} || {patterns.offset_text(offset)})"


@rule("now")
def now(call: Call) -> Typed:
    return current_timestamp(call, 3)


def current_timestamp(call: Call, precision: int) -> Typed:
    return instant(call.expressions.statement.now, precision)


def instant(moment, precision: int) -> Typed:
    """The start of the query as `timestamp(p) with time zone`."""
    digits = min(precision, 6)
    micros = moment.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits)
    clock = moment.replace(microsecond=micros, tzinfo=None).isoformat(" ")
    return Typed(f"TIMESTAMPTZ '{clock}+00'", timestamp_tz(precision, "UTC"))


@rule("current_date")
def current_date(call: Call) -> str:
    return f"DATE '{call.expressions.statement.now.date().isoformat()}'"
