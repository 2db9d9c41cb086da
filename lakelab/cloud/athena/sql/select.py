"""One SELECT: its FROM, WHERE, GROUP BY, HAVING and the columns of its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.expressions import Expressions, Grouping
from lakelab.cloud.athena.sql.ordering import Ordering, Output
from lakelab.cloud.athena.sql.query import Query, unique_names
from lakelab.cloud.athena.sql.relations import Relations
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.typed import Typed, quote
from lakelab.cloud.athena.sql.types import to_duckdb

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.queries import Queries

_SELECT_PARTS = {
    *("expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "with_", "distinct"),
    *("windows", "laterals", "sample"),
}


@dataclass
class Select:
    """Translates one SELECT. `outer` is the scope around it."""

    queries: Queries
    outer: Scope | None

    def error(self, name: str, message: str, node: exp.Expr) -> SqlError:
        return self.queries.error(name, message, node)

    def translate(self, node: exp.Select) -> Query:
        """One SELECT, with its ORDER BY and LIMIT."""
        self._check_select(node)
        saved = self.queries.windows
        self.queries.windows = {item.name.lower(): item for item in node.args.get("windows") or ()}
        relation = Relations(self.queries, self.outer).build(node)
        scope = Scope(relation.columns, self.outer)
        ordering = Ordering(self.queries)
        expressions = self.queries.expressions(scope)
        where = self._where(node, scope)
        grouping = Grouping()
        expressions.grouping = grouping
        if node.args.get("sample") is not None:
            relation.sql += Relations(self.queries, self.outer).sampling(node.args["sample"])
        items = list(self._star_expanded(node, relation.columns))
        group = self._group(node, items, expressions)
        outputs: list[Output] = []
        for item in items:
            outputs.append(self._output(item, expressions))
        having = ""
        if node.args.get("having") is not None:
            having = " HAVING " + expressions.boolean(node.args["having"].this, "HAVING clause").sql
        order = ordering.keys(node, outputs, expressions)
        if node.args.get("distinct") is not None and order:
            self._check_distinct(node, outputs, expressions)
        self._check_groups(group, having, grouping)
        stored = unique_names([column.name for column, _ in outputs])
        listed = ", ".join(
            f"{conversion.exact(value).sql} AS {quote(name)}" for (_, value), name in zip(outputs, stored, strict=True)
        )
        distinct = "DISTINCT " if node.args.get("distinct") is not None else ""
        source = f" FROM {relation.sql}" if relation.sql else ""
        limit = ordering.limit(node)
        having += ordering.ties(limit, node, outputs, expressions)
        sql = f"SELECT {distinct}{listed}{source}{where}{group}{having}{order}{limit.clause}"
        self.queries.windows = saved
        return Query(sql, [column for column, _ in outputs], stored)

    def _check_select(self, node: exp.Select) -> None:
        extra = {key for key, value in node.args.items() if value} - _SELECT_PARTS
        distinct = node.args.get("distinct")
        if extra or not node.expressions or (distinct is not None and distinct.args.get("on")):
            if "match" in extra:
                raise self.error("NOT_SUPPORTED", "MATCH_RECOGNIZE is not supported in the local Athena", node)
            what = min(extra) if extra else "ON" if distinct is not None else "FROM"
            raise self.error("SYNTAX_ERROR", f"mismatched input '{what}'", node)

    def _check_distinct(self, node: exp.Select, outputs: list[Output], expressions: Expressions) -> None:
        shown = {value.sql for _, value in outputs}
        columns = [Column(column.name, column.type, value.sql) for column, value in outputs if column.name]
        named = expressions.within(Scope(columns, expressions.scope))
        for item in node.args["order"].expressions:
            key = item.this if isinstance(item, exp.Ordered) else item
            is_position = isinstance(key, exp.Literal) and not key.is_string
            if not is_position and named.translate(key).sql not in shown:
                message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
                raise self.error("EXPRESSION_NOT_IN_DISTINCT", message, node)

    def _where(self, node: exp.Select, scope: Scope) -> str:
        clause = node.args.get("where")
        if clause is None:
            return ""
        expressions = self.queries.expressions(scope)
        expressions.clause = "WHERE clause"
        return " WHERE " + expressions.boolean(clause.this, "WHERE clause").sql

    def _star_expanded(self, node: exp.Select, columns: list[Column]) -> Iterator[exp.Expr | Column]:
        """The items of SELECT, `*` and `t.*` replaced by the columns that they mean."""
        for item in node.expressions:
            if isinstance(item, exp.Star):
                if item.args.get("except_") or item.args.get("replace") or item.args.get("rename"):
                    raise self.error("SYNTAX_ERROR", "mismatched input '('", item)
                if not node.args.get("from_"):
                    raise self.error("COLUMN_NOT_FOUND", "SELECT * not allowed in queries without FROM clause", item)
                yield from (column for column in columns if not column.hidden)
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                yield from self._qualified_star(item, columns)
            elif isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
                yield item
            else:
                yield item

    def _qualified_star(self, node: exp.Column, columns: list[Column]) -> list[Column]:
        if node.this.args.get("except_") or node.this.args.get("replace"):
            raise self.error("SYNTAX_ERROR", "mismatched input '('", node)
        names = [part.name.lower() for part in node.parts[:-1]]
        found = [
            column
            for column in columns
            if not column.hidden and [part.lower() for part in column.qualifier[-len(names) :]] == names
        ]
        if not found:
            raise self.error("TABLE_NOT_FOUND", f"Unable to resolve reference {'.'.join(names)}", node)
        return found

    def _output(self, item: exp.Expr | Column, expressions: Expressions) -> Output:
        """One column of the result: its name and type, and its value."""
        if isinstance(item, Column):
            if item.sql not in expressions.grouping.keys:
                expressions.grouping.outside.append((exp.column(item.name or "*"), item.name or ""))
            return Column(item.name, item.type, ""), Typed(item.sql, item.type)
        inner = item.this if isinstance(item, exp.Alias) else item
        if isinstance(item, exp.Aliases):
            raise self.error("SYNTAX_ERROR", "mismatched input '('", item)
        value = expressions.translate(inner)
        name = item.alias if isinstance(item, exp.Alias) else _name_of(inner)
        return Column(name, value.type, ""), value

    def _group(self, node: exp.Select, items: list[exp.Expr | Column], expressions: Expressions) -> str:
        """GROUP BY, its keys remembered: an expression outside of aggregates must be made of them."""
        group = node.args.get("group")
        if group is None:
            return ""
        if group.args.get("all") or group.args.get("totals"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'ALL'", group)
        inner = replace(expressions, grouping=Grouping(), clause="GROUP BY clause")
        parts = [self._key(item, items, inner, expressions) for item in group.expressions]
        for kind in ("cube", "rollup", "grouping_sets"):
            for clause in group.args.get(kind) or ():
                parts.append(self._grouping_set(clause, items, inner, expressions))
        return " GROUP BY " + ", ".join(part for part in parts if part) if any(parts) else " GROUP BY ()"

    def _key(self, node: exp.Expr, items: list[exp.Expr | Column], inner: Expressions, expressions: Expressions) -> str:
        if isinstance(node, (exp.GroupingSets, exp.Rollup, exp.Cube)):
            return self._grouping_set(node, items, inner, expressions)
        if isinstance(node, exp.Tuple):
            keys = [self._key(item, items, inner, expressions) for item in node.expressions]
            return f"({', '.join(keys)})" if keys else "()"
        if isinstance(node, exp.Paren) and not isinstance(node.this, exp.Query):
            return self._key(node.this, items, inner, expressions)
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
            number = int(node.name)
            if not 1 <= number <= len(items):
                raise self.error("INVALID_COLUMN_REFERENCE", f"GROUP BY position {number} is not in select list", node)
            item = items[number - 1]
            if isinstance(item, Column):
                value = Typed(item.sql, item.type)
            else:
                value = inner.translate(item.this if isinstance(item, exp.Alias) else item)
        else:
            value = inner.translate(node)
        if value.type.name in ("HyperLogLog",):
            raise self.error(
                "TYPE_MISMATCH", f"{value.type} is not comparable, and therefore cannot be used in GROUP BY", node
            )
        expressions.grouping.keys[value.sql] = value.sql
        # DuckDB takes a bare number for a position
        return f"CAST({value.sql} AS {to_duckdb(value.type)})" if value.is_literal or value.sql == "NULL" else value.sql

    def _grouping_set(
        self, node: exp.Expr, items: list[exp.Expr | Column], inner: Expressions, expressions: Expressions
    ) -> str:
        keys = [self._key(item, items, inner, expressions) or "()" for item in node.expressions]
        name = {exp.GroupingSets: "GROUPING SETS", exp.Rollup: "ROLLUP", exp.Cube: "CUBE"}[type(node)]
        if name == "GROUPING SETS":
            keys = [key if key.startswith(("(", "ROLLUP", "CUBE")) else f"({key})" for key in keys]
        return f"{name} ({', '.join(keys)})"

    def _check_groups(self, group: str, having: str, grouping: Grouping) -> None:
        if (group or having or grouping.aggregates) and grouping.outside:
            node, name = grouping.outside[0]
            message = f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
            raise self.error("EXPRESSION_NOT_AGGREGATE", message, node)


def _name_of(node: exp.Expr) -> str | None:
    """The name that a column of the result takes from its expression; None for `_col0`."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier) and _name_of(node.this) is not None:
        return node.expression.name
    return None
