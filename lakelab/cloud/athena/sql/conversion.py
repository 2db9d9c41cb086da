"""CAST, TRY_CAST and implicit conversions, as Trino does them.

https://trino.io/docs/435/functions/conversion.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lakelab.cloud.athena.sql import render
from lakelab.cloud.athena.sql.binding import let
from lakelab.cloud.athena.sql.typed import Typed, checked, fail, fail_with, quote, text
from lakelab.cloud.athena.sql.types import Type, field_names, to_duckdb

Rule = Callable[[str, Type, Type], str]


class NoCast(Exception):
    """Trino has no cast between the types."""


def coerce(item: Typed, target: Type) -> Typed:
    """`item` as `target`, where Trino converts by itself."""
    if item.type == target and item.exact:
        return item
    if target.name in ("JsonPath", "joniregexp", "codepoints"):
        return replace(item, type=target)
    if item.is_literal and item.type.is_integer and target.is_integer:
        return replace(item, type=target)  # `exact` writes the cast where one is needed
    if item.type.is_text and target.name == "varchar":
        return replace(item, type=target)
    return replace(cast(item, target), value=item.value)


def operand(item: Typed, target: Type) -> Typed:
    """`item` as an operand beside others of `target`, where DuckDB converts numbers and times as Trino does."""
    if item.type == target:
        return item
    natural = item.type.is_numeric and target.is_numeric and not (item.type.is_integer and not target.is_integer)
    if natural and (item.is_literal or item.type.name != target.name):
        return replace(item, type=target, exact=False)
    return coerce(item, target)


def exact(item: Typed) -> Typed:
    """`item` in exactly the DuckDB type of its Trino type, as a result or a table needs it."""
    if item.type.name == "unknown":
        return replace(item, sql=f"CAST({item.sql} AS {to_duckdb(item.type)})")
    integer_literal = item.is_literal and item.type.is_integer and item.type.name != "integer"
    if item.exact and not integer_literal and not (item.is_literal and item.type.name == "decimal"):
        return item
    return replace(item, sql=f"CAST({item.sql} AS {to_duckdb(item.type)})", exact=True)


def cast(item: Typed, target: Type) -> Typed:
    """`CAST(item AS target)`. Raises NoCast."""
    if item.type.name == "unknown":
        return Typed(f"CAST({item.sql} AS {to_duckdb(target)})", target)
    if item.type == target:
        return replace(exact(item), type=target.at(item.type.zone))
    if isinstance(item.value, str) and item.type.is_text and target.name == "timestamp with time zone":
        zoned = _literal_with_zone(item.value, target)
        if zoned is not None:
            return zoned
    sql = cast_sql(item.sql, item.type, target)
    zone = item.type.zone if target.name == item.type.name else None
    return Typed(sql, target.at(target.zone or zone))


def _literal_with_zone(value: str, target: Type) -> Typed | None:
    """A literal keeps the zone that it names; the zone of a column's value is lost, its instant is not."""
    from lakelab.cloud.athena.sql import literals

    try:
        item = literals.typed(value, target)
    except ValueError:
        return None
    if item.type.name != target.name:
        return None
    return Typed(timestamp_tz_to_timestamp_tz(item.sql, item.type, target), target.at(item.type.zone))


def cast_sql(sql: str, source: Type, target: Type) -> str:
    """The DuckDB expression of a cast between two types. Raises NoCast."""
    if source == target:
        return sql
    rule = _RULES.get((_family(source), _family(target)))
    if rule is None:
        raise NoCast
    if source.is_text and rule is not text_to_text:
        return let(sql, lambda value: rule(value, source, target))  # these rules use the text several times
    return rule(sql, source, target)


_FAMILIES = {
    "tinyint": "integer",
    "smallint": "integer",
    "bigint": "integer",
    "real": "floating",
    "double": "floating",
}


def _family(kind: Type) -> str:
    return _FAMILIES.get(kind.name, kind.name)


def plain(sql: str, _: Type, target: Type) -> str:
    """A cast that DuckDB does as Trino does."""
    return f"CAST({sql} AS {to_duckdb(target)})"


def floating_to_integer(sql: str, _: Type, target: Type) -> str:
    """Halves are rounded away from zero; DuckDB rounds them to even."""
    return f"CAST(round({sql}) AS {to_duckdb(target)})"


def number_to_boolean(sql: str, _: Type, __: Type) -> str:
    return f"({sql} <> 0)"


def floating_to_text(sql: str, source: Type, target: Type) -> str:
    return _fit(let(sql, render.scientific), source, target)


def to_text(sql: str, source: Type, target: Type) -> str:
    return _fit(render.text_of(sql, source), source, target)


def text_to_text(sql: str, source: Type, target: Type) -> str:
    """`varchar(n)` cuts."""
    if target.length is None or (source.length is not None and source.length <= target.length):
        return sql
    return f"left({sql}, {target.length})"


def text_to_char(sql: str, _: Type, target: Type) -> str:
    """`char(n)` cuts and pads."""
    return f"rpad({sql}, {target.length}, ' ')"


def _fit(sql: str, source: Type, target: Type) -> str:
    """A text that must not be cut: Trino refuses to cast 123 to varchar(2)."""
    if target.length is None or (source.name == "boolean" and target.length >= 5):
        return sql
    problem = fail("INVALID_CAST_ARGUMENT", f"Value cannot be represented as {target}", "BOOLEAN")
    return checked(f"length({sql}) <= {target.length}", sql, sql, f"CAST({problem} AS VARCHAR)")


def text_to_integer(sql: str, _: Type, target: Type) -> str:
    """Only digits and a sign; DuckDB would take '1.5' and spaces."""
    problem = _cannot_cast(sql, target)
    value = f"CAST({sql} AS {to_duckdb(target)})"
    return checked(f"regexp_full_match({sql}, '[+-]?[0-9]+')", value, sql, problem)


def text_to_floating(sql: str, _: Type, target: Type) -> str:
    kind = to_duckdb(target)
    problem = _cannot_cast(sql, target)
    return checked(f"TRY_CAST({sql} AS {kind}) IS NOT NULL", f"CAST({sql} AS {kind})", sql, problem)


def text_to_decimal(sql: str, _: Type, target: Type) -> str:
    problem = _cannot_cast(sql, target)
    shape = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
    return checked(f"regexp_full_match({sql}, '{shape}')", f"CAST({sql} AS {to_duckdb(target)})", sql, problem)


def text_to_boolean(sql: str, _: Type, target: Type) -> str:
    problem = _cannot_cast(sql, target)
    known = f"lower({sql}) IN ('t', 'true', '1', 'f', 'false', '0')"
    return checked(known, f"(lower({sql}) IN ('t', 'true', '1'))", sql, problem)


def text_to_date(sql: str, _: Type, target: Type) -> str:
    """`2024-01-05` and `2024-1-5`, with spaces around; DuckDB would also take a time after it."""
    problem = _cannot_cast(sql, target)
    shape = r"[+-]?\d+-\d{1,2}-\d{1,2}"
    return checked(f"regexp_full_match(trim({sql}), '{shape}')", f"CAST(trim({sql}) AS DATE)", sql, problem)


def text_to_timestamp(sql: str, _: Type, target: Type) -> str:
    """`2024-01-05 10:00:00.123`, or parts of it from the right left out; no `T`."""
    problem = _cannot_cast(sql, target)
    shape = r"[+-]?\d+-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,12})?)?)?"
    value = round_timestamp(f"CAST(trim({sql}) AS TIMESTAMP)", 6, target.precision)
    # a zone is read and left out of account
    zoned = round_timestamp(f"CAST(regexp_extract({sql}, '^ *({shape})') AS TIMESTAMP)", 6, target.precision)
    return (
        f"CASE WHEN regexp_full_match(trim({sql}), '{shape}') THEN {value} "
        f"WHEN regexp_full_match(trim({sql}), '{shape} ?([A-SU-Za-z+-][A-Za-z0-9_/:+-]*)') THEN {zoned} "
        f"WHEN {sql} IS NOT NULL THEN {problem} END"
    )


def text_to_timestamp_tz(sql: str, _: Type, target: Type) -> str:
    problem = _cannot_cast(sql, target)
    joined = f"regexp_replace(trim({sql}), ' ([+-]\\d\\d(:?\\d\\d)?)$', '\\1')"
    shape = r"[+-]?\d+-\d{1,2}-\d{1,2}([ ].*)?"
    value = checked(f"regexp_full_match(trim({sql}), '{shape}')", f"CAST({joined} AS TIMESTAMPTZ)", sql, problem)
    return (
        value
        if target.precision >= 6
        else f"CAST({round_timestamp(f'CAST({value} AS TIMESTAMP)', 6, target.precision)} AS TIMESTAMPTZ)"
    )


def text_to_time(sql: str, _: Type, __: Type) -> str:
    return f"CAST({sql} AS TIME)"


def text_to_varbinary(sql: str, _: Type, __: Type) -> str:
    return f"encode({sql})"


def text_to_json(sql: str, _: Type, __: Type) -> str:
    """A JSON string, not parsed: that is json_parse."""
    return f"to_json({sql})"


def _cannot_cast(sql: str, target: Type) -> str:
    """An error that names the value, in the words that Trino has for the type."""
    if target.name in ("date", "timestamp", "timestamp with time zone"):
        before, after = f"Value cannot be cast to {target.name.partition(' ')[0]}: ", ""
    elif target.name == "decimal":
        shown = f"DECIMAL({target.precision}, {target.scale})"
        before, after = "Cannot cast VARCHAR '", f"' to {shown}. Value is not a number."
    else:
        before, after = "Cannot cast '", f"' to {'INT' if target.name == 'integer' else target.name.upper()}"
    return fail_with("INVALID_CAST_ARGUMENT", f"{text(before)} || {sql} || {text(after)}", target)


def round_timestamp(sql: str, source: int, target: int) -> str:
    """A timestamp with fewer digits of a second, rounded half up."""
    if target >= min(source, 6):
        return sql
    unit = 10 ** (6 - target)
    return f"make_timestamp(CAST(floor((epoch_us({sql}) + {unit // 2}) / {unit}.0) AS BIGINT) * {unit})"


def timestamp_to_timestamp(sql: str, source: Type, target: Type) -> str:
    return round_timestamp(sql, source.precision, target.precision)


def timestamp_to_date(sql: str, _: Type, __: Type) -> str:
    return f"CAST({sql} AS DATE)"


def timestamp_tz_to_timestamp(sql: str, source: Type, target: Type) -> str:
    """The wall clock of the value's own zone."""
    return round_timestamp(local(sql, source), source.precision, target.precision)


def timestamp_tz_to_date(sql: str, source: Type, __: Type) -> str:
    return f"CAST({local(sql, source)} AS DATE)"


def timestamp_tz_to_timestamp_tz(sql: str, source: Type, target: Type) -> str:
    if target.precision >= min(source.precision, 6):
        return sql
    return f"CAST({round_timestamp(f'CAST({sql} AS TIMESTAMP)', source.precision, target.precision)} AS TIMESTAMPTZ)"


def timestamp_to_time(sql: str, source: Type, __: Type) -> str:
    return f"CAST({local(sql, source)} AS TIME)"


def local(sql: str, kind: Type) -> str:
    """The wall clock of a timestamp with time zone in the zone that it shows; other values as they are."""
    if kind.name != "timestamp with time zone":
        return sql
    return local_in(sql, kind.zone or "UTC")


def local_in(sql: str, zone: str) -> str:
    """The wall clock in a zone: a name, or an offset such as `+02:00`."""
    if zone in ("UTC", "Z"):
        return f"CAST({sql} AS TIMESTAMP)"
    minutes = offset_minutes(zone)
    if minutes is not None:
        return f"(CAST({sql} AS TIMESTAMP) + INTERVAL ({minutes}) MINUTE)"
    return f"timezone({text(zone)}, {sql})"


def instant_in(sql: str, zone: str) -> str:
    """The instant at which a clock in a zone shows a wall-clock time."""
    if zone in ("UTC", "Z"):
        return f"CAST({sql} AS TIMESTAMPTZ)"
    minutes = offset_minutes(zone)
    if minutes is not None:
        return f"CAST(({sql} - INTERVAL ({minutes}) MINUTE) AS TIMESTAMPTZ)"
    return f"timezone({text(zone)}, {sql})"


def offset_minutes(zone: str) -> int | None:
    """Minutes east of UTC of `+02:00`; None for a zone with a name."""
    if len(zone) >= 2 and zone[0] in "+-" and zone[1:].replace(":", "").isdigit():
        hours, _, minutes = zone[1:].partition(":")
        return (int(hours) * 60 + int(minutes or 0)) * (-1 if zone[0] == "-" else 1)
    return None


def array_to_array(sql: str, source: Type, target: Type) -> str:
    inner = cast_sql("x", source.element, target.element) if source.element.name != "unknown" else "x"
    if inner == "x":
        return f"CAST({sql} AS {to_duckdb(target)})"
    return f"CAST(list_transform({sql}, lambda x: {inner}) AS {to_duckdb(target)})"


def map_to_map(sql: str, source: Type, target: Type) -> str:
    if "unknown" in (source.items[0].name, source.items[1].name):
        return f"CAST({sql} AS {to_duckdb(target)})"
    key, value = (
        cast_sql(f"struct_extract(e, '{part}')", a, b)
        for part, a, b in zip(("key", "value"), source.items, target.items, strict=True)
    )
    entries = f"list_transform(map_entries({sql}), lambda e: struct_pack(k := {key}, v := {value}))"
    return f"CAST(map_from_entries({entries}) AS {to_duckdb(target)})"


def row_to_row(sql: str, source: Type, target: Type) -> str:
    if len(source.fields) != len(target.fields):
        raise NoCast
    parts = []
    for old, new, a, b in zip(field_names(source), field_names(target), source.fields, target.fields, strict=True):
        value = f"struct_extract({sql}, {text(old)})"
        parts.append(f"{quote(new)} := {value if a.type.name == 'unknown' else cast_sql(value, a.type, b.type)}")
    return f"CASE WHEN {sql} IS NOT NULL THEN CAST(struct_pack({', '.join(parts)}) AS {to_duckdb(target)}) END"


def _json(sql: str, source: Type, target: Type) -> str:
    from lakelab.cloud.athena.sql import json_cast

    return json_cast.from_json(sql, target) if source.name == "json" else json_cast.to_json(sql, source)


_NUMERIC = ("integer", "floating", "decimal")
_RULES: dict[tuple[str, str], Rule] = {
    **{(a, b): plain for a in _NUMERIC for b in _NUMERIC},
    ("floating", "integer"): floating_to_integer,
    **{(kind, "boolean"): number_to_boolean for kind in _NUMERIC},
    **{("boolean", kind): plain for kind in _NUMERIC},
    **{
        (kind, "varchar"): to_text
        for kind in ("integer", "decimal", "boolean", "date", "time", "timestamp", "json", "uuid", "ipaddress")
    },
    **{
        (kind, "varchar"): to_text
        for kind in (
            "timestamp with time zone",
            "time with time zone",
            "interval year to month",
            "interval day to second",
        )
    },
    ("floating", "varchar"): floating_to_text,
    ("varchar", "varchar"): text_to_text,
    ("char", "varchar"): text_to_text,
    ("varchar", "char"): text_to_char,
    ("char", "char"): text_to_char,
    **{(kind, "integer"): text_to_integer for kind in ("varchar", "char")},
    ("varchar", "floating"): text_to_floating,
    ("varchar", "decimal"): text_to_decimal,
    ("varchar", "boolean"): text_to_boolean,
    ("varchar", "date"): text_to_date,
    ("varchar", "timestamp"): text_to_timestamp,
    ("varchar", "timestamp with time zone"): text_to_timestamp_tz,
    ("varchar", "time"): text_to_time,
    ("varchar", "varbinary"): text_to_varbinary,
    ("varchar", "uuid"): plain,
    ("varchar", "ipaddress"): plain,
    ("uuid", "varbinary"): lambda sql, _, __: f"unhex(replace(CAST({sql} AS VARCHAR), '-', ''))",
    ("date", "timestamp"): plain,
    ("date", "timestamp with time zone"): plain,
    ("timestamp", "date"): timestamp_to_date,
    ("timestamp", "time"): timestamp_to_time,
    ("timestamp", "timestamp"): timestamp_to_timestamp,
    ("timestamp", "timestamp with time zone"): lambda sql, source, target: plain(
        timestamp_to_timestamp(sql, source, target), source, target
    ),
    ("timestamp with time zone", "timestamp"): timestamp_tz_to_timestamp,
    ("timestamp with time zone", "date"): timestamp_tz_to_date,
    ("timestamp with time zone", "time"): timestamp_to_time,
    ("timestamp with time zone", "timestamp with time zone"): timestamp_tz_to_timestamp_tz,
    ("time", "time"): plain,
    ("time", "timestamp"): lambda sql, _, __: f"(DATE '1970-01-01' + {sql})",
    ("array", "array"): array_to_array,
    ("map", "map"): map_to_map,
    ("row", "row"): row_to_row,
    **{
        (kind, "json"): _json
        for kind in (
            *_NUMERIC,
            "boolean",
            "varchar",
            "date",
            "timestamp",
            "timestamp with time zone",
            "array",
            "map",
            "row",
        )
    },
    **{("json", kind): _json for kind in (*_NUMERIC, "boolean", "varchar", "date", "timestamp", "array", "map", "row")},
}
