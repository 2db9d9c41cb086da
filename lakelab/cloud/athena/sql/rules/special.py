"""Functions with a syntax or a typing of their own: COALESCE, TRY, CURRENT_TIMESTAMP, EXTRACT, JSON_VALUE, GROUPING …"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion, literals
from lakelab.cloud.athena.sql.coercion import common_of, common_type
from lakelab.cloud.athena.sql.rules import dates, jsons
from lakelab.cloud.athena.sql.typed import Typed, boolean, fail, string, text
from lakelab.cloud.athena.sql.types import (
    BIGINT,
    JSON,
    VARCHAR,
    Type,
    field_names,
    from_ast,
    timestamp,
    to_duckdb,
    varchar,
)

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions

Handler = Callable[["Expressions", Any, list[exp.Expr], Any], Typed]
SPECIAL: dict[str, Handler] = {}


def special(*names: str) -> Callable[[Handler], Handler]:
    """Make a function the rule of these names, or of nodes of these classes."""

    def register(handler: Handler) -> Handler:
        for name in names:
            SPECIAL[name] = handler
        return handler

    return register


@special("coalesce")
def coalesce(self: Expressions, node: exp.Expr, args: list[exp.Expr], _: Any) -> Typed:
    if len(args) < 2:
        raise self.error("SYNTAX_ERROR", "The 'coalesce' function must have at least two arguments", node)
    items = [self.translate(arg) for arg in args]
    kind = common_of([item.type for item in items])
    if kind is None:
        from lakelab.cloud.athena.sql.expressions import no_common_type

        message = no_common_type("All COALESCE operands", [item.type for item in items])
        raise self.error("TYPE_MISMATCH", message, args[-1])
    values = ", ".join(conversion.exact(conversion.coerce(item, kind)).sql for item in items)
    return Typed(f"coalesce({values})", kind)


@special("nullif")
def nullif(self: Expressions, node: exp.Expr, args: list[exp.Expr], _: Any) -> Typed:
    if len(args) != 2:
        raise self.error("INVALID_FUNCTION_ARGUMENT", "Invalid number of arguments for 'nullif' function", node)
    left, right = (self.translate(arg) for arg in args)
    if common_type(left.type, right.type) is None:
        message = f"Types are not comparable with NULLIF: {left.type} vs {right.type}"
        raise self.error("TYPE_MISMATCH", message, node)
    if left.type.name == "unknown":
        return left
    if left.type == right.type or right.type.name == "unknown":
        return Typed(f"nullif({left.sql}, {right.sql})", left.type)
    return Typed(f"CASE WHEN {self.compare(left, '=', right, node)} THEN NULL ELSE {left.sql} END", left.type)


@special("try")
def try_(self: Expressions, _: exp.Expr, args: list[exp.Expr], __: Any) -> Typed:
    item = conversion.exact(self.translate(args[0]))
    return Typed(f"TRY({item.sql})", item.type)


@special("row")
def row(self: Expressions, node: exp.Expr, _: list[exp.Expr], __: Any) -> Typed:
    return self.row(node)


@special("if")
def if_(self: Expressions, node: exp.Expr, args: list[exp.Expr], _: Any) -> Typed:
    return self.condition(exp.If(this=args[0], true=args[1], false=args[2] if len(args) > 2 else None))


@special("format")
def format_(self: Expressions, node: exp.Expr, args: list[exp.Expr], _: Any) -> Typed:
    """Java's String.format, in Python: the arguments travel as JSON."""
    items = [self.translate(arg) for arg in args]
    if len(items) < 2:
        raise self.error("SYNTAX_ERROR", "The 'format' function must have at least two arguments", node)
    if not items[0].type.is_text:
        raise self.error("TYPE_MISMATCH", "Type of first argument to format() must be VARCHAR", node)
    values = []
    for item in items[1:]:
        shown = item.type.name
        value = (
            conversion.cast_sql(item.sql, item.type, VARCHAR)
            if not item.type.is_text and shown != "unknown"
            else f"CAST({item.sql} AS VARCHAR)"
        )
        values.append(f"struct_pack(t := {text(shown)}, v := {value})")
    self.statement.functions.add("trino_format")
    packed = f"CAST(to_json([{', '.join(values)}]) AS VARCHAR)" if values else "'[]'"
    return Typed(f"trino_format({items[0].sql}, {packed})", VARCHAR)


@special("grouping")
def grouping(self: Expressions, node: exp.Expr, args: list[exp.Expr], _: Any) -> Typed:
    if not self.grouping.keys:
        message = (
            "A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause"
        )
        raise self.error("MISSING_GROUP_BY", message, node)
    self.grouping.aggregates += 1
    inner = replace(self, inside_aggregate=True)
    columns = ", ".join(inner.translate(arg).sql for arg in args)
    return Typed(f"CAST(grouping({columns}) AS INTEGER)", Type("integer"))


# --- the clock and the session ---------------------------------------------------------------------------------------


def _precision(args: list[exp.Expr], default: int = 3) -> int:
    return int(args[0].name) if args else default


@special("current_timestamp", "CurrentTimestamp")
def current_timestamp(self: Expressions, _: exp.Expr, args: list[exp.Expr], __: Any) -> Typed:
    return dates.instant(self.statement.now, _precision(args))


@special("CurrentDate")
def current_date(self: Expressions, _: exp.Expr, __: list[exp.Expr], ___: Any) -> Typed:
    return literals.typed(self.statement.now.date().isoformat(), Type("date"))


@special("localtimestamp", "Localtimestamp")
def localtimestamp(self: Expressions, _: exp.Expr, args: list[exp.Expr], __: Any) -> Typed:
    precision = _precision(args)
    return Typed(f"CAST({dates.instant(self.statement.now, precision).sql} AS TIMESTAMP)", timestamp(precision))


@special("localtime", "Localtime")
def localtime(self: Expressions, _: exp.Expr, args: list[exp.Expr], __: Any) -> Typed:
    precision = _precision(args)
    return Typed(f"CAST({dates.instant(self.statement.now, precision).sql} AS TIME)", Type("time", (precision,)))


@special("current_time", "CurrentTime")
def current_time(self: Expressions, _: exp.Expr, args: list[exp.Expr], __: Any) -> Typed:
    precision = _precision(args)
    sql = f"CAST(CAST({dates.instant(self.statement.now, precision).sql} AS TIME) AS TIMETZ)"
    return Typed(sql, Type("time with time zone", (precision,)))


@special("CurrentUser")
def current_user(self: Expressions, _: exp.Expr, __: list[exp.Expr], ___: Any) -> Typed:
    return replace(string(self.statement.user), type=VARCHAR)


@special("CurrentCatalog")
def current_catalog(self: Expressions, _: exp.Expr, __: list[exp.Expr], ___: Any) -> Typed:
    return replace(string(self.statement.catalog), type=VARCHAR)


@special("CurrentSchema")
def current_schema(self: Expressions, _: exp.Expr, __: list[exp.Expr], ___: Any) -> Typed:
    return replace(string(self.statement.database), type=VARCHAR)


@special("version")
def version(_: Expressions, __: exp.Expr, ___: list[exp.Expr], ____: Any) -> Typed:
    return replace(string("435"), type=varchar(None))


# --- calls with keywords inside --------------------------------------------------------------------------------------


@special("Extract")
def extract(self: Expressions, node: exp.Extract, _: list[exp.Expr], __: Any) -> Typed:
    field = node.this.name.lower()
    known = (
        *("year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy"),
        *("year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute"),
    )
    if field not in known:
        raise self.error("SYNTAX_ERROR", f"Invalid EXTRACT field: {field}", node)
    return self.calls.function(field, [node.expression], node)


@special("Trim")
def trim(self: Expressions, node: exp.Trim, _: list[exp.Expr], __: Any) -> Typed:
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get((node.args.get("position") or "").upper(), "trim")
    args = [node.this] + ([node.expression] if node.expression is not None else [])
    return self.calls.function(name, args, node)


@special("StrPosition")
def position(self: Expressions, node: exp.StrPosition, _: list[exp.Expr], __: Any) -> Typed:
    return self.calls.function("strpos", [node.this, node.args["substr"]], node)


@special("Substring")
def substring(self: Expressions, node: exp.Substring, _: list[exp.Expr], __: Any) -> Typed:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return self.calls.function("substring", [part for part in parts if part is not None], node)


@special("Normalize")
def normalize(self: Expressions, node: exp.Normalize, _: list[exp.Expr], __: Any) -> Typed:
    form = node.args.get("form")
    return self.calls.function(
        "normalize", [node.this, exp.Literal.string(form.name if form is not None else "NFC")], node
    )


@special("listagg")
def listagg(self: Expressions, node: exp.Anonymous, args: list[exp.Expr], modifiers: Any) -> Typed:
    separator = args[1] if len(args) > 1 else exp.Literal.string("")
    rest = [exp.Boolean(this=True), exp.Literal.string("..."), exp.Boolean(this=False)]
    return self.calls.function("listagg", [args[0], separator, *rest], node, modifiers)


@special("ParseJSON")
def json_literal(self: Expressions, node: exp.ParseJSON, _: list[exp.Expr], __: Any) -> Typed:
    return self.calls.function("json_parse", [node.this], node)


# --- SQL/JSON: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY --------------------------------------------


def _json_item(self: Expressions, node: exp.Expr, args: list[exp.Expr]) -> str:
    """What the path finds, as DuckDB JSON, NULL for nothing."""
    value = self.translate(args[0])
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
    defaults = [conversion.coerce(self.translate(default), kind).sql for default in node.args.get("defaults") or ()]
    words = node.args.get("options") or ""
    if words.endswith("ERROR ON ERROR"):
        problem = fail(
            "JSON_VALUE_RESULT_ERROR",
            "cannot extract SQL scalar from JSON: JSON path found an item that cannot be converted to an SQL value",
            "BOOLEAN",
        )
        value = f"CASE WHEN json_type({item}) IN ('OBJECT', 'ARRAY') THEN CAST({problem} AS {to_duckdb(kind)}) ELSE {value} END"
    if words.startswith("DEFAULT ON EMPTY") and defaults:
        value = f"CASE WHEN {item} IS NULL THEN {defaults[0]} ELSE {value} END"
    if words.endswith("DEFAULT ON ERROR") and defaults:
        value = f"CASE WHEN {item} IS NOT NULL AND json_type({item}) <> 'NULL' AND {value} IS NULL THEN {defaults[-1]} ELSE {value} END"
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


__all__ = ["BIGINT", "SPECIAL", "field_names"]
