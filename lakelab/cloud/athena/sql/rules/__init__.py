"""One rule a function: how DuckDB computes what Trino's function means.

A rule is a template of DuckDB SQL over the arguments (`{0}`), or a function of the `Call`. Arguments come converted to
the types of the overload that Trino would choose; the result has the type that this overload returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.binding import let_all
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.typed import Typed, fail
from lakelab.cloud.athena.sql.types import Type

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions
    from lakelab.cloud.athena.sql.signatures import Resolved


@dataclass
class Call:
    """A call whose overload is known."""

    name: str
    args: list[Typed]
    type: Type
    resolved: Resolved
    node: exp.Expr
    expressions: Expressions
    distinct: bool = False
    ignore_nulls: bool = False
    order: list[str] = field(default_factory=list)
    filter: str = ""
    over: str | None = None

    def __getitem__(self, index: int) -> str:
        """The SQL of an argument."""
        return self.args[index].sql

    def __len__(self) -> int:
        return len(self.args)

    @property
    def sqls(self) -> list[str]:
        return [arg.sql for arg in self.args]

    def constant(self, index: int, what: str) -> str:
        """The text of an argument that has to be a literal."""
        value = self.args[index].value
        if not isinstance(value, str):
            raise self.unsupported(f"{what} of {self.name} must be a literal")
        return value

    def unsupported(self, what: str) -> SqlError:
        return self.expressions.error("NOT_SUPPORTED", f"{what} in the local Athena", self.node)

    def invalid(self, message: str) -> SqlError:
        """An argument that Trino refuses when it runs the query: its message has no position."""
        return SqlError("INVALID_FUNCTION_ARGUMENT", message)

    def fail(self, message: str, kind: Type | str | None = None) -> str:
        """An expression that raises INVALID_FUNCTION_ARGUMENT when it is evaluated."""
        return fail("INVALID_FUNCTION_ARGUMENT", message, kind or self.type)

    def body(self, index: int, *parameters: str) -> str:
        """The body of the lambda at a place, over these expressions for its parameters."""
        from lakelab.cloud.athena.sql.scope import Scope

        node = self._argument_node(index)
        kinds = self.resolved.arguments[index].items[:-1]
        variables = {
            parameter.name.lower(): Typed(sql, kind)
            for parameter, sql, kind in zip(node.expressions, parameters, kinds, strict=True)
        }
        inner = self.expressions.within(Scope(parent=self.expressions.scope, variables=variables, is_lambda=True))
        result = conversion.coerce(inner.translate(node.this), self.resolved.arguments[index].items[-1])
        return conversion.exact(result).sql

    def _argument_node(self, index: int) -> exp.Expr:
        return self.node.expressions[index]

    @property
    def variable(self) -> str:
        """A name for a lambda's parameter that no lambda around this call uses."""
        depth = sum(1 for scope in self.expressions.scope.levels() if scope.is_lambda)
        return f"e{depth}"

    def aggregate(self, function: str, *args: str, order: list[str] | None = None, filter: str = "") -> str:
        """`function(args)` with this call's DISTINCT, ORDER BY, FILTER, IGNORE NULLS and OVER."""
        distinct = "DISTINCT " if self.distinct else ""
        keys = self.order if order is None else order
        ordering = f" ORDER BY {', '.join(keys)}" if keys else ""
        nulls = " IGNORE NULLS" if self.ignore_nulls else ""
        conditions = [text for text in (self.filter, filter) if text]
        where = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
        over = f" OVER ({self.over})" if self.over is not None else ""
        return f"{function}({distinct}{', '.join(args)}{ordering}{nulls}){where}{over}"

    def python(self, function: str, *args: str) -> str:
        """A call of a Python function of `functions.py`."""
        self.expressions.statement.functions.add(function)
        return f"{function}({', '.join(args)})"

    def run(self, rule: Rule | None) -> Typed:
        """The result of the call by its rule."""
        if rule is None:
            raise self.unsupported(f"Function {self.name} is not supported")
        outcome: list[Typed] = []

        def body(sqls: Sequence[str]) -> str:
            args = [replace(arg, sql=sql) for arg, sql in zip(self.args, sqls, strict=True)]
            outcome.append(replace(self, args=args)._apply(rule))
            return outcome[-1].sql

        if self.resolved.signature.kind != "scalar" or any(kind.name == "function" for kind in self.resolved.arguments):
            return self._apply(rule)
        sql = let_all(self.sqls, body)
        return replace(outcome[0], sql=sql)

    def _apply(self, rule: Rule) -> Typed:
        result = rule.format(*self.sqls) if isinstance(rule, str) else rule(self)
        return Typed(result, self.type.at(self._zone())) if isinstance(result, str) else result

    def _zone(self) -> str | None:
        """The zone of the first argument that shows one."""
        return next((arg.type.zone for arg in self.args if arg.type.zone), None)

    def typed(self, sql: str, kind: Type) -> Typed:
        return Typed(sql, kind)

    def retyped(self, index: int, kind: Type) -> Typed:
        return replace(self.args[index], type=kind)


Rule = str | Callable[[Call], str | Typed]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Callable[[Call], str | Typed]], Callable[[Call], str | Typed]]:
    """Make a function the rule of these functions of Trino."""

    def register(function: Callable[[Call], str | Typed]) -> Callable[[Call], str | Typed]:
        for name in names:
            RULES[name] = function
        return function

    return register


from lakelab.cloud.athena.sql.rules import (  # noqa: E402 - the modules below register their rules here
    aggregates,
    arrays,
    binary,
    dates,
    jsons,
    maps,
    maths,
    regexps,
    sql_json,
    strings,
    windows,
)

__all__ = [
    "RULES",
    "Call",
    "aggregates",
    "arrays",
    "binary",
    "dates",
    "jsons",
    "maps",
    "maths",
    "regexps",
    "sql_json",
    "strings",
    "windows",
]
