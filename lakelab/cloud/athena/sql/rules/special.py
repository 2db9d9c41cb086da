"""Functions with a syntax or a typing of their own: COALESCE, TRY, CURRENT_TIMESTAMP, EXTRACT, GROUPING …"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lakelab.cloud.athena.sql import comparisons, conversion, literals, subqueries
from lakelab.cloud.athena.sql.coercion import common_of, common_type
from lakelab.cloud.athena.sql.rules import dates
from lakelab.cloud.athena.sql.typed import Typed, string, text
from lakelab.cloud.athena.sql.types import (
    VARCHAR,
    Type,
    timestamp,
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
        message = comparisons.no_common_type("All COALESCE operands", [item.type for item in items])
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
    return Typed(
        f"CASE WHEN {comparisons.compare(self, left, '=', right, node)} THEN NULL ELSE {left.sql} END", left.type
    )


@special("try")
def try_(self: Expressions, _: exp.Expr, args: list[exp.Expr], __: Any) -> Typed:
    """DuckDB's TRY takes no subquery: with one, an error stays an error."""
    item = conversion.exact(self.translate(args[0]))
    return Typed(item.sql if subqueries.within(args[0]) else f"TRY({item.sql})", item.type)


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
    translated = [inner.translate(arg).sql for arg in args]
    if not set(translated) <= set(self.grouping.keys):
        message = (
            "The arguments to GROUPING() must be expressions referenced by the GROUP BY at this level of the query"
        )
        raise self.error("INVALID_ARGUMENTS", message, node)
    columns = ", ".join(translated)
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
