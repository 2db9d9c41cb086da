"""The text that Athena prints for a value, as a DuckDB expression: what result files and GetQueryResults hold.

It is also what CAST to varchar gives, for the types that have it.
"""

from __future__ import annotations

from lakelab.cloud.athena.sql.binding import let
from lakelab.cloud.athena.sql.typed import quote, text
from lakelab.cloud.athena.sql.types import Type, field_names


def text_of(sql: str, kind: Type, depth: int = 0) -> str:
    """The text of a value; NULL stays NULL."""
    match kind.name:
        case "varchar" | "char":
            return sql
        case "real" | "double":
            return let(sql, floating)
        case "timestamp" | "timestamp with time zone":
            return _timestamp(sql, kind)
        case "time" | "time with time zone":
            return _time(sql, kind)
        case "interval day to second":
            return let(sql, _day_to_second)
        case "interval year to month":
            return let(sql, _year_to_month)
        case "decimal" if kind.precision == kind.scale:
            # DuckDB leaves out the zero before the point when no digit has a place there
            wider = f"DECIMAL({min(38, kind.precision + 1)},{min(37, kind.scale)})"
            return f"CAST(CAST({sql} AS {wider}) AS VARCHAR)"
        case "varbinary":
            return f"rtrim(regexp_replace(lower(hex({sql})), '(..)', '\\1 ', 'g'))"
        case "array":
            item = f"x{depth}"
            inner = f"coalesce({text_of(item, kind.element, depth + 1)}, 'null')"
            return f"('[' || array_to_string(list_transform({sql}, lambda {item}: {inner}), ', ') || ']')"
        case "map":
            return _map(sql, kind, depth)
        case "row":
            return _row(sql, kind, depth)
        case "unknown":
            return f"CAST({sql} AS VARCHAR)"
    return f"CAST({sql} AS VARCHAR)"


def floating(x: str) -> str:
    """A real or double as Java prints it: `1.0`, `1.0E10`, `NaN`, `-Infinity`."""
    plain = f"{x} = 0 OR (abs({x}) >= 0.001 AND abs({x}) < 1e7)"
    return f"CASE WHEN {plain} THEN CAST({x} AS VARCHAR) ELSE {scientific(x)} END"


def scientific(x: str) -> str:
    """A real or double as CAST to varchar gives it: `1.0E0`, from the shortest digits, which DuckDB finds."""
    size = f"CAST(abs({x}) AS VARCHAR)"
    sign = f"CASE WHEN {x} < 0 THEN '-' ELSE '' END"
    mantissa, exponent = f"split_part({size}, 'e', 1)", f"CAST(split_part({size}, 'e', 2) AS INTEGER)"
    whole, fraction = f"split_part({size}, '.', 1)", f"split_part({size}, '.', 2)"
    digits = f"rtrim({whole} || {fraction}, '0')"
    significant = f"ltrim({fraction}, '0')"
    return (
        f"CASE WHEN isnan({x}) THEN 'NaN' WHEN isinf({x}) THEN {sign} || 'Infinity' WHEN {x} = 0 THEN '0.0E0' "
        f"WHEN contains({size}, 'e') THEN "
        f"{sign} || {mantissa} || CASE WHEN contains({mantissa}, '.') THEN '' ELSE '.0' END || 'E' || {exponent} "
        f"WHEN abs({x}) >= 1 THEN {sign} || {_pointed(digits)} || 'E' || (length({whole}) - 1) "
        f"WHEN abs({x}) < 1 THEN {sign} || {_pointed(significant)} || 'E' || "
        f"(length({significant}) - length({fraction}) - 1) END"
    )


def _pointed(digits: str) -> str:
    return f"left({digits}, 1) || '.' || coalesce(nullif(substr({digits}, 2), ''), '0')"


def _fraction(sql: str, precision: int, clock: str) -> str:
    """A clock format with `precision` digits after the second."""
    if precision == 0:
        return f"strftime({sql}, '{clock}')"
    if precision == 3:
        return f"strftime({sql}, '{clock}.%g')"
    if precision < 6:
        return f"left(strftime({sql}, '{clock}.%f'), -{6 - precision})"
    return f"strftime({sql}, '{clock}.%f{'0' * (precision - 6)}')"


def _timestamp(sql: str, kind: Type) -> str:
    from lakelab.cloud.athena.sql.conversion import local

    value = _fraction(local(sql, kind), kind.precision, "%Y-%m-%d %H:%M:%S")
    return value if kind.name == "timestamp" else f"({value} || {text(' ' + (kind.zone or 'UTC'))})"


def _time(sql: str, kind: Type) -> str:
    if kind.name == "time":
        return _fraction(f"(DATE '1970-01-01' + {sql})", kind.precision, "%H:%M:%S")
    clock = _fraction(f"(DATE '1970-01-01' + CAST({sql} AS TIME))", kind.precision, "%H:%M:%S")
    offset = f"regexp_extract(CAST({sql} AS VARCHAR), '[+-].*$')"
    return f"({clock} || {offset} || CASE WHEN contains({offset}, ':') THEN '' ELSE ':00' END)"


def _day_to_second(sql: str) -> str:
    millis = f"CAST(round(epoch({sql}) * 1000) AS BIGINT)"
    size = f"abs({millis})"
    return (
        f"printf('%s%d %02d:%02d:%02d.%03d', CASE WHEN {millis} < 0 THEN '-' ELSE '' END, {size} // 86400000, "
        f"{size} // 3600000 % 24, {size} // 60000 % 60, {size} // 1000 % 60, {size} % 1000)"
    )


def _year_to_month(sql: str) -> str:
    months = f"(datepart('year', {sql}) * 12 + datepart('month', {sql}))"
    return f"printf('%s%d-%d', CASE WHEN {months} < 0 THEN '-' ELSE '' END, abs({months}) // 12, abs({months}) % 12)"


def _map(sql: str, kind: Type, depth: int) -> str:
    item = f"x{depth}"
    key = text_of(f"{item}.key", kind.items[0], depth + 1)
    value = f"coalesce({text_of(f'{item}.value', kind.items[1], depth + 1)}, 'null')"
    pairs = f"list_transform(map_entries({sql}), lambda {item}: {key} || '=' || {value})"
    return f"('{{' || array_to_string({pairs}, ', ') || '}}')"


def _row(sql: str, kind: Type, depth: int) -> str:
    parts = []
    for index, (name, item) in enumerate(zip(field_names(kind), kind.fields, strict=True)):
        value = text_of(f"struct_extract({sql}, {text(name)})", item.type, depth)
        label = (", " if index else "{") + (item.name or f"field{index}") + "="
        parts.append(f"{text(label)}, coalesce({value}, 'null')")
    return f"CASE WHEN {sql} IS NOT NULL THEN concat({', '.join(parts)}, '}}') END"


def text_query(sql: str, columns: list[tuple[str, Type]]) -> str:
    """A query over the query `sql` that gives each of its columns, in order, as text under its own name."""
    names = [f"c{index}" for index in range(len(columns))]
    outputs = [
        f"{text_of(quote(name), kind)} AS {quote(column)}" for name, (column, kind) in zip(names, columns, strict=True)
    ]
    return f"SELECT {', '.join(outputs)} FROM ({sql}) AS result({', '.join(map(quote, names))})"
