"""SQL/JSON: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY.

https://trino.io/docs/435/functions/json.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.rules import jsons
from lakelab.cloud.athena.sql.rules.special import special
from lakelab.cloud.athena.sql.typed import Typed, boolean, fail, text
from lakelab.cloud.athena.sql.types import JSON, VARCHAR, from_ast, to_duckdb

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions


def _json_item(self: Expressions, node: exp.Expr, args: list[exp.Expr]) -> str:
    """What the path finds, as DuckDB JSON, NULL for nothing."""
    value = self.translate(args[0])
    if not value.type.is_text and value.type.name not in ("json", "unknown"):
        raise self.error("TYPE_MISMATCH", f"Cannot read input of type {value.type} as JSON", node)
    path = self.translate(args[1])
    if not isinstance(path.value, str):
        raise self.error("SYNTAX_ERROR", "The JSON path must be a literal", node)
    words = path.value.split(None, 1)
    if words[0] not in ("lax", "strict"):
        raise self.error("SYNTAX_ERROR", f"missing {{'lax', 'strict'}} at '{words[0]}'", node)
    if node.args.get("passing"):
        raise self.error("NOT_SUPPORTED", "JSON path variables are not supported in the local Athena", node)
    plain = jsons.duckdb_path(words[1])
    if plain is None or "*" in plain:
        raise self.error(
            "NOT_SUPPORTED", "JSON paths other than members and subscripts are not supported in the local Athena", node
        )
    source = (
        value.sql
        if value.type.name == "json"
        else f"CASE WHEN json_valid({value.sql}) THEN CAST({value.sql} AS JSON) END"
    )
    return f"json_extract({source}, {text(plain)})"


@special("json_exists")
def json_exists(self: Expressions, node: exp.Anonymous, args: list[exp.Expr], _: Any) -> Typed:
    source = self.translate(args[0]).sql
    return boolean(f"CASE WHEN {source} IS NOT NULL THEN {_json_item(self, node, args)} IS NOT NULL END")


@special("json_value")
def json_value(self: Expressions, node: exp.Anonymous, args: list[exp.Expr], _: Any) -> Typed:
    item = f"CAST({_json_item(self, node, args)} AS JSON)"
    kind = from_ast(node.args["returning"]) if node.args.get("returning") else VARCHAR
    found = f"CASE WHEN json_type({item}) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string({item}, '$') END"
    value = found if kind.is_text else f"TRY_CAST({found} AS {to_duckdb(kind)})"
    defaults = [self.coerce(self.translate(default), kind, default).sql for default in node.args.get("defaults") or ()]
    words = node.args.get("options") or ""
    if words.endswith("ERROR ON ERROR"):
        problem = fail(
            "JSON_VALUE_RESULT_ERROR",
            "cannot extract SQL scalar from JSON: JSON path found an item that cannot be converted to an SQL value",
            "BOOLEAN",
        )
        problem = f"CAST({problem} AS {to_duckdb(kind)})"
        value = f"CASE WHEN json_type({item}) IN ('OBJECT', 'ARRAY') THEN {problem} ELSE {value} END"
    if words.startswith("DEFAULT ON EMPTY") and defaults:
        value = f"CASE WHEN {item} IS NULL THEN {defaults[0]} ELSE {value} END"
    if words.endswith("DEFAULT ON ERROR") and defaults:
        failed = f"{item} IS NOT NULL AND json_type({item}) <> 'NULL' AND {value} IS NULL"
        value = f"CASE WHEN {failed} THEN {defaults[-1]} ELSE {value} END"
    return Typed(value, kind)


@special("json_query")
def json_query(self: Expressions, node: exp.Anonymous, args: list[exp.Expr], _: Any) -> Typed:
    item = f"CAST({_json_item(self, node, args)} AS JSON)"
    words = node.args.get("options") or ""
    shown = f"CAST({item} AS VARCHAR)"
    if "WITH CONDITIONAL" in words:
        shown = f"CASE WHEN json_type({item}) IN ('OBJECT', 'ARRAY') THEN {shown} ELSE '[' || {shown} || ']' END"
    elif words.startswith("WITH"):
        shown = f"('[' || {shown} || ']')"
    elif "OMIT QUOTES" in words:
        shown = f"json_extract_string({item}, '$')"
    return Typed(shown, VARCHAR)


@special("json_object")
def json_object(self: Expressions, node: exp.Anonymous, args: list[exp.Expr], _: Any) -> Typed:
    members = []
    absent = "ABSENT" in (node.args.get("options") or "")
    for member in args:
        key, value = (self.translate(item) for item in member.expressions)
        shown = f"to_json({key.sql}) || ':' || {_member(value)}"
        members.append(f"CASE WHEN {value.sql} IS NOT NULL THEN {shown} END" if absent else shown)
    return Typed(f"('{{' || concat_ws(',', {', '.join(members) or 'NULL'}) || '}}')", VARCHAR)


@special("json_array")
def json_array(self: Expressions, node: exp.Anonymous, args: list[exp.Expr], _: Any) -> Typed:
    nulls = "NULL ON NULL" in (node.args.get("options") or "")
    members = []
    for arg in args:
        value = self.translate(arg)
        members.append(_member(value) if nulls else f"CASE WHEN {value.sql} IS NOT NULL THEN {_member(value)} END")
    return Typed(f"('[' || concat_ws(',', {', '.join(members) or 'NULL'}) || ']')", VARCHAR)


def _member(value: Typed) -> str:
    """A value inside a JSON text; what JSON functions give is JSON already."""
    shown = (
        value.sql
        if value.type == JSON or value.type.name == "unknown"
        else conversion.cast_sql(value.sql, value.type, JSON)
    )
    return f"coalesce(CAST({shown} AS VARCHAR), 'null')"
