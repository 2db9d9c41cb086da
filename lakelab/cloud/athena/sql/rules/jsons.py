"""JSON functions.

https://trino.io/docs/435/functions/json.html
"""

from __future__ import annotations

import re

from lakelab.cloud.athena.sql.rules import Call, rule
from lakelab.cloud.athena.sql.typed import text

_STEP = re.compile(
    r"""\.\.|\.\*|\[\*\]|\.([\w$:-]+)|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]|\.\"([^\"]*)\"|\[(\d+)\]"""
)


def duckdb_path(path: str) -> str | None:
    """A JSONPath as DuckDB writes it; None when it has more than members and subscripts."""
    path = path.strip()
    if not path.startswith("$"):
        path = "$." + path
    result, at = "$", 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or step[0] == "..":
            return None
        name = next((part for part in step.groups()[:4] if part is not None), None)
        if name is not None:
            result += '."' + name.replace('"', '\\"') + '"'
        elif step[5] is not None:
            result += f"[{step[5]}]"
        else:
            result += step[0]
        at = step.end()
    return result


def document(call: Call, index: int = 0) -> str:
    """The JSON of an argument; a text that is not JSON gives NULL."""
    if call.args[index].type.name == "json":
        return call[index]
    return f"CASE WHEN json_valid({call[index]}) THEN CAST({call[index]} AS JSON) END"


def extracted(call: Call) -> str:
    written = call.constant(1, "The path")
    path = duckdb_path(written)
    if path is None or "*" in path or not written.strip().startswith("$"):
        raise call.invalid(f"Invalid JSON path: '{written}'")
    return f"json_extract({document(call)}, {text(path)})"


@rule("json_extract")
def json_extract(call: Call) -> str:
    return f"CAST({extracted(call)} AS JSON)"


@rule("json_extract_scalar")
def json_extract_scalar(call: Call) -> str:
    """NULL for an object or an array."""
    value = f"CAST({extracted(call)} AS JSON)"
    return f"CASE WHEN json_type({value}) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string({value}, '$') END"


@rule("json_size")
def json_size(call: Call) -> str:
    value = f"CAST({extracted(call)} AS JSON)"
    sizes = f"WHEN 'ARRAY' THEN json_array_length({value}) WHEN 'OBJECT' THEN len(json_keys({value}))"
    return f"CAST(CASE json_type({value}) {sizes} ELSE 0 * length({value}) END AS BIGINT)"


@rule("json_array_length")
def json_array_length(call: Call) -> str:
    value = document(call)
    return f"CASE WHEN json_type({value}) = 'ARRAY' THEN CAST(json_array_length({value}) AS BIGINT) END"


@rule("json_array_get")
def json_array_get(call: Call) -> str:
    value = document(call)
    path = f"'$[' || CASE WHEN {call[1]} < 0 THEN '#' ELSE '' END || CAST({call[1]} AS VARCHAR) || ']'"
    item = f"json_extract({value}, {path})"
    return f"CASE WHEN json_type({value}) = 'ARRAY' THEN {item} END"


@rule("json_array_contains")
def json_array_contains(call: Call) -> str:
    value, kind = document(call), call.args[1].type
    kinds = {"boolean": "'BOOLEAN'", "bigint": "'BIGINT', 'UBIGINT'", "double": "'DOUBLE'"}.get(kind.name, "'VARCHAR'")
    name = call.variable
    items = f"CAST({value} AS JSON[])"
    typed = {"bigint": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}.get(kind.name, "VARCHAR")
    same = f"CAST(json_extract_string({name}, '$') AS {typed}) = {call[1]}"
    wanted = f"CASE WHEN json_type({name}) IN ({kinds}) THEN {same} ELSE false END"
    found = f"len(list_filter({items}, lambda {name}: {wanted})) > 0"
    return f"CASE WHEN json_type({value}) = 'ARRAY' THEN {found} END"


@rule("is_json_scalar")
def is_json_scalar(call: Call) -> str:
    return f"(json_type({call[0]}) NOT IN ('OBJECT', 'ARRAY'))"


@rule("json_parse")
def json_parse(call: Call) -> str:
    return f"CAST({call.python('trino_json_parse', call[0])} AS JSON)"


@rule("json_format")
def json_format(call: Call) -> str:
    return f"CAST({call[0]} AS VARCHAR)"
