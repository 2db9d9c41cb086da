"""Comparisons: `=`, `<`, IS DISTINCT FROM, BETWEEN, IN, LIKE, of types that Trino lets be compared.

https://trino.io/docs/435/functions/comparison.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion, subqueries
from lakelab.cloud.athena.sql.binding import let_all
from lakelab.cloud.athena.sql.coercion import common_of, common_type
from lakelab.cloud.athena.sql.typed import Typed, boolean
from lakelab.cloud.athena.sql.types import Type

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions

COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
DISTINCT: dict[type[exp.Expr], str] = {
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
_UNORDERED = ("map", "json", "HyperLogLog", "unknown")
_NESTED = ("array", "row")


def comparison(self: Expressions, node: exp.Binary) -> Typed:
    symbol = COMPARISONS[type(node)]
    quantified = node.right
    if isinstance(quantified, (exp.Any, exp.All)):
        return subqueries.quantified(self, node.left, symbol, quantified, node)
    left, right = self.translate(node.left), self.translate(node.right)
    return boolean(f"({compare(self, left, symbol, right, node)})")


def compare(self: Expressions, left: Typed, symbol: str, right: Typed, node: exp.Expr) -> str:
    """A comparison of two values that Trino allows to be compared, without parentheses."""
    kind = common_type(left.type, right.type)
    ordered = symbol in ("<", "<=", ">", ">=")
    if kind is None or (ordered and kind.name in _UNORDERED and kind.name != "unknown"):
        raise self.error("TYPE_MISMATCH", _incomparable(left.type, symbol, right.type), node)
    if kind.name == "map" and "unknown" not in (left.type.name, right.type.name):
        left, right = (Typed(f"list_sort(map_entries({item.sql}))", kind) for item in (left, right))
    values = [conversion.operand(item, kind).sql for item in (left, right)]
    return _nested_order(values, symbol) if ordered and kind.name in _NESTED else f"{values[0]} {symbol} {values[1]}"


def _nested_order(values: Sequence[str], symbol: str) -> str:
    """Arrays and rows in order. DuckDB joins two such comparisons to a BETWEEN, which it has not for these types."""
    return let_all(
        values,
        lambda pair: (
            f"CASE WHEN {pair[0]} IS NULL OR {pair[1]} IS NULL THEN NULL ELSE {pair[0]} {symbol} {pair[1]} END"
        ),
    )


def distinct_from(self: Expressions, node: exp.Binary) -> Typed:
    left, right = self.translate(node.left), self.translate(node.right)
    return boolean(f"({compare(self, left, DISTINCT[type(node)], right, node)})")


def between(self: Expressions, node: exp.Between) -> Typed:
    item, low, high = (self.translate(node.args[key]) for key in ("this", "low", "high"))
    kind = common_of([item.type, low.type, high.type])
    if kind is None or (kind.name in _UNORDERED and kind.name != "unknown"):
        message = f"Cannot check if {item.type} is BETWEEN {low.type} and {high.type}"
        raise self.error("TYPE_MISMATCH", message, node)
    values = [conversion.operand(part, kind).sql for part in (item, low, high)]
    if kind.name in _NESTED:
        low_enough, high_enough = _nested_order(values[:2], ">="), _nested_order([values[0], values[2]], "<=")
        return boolean(f"({low_enough} AND {high_enough})")
    return boolean(f"({values[0]} BETWEEN {values[1]} AND {values[2]})")


def membership(self: Expressions, node: exp.In) -> Typed:
    query = node.args.get("query")
    if query is not None:
        return subqueries.in_query(self, node.this, query, node)
    if node.args.get("unnest") or node.args.get("field") or not node.expressions:
        raise self.error("SYNTAX_ERROR", "mismatched input 'IN'", node)
    item = self.translate(node.this)
    values = [self.translate(value) for value in node.expressions]
    kind = item.type
    for value, source in zip(values, node.expressions, strict=True):
        common = common_type(kind, value.type)
        if common is None:
            message = no_common_type("IN value and list items", [item.type, value.type])
            raise self.error("TYPE_MISMATCH", message, source)
        kind = common
    texts = [conversion.operand(value, kind).sql for value in values]
    return boolean(f"({conversion.operand(item, kind).sql} IN ({', '.join(texts)}))")


def like(self: Expressions, node: exp.Like, escape: exp.Expr | None = None) -> Typed:
    item, pattern = self.translate(node.this), self.translate(node.expression)
    for part, source, what in ((item, node.this, "Left side"), (pattern, node.expression, "Pattern")):
        if not part.type.is_text and part.type.name != "unknown":
            message = f"{what} of LIKE expression must evaluate to a varchar (actual: {part.type})"
            raise self.error("TYPE_MISMATCH", message, source)
    suffix = ""
    if escape is not None:
        character = self.translate(escape)
        if not character.type.is_text:
            message = f"Escape in LIKE expression must evaluate to a varchar (actual: {character.type})"
            raise self.error("TYPE_MISMATCH", message, escape)
        suffix = f" ESCAPE {character.sql}"
    negated = "NOT " if node.args.get("negate") else ""
    return boolean(f"({item.sql} {negated}LIKE {pattern.sql}{suffix})")


def escape(self: Expressions, node: exp.Escape) -> Typed:
    if not isinstance(node.this, exp.Like):
        raise self.error("SYNTAX_ERROR", "mismatched input 'ESCAPE'", node)
    return like(self, node.this, node.expression)


def _incomparable(left: Type, symbol: str, right: Type) -> str:
    """Trino names the operator that a comparison is made of."""
    if symbol in DISTINCT.values():
        return f"Cannot check if {left} is distinct from {right}"
    shown = {"<>": "=", ">": "<", ">=": "<="}.get(symbol, symbol)
    return f"Cannot apply operator: {left} {shown} {right}"


def no_common_type(what: str, types: Sequence[Type]) -> str:
    """The message that several expressions have no common type."""
    names = list(dict.fromkeys(str(kind) for kind in types))
    return (
        f"{what} must be the same type or coercible to a common type. Cannot find common type between "
        f"{names[0]} and {names[-1]}, all types (without duplicates): [{', '.join(names)}]"
    )
