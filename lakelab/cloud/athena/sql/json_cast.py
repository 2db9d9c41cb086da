"""CAST to and from JSON.

https://trino.io/docs/435/functions/json.html#cast-to-json
"""

from __future__ import annotations

import json

from lakelab.cloud.athena.sql import render
from lakelab.cloud.athena.sql.typed import checked, fail, quote, text
from lakelab.cloud.athena.sql.types import Type, field_names, to_duckdb

_AS_TEXT = {"date", "timestamp", "timestamp with time zone"}


def to_json(sql: str, source: Type, depth: int = 0) -> str:
    """A value as JSON: a text becomes a JSON string, a row an object, a date its text."""
    item = f"j{depth}"
    if not _needs_care(source):
        return f"to_json({sql})"
    match source.name:
        case "json":
            return sql
        case "array":
            return f"to_json(list_transform({sql}, lambda {item}: {to_json(item, source.element, depth + 1)}))"
        case "map":
            key = render.text_of(f"{item}.key", source.items[0])
            value = to_json(f"{item}.value", source.items[1], depth + 1)
            entries = (
                f"list_transform(list_sort(map_entries({sql})), lambda {item}: struct_pack(k := {key}, v := {value}))"
            )
            return f"to_json(map_from_entries({entries}))"
        case "row":
            members = []
            for name, field in zip(field_names(source), source.fields, strict=True):
                value = to_json(f"struct_extract({sql}, {text(name)})", field.type, depth)
                label = text(("," if members else "") + json.dumps(field.name or "") + ":")
                members.append(f"{label} || coalesce(CAST({value} AS VARCHAR), 'null')")
            return f"CASE WHEN {sql} IS NOT NULL THEN CAST('{{' || {' || '.join(members)} || '}}' AS JSON) END"
    if source.is_floating:
        return f"CAST({render.text_of(sql, source)} AS JSON)"
    if source.name in _AS_TEXT:
        return f"to_json({render.text_of(sql, source)})"
    return f"to_json({sql})"


def _needs_care(kind: Type) -> bool:
    if kind.name in _AS_TEXT or kind.name in ("json", "map", "row", "real", "double"):
        return True
    return any(map(_needs_care, kind.items))


def from_json(sql: str, target: Type) -> str:
    """JSON as a value: JSON null becomes NULL."""
    match target.name:
        case "varchar":
            scalar = f"(json_type({sql}) NOT IN ('OBJECT', 'ARRAY'))"
            value = f"json_extract_string({sql}, '$')"
            cut = f"left({value}, {target.length})" if target.length is not None else value
            problem = fail("INVALID_CAST_ARGUMENT", "Cannot cast to varchar", "BOOLEAN")
            return checked(scalar, cut, sql, f"CAST({problem} AS VARCHAR)")
        case "boolean" | "date" | "timestamp":
            return f"CAST(json_extract_string({sql}, '$') AS {to_duckdb(target)})"
    if target.name == "row":
        return _row_from_json(sql, target)
    if target.name == "array" and _holds_row(target):
        return f"list_transform(CAST({sql} AS JSON[]), lambda j: {from_json('j', target.element)})"
    return f"CAST({sql} AS {to_duckdb(target)})"


def _holds_row(kind: Type) -> bool:
    return kind.name == "row" or any(map(_holds_row, kind.items))


def _row_from_json(sql: str, target: Type) -> str:
    """By name from an object, by place from an array; a member that is missing is NULL."""
    parts = []
    for index, (name, field) in enumerate(zip(field_names(target), target.fields, strict=True)):
        path = text("$." + json.dumps(field.name or ""))
        by_place, by_name = f"json_extract({sql}, '$[{index}]')", f"json_extract({sql}, {path})"
        member = f"CASE WHEN json_type({sql}) = 'ARRAY' THEN {by_place} ELSE {by_name} END"
        parts.append(f"{quote(name)} := {from_json(f'CAST({member} AS JSON)', field.type)}")
    return f"CASE WHEN json_type({sql}) <> 'NULL' THEN CAST(struct_pack({', '.join(parts)}) AS {to_duckdb(target)}) END"
