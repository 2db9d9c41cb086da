"""What stands in OVER (…): partitions, order and frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql.sorting import sort_item

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions


def window(expressions: Expressions, node: exp.Window) -> str:
    """What stands in OVER (…), a named window resolved."""
    partition = list(node.args.get("partition_by") or ())
    order, spec = node.args.get("order"), node.args.get("spec")
    name = node.args.get("alias")
    while name is not None:
        base = expressions.queries.windows.get(name.name.lower())
        if base is None:
            raise expressions.error("INVALID_WINDOW_REFERENCE", f"Cannot resolve WINDOW name {name.name}", node)
        partition = partition or list(base.args.get("partition_by") or ())
        order, spec = order or base.args.get("order"), spec or base.args.get("spec")
        name = base.args.get("alias") if isinstance(base.args.get("alias"), exp.Identifier) else None
    parts = []
    if partition:
        parts.append("PARTITION BY " + ", ".join(expressions.translate(item).sql for item in partition))
    if order is not None:
        parts.append("ORDER BY " + ", ".join(sort_item(expressions, item) for item in order.expressions))
    if spec is not None:
        parts.append(_frame(expressions, spec))
    return " ".join(parts)


def _frame(expressions: Expressions, spec: exp.WindowSpec) -> str:
    def bound(value: object, side: object) -> str:
        if isinstance(value, exp.Expr):
            return f"{expressions.translate(value).sql} {str(side).upper()}"
        return f"{str(value).upper()} {str(side or '').upper()}".strip()

    if spec.args.get("exclude"):
        raise expressions.error("SYNTAX_ERROR", "mismatched input 'EXCLUDE'", spec)
    start = bound(spec.args.get("start"), spec.args.get("start_side"))
    kind = str(spec.args.get("kind")).upper()
    end = bound(spec.args["end"], spec.args.get("end_side")) if spec.args.get("end") else "CURRENT ROW"
    return f"{kind} BETWEEN {start} AND {end}"
