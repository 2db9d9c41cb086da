"""One key of an ORDER BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions


def sort_item(expressions: Expressions, node: exp.Expr) -> str:
    """`x DESC NULLS FIRST`; NULLs come last unless it says otherwise."""
    if not isinstance(node, exp.Ordered):
        return expressions.translate(node).sql
    return expressions.translate(node.this).sql + direction(node)


def direction(node: exp.Ordered) -> str:
    return (" DESC" if node.args.get("desc") else "") + (
        " NULLS FIRST" if node.args.get("nulls_first") else " NULLS LAST"
    )
