"""Function calls: finds the overload, converts the arguments, and hands the call to the rule of the function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.rules import RULES, Call
from lakelab.cloud.athena.sql.rules.special import SPECIAL
from lakelab.cloud.athena.sql.scope import Scope
from lakelab.cloud.athena.sql.signatures import Ambiguous, NoOverload, Resolved, resolve, signatures
from lakelab.cloud.athena.sql.sorting import sort_item
from lakelab.cloud.athena.sql.typed import Typed
from lakelab.cloud.athena.sql.types import VARCHAR, Type
from lakelab.cloud.athena.sql.windows import window

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions

_WRAPPERS = (exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)


@dataclass
class Modifiers:
    """What surrounds a call: `f(DISTINCT x ORDER BY y) WITHIN GROUP (…) FILTER (…) IGNORE NULLS OVER (…)`."""

    filter: exp.Expr | None = None
    order: list[exp.Ordered] = field(default_factory=list)
    distinct: bool = False
    ignore_nulls: bool = False
    window: exp.Window | None = None


@dataclass
class Calls:
    """The calls of one expression."""

    expressions: Expressions

    def call(self, node: exp.Anonymous, modifiers: Modifiers | None = None) -> Typed:
        """A call as the statement writes it."""
        modifiers = modifiers or Modifiers()
        name = (node.this if isinstance(node.this, str) else node.this.name).lower()
        args = list(node.expressions)
        if args and isinstance(args[-1], exp.Order):
            modifiers.order = args[-1].expressions
            args[-1] = args[-1].this
        if args and isinstance(args[0], exp.Distinct):
            modifiers.distinct = True
            args = [*args[0].expressions, *args[1:]]
        if name == "unnest":
            raise self.expressions.error("SYNTAX_ERROR", "mismatched input 'unnest'", node)
        if len(args) == 1 and isinstance(args[0], exp.Star):
            if name != "count" or args[0].args.get("except_") or args[0].args.get("replace"):
                raise self.expressions.error("SYNTAX_ERROR", "mismatched input '*'", node)
            args = []
        special = SPECIAL.get(name)
        if special is not None:
            return special(self.expressions, node, args, modifiers)
        return self.function(name, args, node, modifiers)

    def special(self, node: exp.Expr) -> Typed:
        """A call with a syntax of its own, or with something around it."""
        if isinstance(node, _WRAPPERS):
            return self._unwrap(node)
        handler = SPECIAL.get(type(node).__name__)
        if handler is None:
            raise self.expressions.error("SYNTAX_ERROR", f"mismatched input '{node.key}'", node)
        return handler(self.expressions, node, [], Modifiers())

    def _unwrap(self, node: exp.Expr) -> Typed:
        modifiers = Modifiers()
        inner = node
        while isinstance(inner, _WRAPPERS):
            if isinstance(inner, exp.Window):
                modifiers.window = inner
            elif isinstance(inner, exp.Filter):
                modifiers.filter = inner.expression.this
            elif isinstance(inner, exp.IgnoreNulls):
                modifiers.ignore_nulls = True
            elif isinstance(inner, exp.WithinGroup):
                modifiers.order = inner.expression.expressions
            inner = inner.this
        if not isinstance(inner, exp.Anonymous):
            raise self.expressions.error("SYNTAX_ERROR", "mismatched input 'OVER'", node)
        return self.call(inner, modifiers)

    def function(
        self, name: str, args: Sequence[exp.Expr], node: exp.Expr, modifiers: Modifiers | None = None
    ) -> Typed:
        """A call of a function of Trino's registry."""
        expressions, modifiers = self.expressions, modifiers or Modifiers()
        overloads = signatures(name)
        if not overloads and name.startswith(("st_", "geometry_", "bing_tile", "great_circle", "to_geometry")):
            raise expressions.error(
                "NOT_SUPPORTED", f"Geospatial function {name} is not supported in the local Athena", node
            )
        if not overloads:
            raise expressions.error("FUNCTION_NOT_FOUND", f"Function '{name}' not registered", node)
        kind = overloads[0].kind
        is_aggregate = kind == "aggregate" and modifiers.window is None
        self._check(name, kind, node, modifiers)
        inner = replace(expressions, inside_aggregate=True) if is_aggregate else expressions
        items = [None if isinstance(arg, exp.Lambda) else inner.translate(arg) for arg in args]
        resolved, lambdas = self._resolve(name, args, items, node, inner)
        call = Call(
            name,
            [
                lambdas[index] if item is None else _argument(name, item, target)
                for index, (item, target) in enumerate(zip(items, resolved.arguments, strict=True))
            ],
            resolved.returns,
            resolved,
            node,
            inner,
        )
        if kind != "scalar":
            self._modify(call, modifiers, inner)
            if modifiers.window is None:
                expressions.grouping.aggregates += 1
            else:
                expressions.grouping.windows += 1
        return call.run(RULES.get(name))

    def _check(self, name: str, kind: str, node: exp.Expr, modifiers: Modifiers) -> None:
        expressions = self.expressions
        if kind == "scalar":
            if modifiers.window is not None or modifiers.filter is not None or modifiers.distinct or modifiers.order:
                what = (
                    "OVER" if modifiers.window is not None else "FILTER" if modifiers.filter is not None else "DISTINCT"
                )
                name_ = "FUNCTION_NOT_WINDOW" if what == "OVER" else "FUNCTION_NOT_AGGREGATE"
                raise expressions.error(name_, f"{what} is not supported for scalar function {name}", node)
            return
        if kind == "window" and modifiers.window is None:
            raise expressions.error("MISSING_OVER", f"Window function {name} requires an OVER clause", node)
        if expressions.clause:
            message = f"{expressions.clause} cannot contain aggregations, window functions or grouping operations"
            raise expressions.error("EXPRESSION_NOT_SCALAR", f"{message}: [{name}]", node)
        if modifiers.filter is not None and modifiers.window is not None:
            raise expressions.error("NOT_SUPPORTED", "FILTER is not yet supported for window functions", node)
        if expressions.inside_aggregate and modifiers.window is not None:
            message = "Cannot nest window functions inside aggregation"
            raise expressions.error("NESTED_WINDOW", message, node)
        if expressions.inside_aggregate and modifiers.window is None:
            message = f"Cannot nest aggregations inside aggregation '{name}'"
            raise expressions.error("NESTED_AGGREGATION", message, node)

    def _resolve(
        self,
        name: str,
        args: Sequence[exp.Expr],
        items: Sequence[Typed | None],
        node: exp.Expr,
        inner: Expressions,
    ) -> tuple[Resolved, dict[int, Typed]]:
        lambdas: dict[int, Typed] = {}

        def returned(index: int, inputs: Sequence[Type]) -> Type:
            lambdas[index] = translate_lambda(inner, args[index], inputs)
            return lambdas[index].type

        kinds = [item.type if item is not None else None for item in items]
        if name == "concat" and any(kind is not None and kind.is_text for kind in kinds):
            kinds = [VARCHAR if kind is not None and kind.name == "unknown" else kind for kind in kinds]
        try:
            return resolve(name, kinds, returned), lambdas
        except Ambiguous as error:
            message = "Could not choose a best candidate operator. Explicit type casts must be added."
            raise self.expressions.error("AMBIGUOUS_FUNCTION_CALL", message, node) from error
        except NoOverload as error:
            given = ", ".join("<lambda>" if item is None else str(item.type) for item in items)
            expected = ", ".join(item.text for item in signatures(name))
            message = f"Unexpected parameters ({given}) for function {name}. Expected: {expected}"
            raise self.expressions.error("FUNCTION_NOT_FOUND", message, node) from error

    def _modify(self, call: Call, modifiers: Modifiers, inner: Expressions) -> None:
        """Translate what surrounds an aggregate or window call."""
        call.distinct = modifiers.distinct
        call.ignore_nulls = modifiers.ignore_nulls
        call.order = [sort_item(inner, item) for item in modifiers.order]
        if modifiers.filter is not None:
            call.filter = inner.boolean(modifiers.filter, "FILTER expression").sql
        if modifiers.window is not None:
            call.over = window(self.expressions, modifiers.window)
            if call.name in ("lag", "lead") and "ORDER BY" not in call.over:
                message = f"{call.name} function requires an ORDER BY window clause"
                raise self.expressions.error("MISSING_ORDER_BY", message, call.node)


def translate_lambda(expressions: Expressions, node: exp.Expr, inputs: Sequence[Type]) -> Typed:
    """`(x, y) -> body` as DuckDB writes it; the parameters have names that no column has."""
    if len(node.expressions) != len(inputs):
        message = f"Expected a lambda that takes {len(inputs)} argument(s) but got {len(node.expressions)}"
        raise expressions.error("INVALID_PARAMETER_USAGE", message, node)
    depth = sum(1 for scope in expressions.scope.levels() if scope.is_lambda)
    names = [f"p{depth}_{index}" for index in range(len(inputs))]
    variables = {
        parameter.name.lower(): Typed(name, kind)
        for parameter, name, kind in zip(node.expressions, names, inputs, strict=True)
    }
    scope = Scope(parent=expressions.scope, variables=variables, is_lambda=True)
    body = conversion.exact(expressions.within(scope).translate(node.this))
    return Typed(f"lambda {', '.join(names)}: {body.sql}", body.type)


def _argument(function: str, item: Typed, target: Type) -> Typed:
    """An argument as its parameter's type. A sum of decimals is as wide as can be, whatever the width of its items."""
    if function in ("sum", "avg") and item.type == target and target.name == "decimal":
        return item
    return conversion.coerce(item, target)
