"""ORDER BY, LIMIT, OFFSET and FETCH."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql.query import Query
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.sorting import direction
from lakelab.cloud.athena.sql.typed import Typed, quote
from lakelab.cloud.athena.sql.types import to_duckdb

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.expressions import Expressions
    from lakelab.cloud.athena.sql.queries import Queries

Output = tuple[Column, Typed]
"""A column of a result and its value."""


@dataclass(frozen=True)
class Limit:
    """LIMIT and OFFSET as DuckDB writes them; `ties` is the number of WITH TIES, which DuckDB does not have."""

    clause: str
    ties: str = ""


@dataclass
class Ordering:
    """What stands behind a query: the order of its rows, and how many of them."""

    queries: Queries

    def keys(
        self,
        node: exp.Expr,
        outputs: list[Output],
        expressions: Expressions,
        *,
        positions: bool = True,
    ) -> str:
        """ORDER BY: positions, then names of the result, then columns of FROM; `positions` may stand for keys."""
        clause = node.args.get("order")
        if clause is None:
            return ""
        columns = [Column(column.name, column.type, value.sql) for column, value in outputs]
        named = Scope([column for column in columns if column.name is not None], expressions.scope, is_order=True)
        parts = []
        for item in clause.expressions:
            key = item.this if isinstance(item, exp.Ordered) else item
            sql = self._key(key, columns, named, outputs, expressions)
            if not positions and sql.isdigit():
                sql = columns[int(sql) - 1].sql
            parts.append(sql + (direction(item) if isinstance(item, exp.Ordered) else ""))
        return " ORDER BY " + ", ".join(parts)

    def _key(
        self,
        key: exp.Expr,
        columns: list[Column],
        named: Scope,
        outputs: list[Output],
        expressions: Expressions,
    ) -> str:
        if isinstance(key, exp.Literal) and not key.is_string and key.this.isdigit():
            number = int(key.this)
            if not 1 <= number <= len(outputs):
                message = f"ORDER BY position {number} is not in select list"
                raise self.queries.error("INVALID_COLUMN_REFERENCE", message, key)
            return str(number)
        met = len(expressions.grouping.outside)
        name = key.name.lower() if isinstance(key, exp.Column) and len(key.parts) == 1 else None
        if name is not None:
            same = [index for index, column in enumerate(columns) if (column.name or "").lower() == name]
            if len({columns[index].sql for index in same}) == 1:
                return str(same[0] + 1)
        value = expressions.within(named).translate(key)
        if value.type.name in ("map", "json", "HyperLogLog") or (
            value.type.name == "row" and any(item.type.name == "map" for item in value.type.fields)
        ):
            raise self.queries.error(
                "TYPE_MISMATCH", f"Type {value.type} is not orderable, and therefore cannot be used in ORDER BY", key
            )
        if any(value.sql == column.sql for column in columns):
            del expressions.grouping.outside[met:]
        return f"CAST({value.sql} AS {to_duckdb(value.type)})" if value.is_literal or value.sql == "NULL" else value.sql

    def limit(self, node: exp.Expr) -> Limit:
        """LIMIT, OFFSET and FETCH FIRST. Raises SqlError for what is no whole number, and for OFFSET after LIMIT."""
        limit, offset = node.args.get("limit"), node.args.get("offset")
        skipped = ""
        if offset is not None:
            if limit is not None and _starts(offset) > _starts(limit):
                raise self.queries.error("SYNTAX_ERROR", "mismatched input 'OFFSET'", offset)
            skipped = f" OFFSET {self._count(offset.expression, 'OFFSET')}"
        if limit is None or _is_all(limit):
            return Limit(skipped)
        options = limit.args.get("limit_options")
        if isinstance(limit, exp.Fetch):
            count = limit.args.get("count")
            number = self._count(count, "LIMIT") if count is not None else "1"
            if options is not None and options.args.get("percent"):
                raise self.queries.error("SYNTAX_ERROR", "mismatched input 'PERCENT'", limit)
            if options is not None and options.args.get("with_ties"):
                if node.args.get("order") is None:
                    raise self.queries.error(
                        "MISSING_ORDER_BY", "FETCH FIRST WITH TIES clause requires ORDER BY", limit
                    )
                return Limit(skipped, ties=number)
            return Limit(f" LIMIT {number}{skipped}")
        if options is not None or limit.args.get("offset") is not None or limit.expressions:
            raise self.queries.error("SYNTAX_ERROR", "mismatched input '%'", limit)
        return Limit(f" LIMIT {self._count(limit.expression, 'LIMIT')}{skipped}")

    def _count(self, node: exp.Expr, what: str) -> str:
        if not isinstance(node, exp.Literal) or node.is_string or not node.this.isdigit():
            raise self.queries.error("SYNTAX_ERROR", f"mismatched input in {what}", node)
        return node.this

    def tail(self, node: exp.Expr, query: Query, outer: Scope | None) -> str:
        """ORDER BY and LIMIT behind a set operation, a parenthesis or VALUES: over its columns alone."""
        columns = [
            Column(column.name, column.type, quote(name))
            for column, name in zip(query.columns, query.stored, strict=True)
        ]
        outputs: list[Output] = [(column, Typed(column.sql, column.type)) for column in columns]
        expressions = self.queries.expressions(Scope(columns, outer))
        limit = self.limit(node)
        return self.ties(limit, node, outputs, expressions) + self.keys(node, outputs, expressions) + limit.clause

    def ties(self, limit: Limit, node: exp.Expr, outputs: list[Output], expressions: Expressions) -> str:
        """`FETCH FIRST n ROWS WITH TIES`: the rows whose rank is within n."""
        if not limit.ties:
            return ""
        keys = self.keys(node, outputs, expressions, positions=False)
        return f" QUALIFY rank() OVER ({keys.strip()}) <= {limit.ties}"


def _is_all(limit: exp.Expr) -> bool:
    """`LIMIT ALL`."""
    count = limit.args.get("expression")
    return isinstance(count, (exp.Column, exp.Var, exp.All)) and count.sql().upper() in ("ALL", "ALL()")


def _starts(node: exp.Expr) -> int:
    return min((item.meta["start"] for item in node.walk() if "start" in item.meta), default=0)
