"""Subqueries inside expressions: `(SELECT …)`, EXISTS, IN, ANY and ALL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.coercion import common_type
from lakelab.cloud.athena.sql.query import Query
from lakelab.cloud.athena.sql.typed import Typed, boolean, quote, text
from lakelab.cloud.athena.sql.types import Field, Type, field_names

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions


def _single_column(expressions: Expressions, node: exp.Expr) -> Query:
    query = expressions.queries.query(node, expressions.scope)
    if len(query.columns) != 1:
        message = f"Multiple columns returned by subquery are not yet supported. Found {len(query.columns)}"
        raise expressions.error("NOT_SUPPORTED", message, node)
    return query


def scalar(expressions: Expressions, node: exp.Subquery) -> Typed:
    """A subquery as a value; more than one row is an error."""
    inner = node.this if not any(node.args.get(key) for key in ("order", "limit", "offset", "with_")) else node
    if len(getattr(inner, "selects", [None])) > 1:
        query = expressions.queries.query(inner, expressions.scope)
        kind = Type("row", fields=tuple(Field(column.name, column.type) for column in query.columns))
        packed = ", ".join(
            f"{quote(column.name or f'field{index}')} := {quote(name)}"
            for index, (column, name) in enumerate(zip(query.columns, query.stored, strict=True))
        )
        return Typed(f"(SELECT struct_pack({packed}) FROM ({query.sql}))", kind)
    query = _single_column(expressions, inner)
    return Typed(f"({query.sql})", query.columns[0].type)


def exists(expressions: Expressions, node: exp.Exists) -> Typed:
    return boolean(f"EXISTS ({expressions.queries.query(node.this, expressions.scope).sql})")


def in_query(expressions: Expressions, value: exp.Expr, query: exp.Expr, node: exp.Expr) -> Typed:
    item = expressions.translate(value)
    inner = query.this if isinstance(query, exp.Subquery) else query
    found = expressions.queries.query(inner, expressions.scope)
    if item.type.name == "row" and len(found.columns) == len(item.type.fields) > 1:
        for field, column in zip(item.type.fields, found.columns, strict=True):
            if common_type(field.type, column.type) is None:
                shown = Type("row", fields=tuple(Field(None, column.type) for column in found.columns))
                message = f"Value expression and result of subquery must be of the same type: {item.type} vs {shown}"
                raise expressions.error("TYPE_MISMATCH", message, node)
        names = ", ".join(f"struct_extract({item.sql}, {text(name)})" for name in field_names(item.type))
        return boolean(f"(({names}) IN ({found.sql}))")
    found = _single_column(expressions, inner) if len(found.columns) != 1 else found
    kind = common_type(item.type, found.columns[0].type)
    if kind is None:
        message = _different(item, found)
        raise expressions.error("TYPE_MISMATCH", message, node)
    return boolean(f"({conversion.operand(item, kind).sql} IN ({found.sql}))")


def quantified(expressions: Expressions, value: exp.Expr, symbol: str, node: exp.Expr, whole: exp.Expr) -> Typed:
    """`x = ANY (query)`, `x < ALL (query)`."""
    item = expressions.translate(value)
    inner = node.this
    while isinstance(inner, (exp.Subquery, exp.Paren)):
        inner = inner.this
    query = _single_column(expressions, inner)
    if common_type(item.type, query.columns[0].type) is None:
        message = _different(item, query)
        raise expressions.error("TYPE_MISMATCH", message, whole)
    which = "ALL" if isinstance(node, exp.All) else "ANY"
    return boolean(f"({item.sql} {symbol} {which} ({query.sql}))")


def within(node: exp.Expr) -> bool:
    """Whether an expression has a subquery somewhere inside."""
    return node.find(exp.Query) is not None


def _different(item: Typed, query: Query) -> str:
    kind = query.columns[0].type
    return f"Value expression and result of subquery must be of the same type: {item.type} vs {kind}"
