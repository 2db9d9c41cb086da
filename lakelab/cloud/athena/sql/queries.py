"""Queries: WITH, SELECT, set operations, VALUES, and subqueries inside expressions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.coercion import common_of, common_type
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.expressions import Expressions, Statement
from lakelab.cloud.athena.sql.ordering import Ordering
from lakelab.cloud.athena.sql.parser import position
from lakelab.cloud.athena.sql.query import Query, unique_names
from lakelab.cloud.athena.sql.schema import Schema, TableName
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.select import Select
from lakelab.cloud.athena.sql.typed import Typed, quote
from lakelab.cloud.athena.sql.types import Type, to_duckdb


@dataclass
class _WithQuery:
    """A name of WITH: `sql` is its name in DuckDB."""

    sql: str
    columns: list[Column]


@dataclass
class Queries:
    """Translates the queries of one statement."""

    statement: Statement
    schema: Schema
    with_queries: list[dict[str, _WithQuery]] = field(default_factory=list)
    windows: dict[str, exp.Window] = field(default_factory=dict)

    def error(self, name: str, message: str, node: exp.Expr) -> SqlError:
        line, column = position(node, self.statement.sql)
        return SqlError(name, message, line, column)

    def expressions(self, scope: Scope) -> Expressions:
        return Expressions(self.statement, self, scope)

    def with_query(self, name: str) -> _WithQuery | None:
        """The query of WITH that a name means, innermost first."""
        for names in reversed(self.with_queries):
            if name.lower() in names:
                return names[name.lower()]
        return None

    def table_name(self, node: exp.Table) -> TableName:
        catalog = node.args.get("catalog")
        database = node.args.get("db")
        return TableName(
            (catalog.name if catalog is not None else self.statement.catalog).lower(),
            (database.name if database is not None else self.statement.database).lower(),
            node.name.lower(),
        )

    # --- queries ---------------------------------------------------------------------------------------------------

    def query(self, node: exp.Expr, outer: Scope | None) -> Query:
        """Any query. `outer` is the scope around it, for correlated subqueries."""
        prefix = ""
        ctes = node.args.get("with_")
        if ctes is not None:
            self.with_queries.append({})
            prefix = self._with(ctes, outer)
        try:
            match node:
                case exp.Select():
                    result = Select(self, outer).translate(node)
                case exp.SetOperation():
                    result = self.set_operation(node, outer)
                case exp.Values():
                    result = self.values(node, outer)
                case exp.Subquery():
                    result = self._wrapped(node, outer)
                case exp.Table():
                    result = Select(self, outer).translate(exp.select("*").from_(node))
                case _:
                    raise self.error("SYNTAX_ERROR", f"mismatched input '{node.key}'", node)
        finally:
            if ctes is not None:
                self.with_queries.pop()
        return replace(result, sql=prefix + result.sql) if prefix else result

    def _wrapped(self, node: exp.Subquery, outer: Scope | None) -> Query:
        """A query in parentheses, with an ORDER BY or LIMIT of its own outside them."""
        inner = self.query(node.this, outer)
        tail = Ordering(self).tail(node, inner, outer)
        if not tail:
            return inner
        return replace(inner, sql=f"SELECT * FROM ({inner.sql}){tail}")

    def _with(self, node: exp.With, outer: Scope | None) -> str:
        parts = []
        recursive = bool(node.args.get("recursive"))
        if node.args.get("search") or node.args.get("cycle"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'SEARCH'", node)
        for cte in node.expressions:
            if cte.args.get("materialized") is not None or not isinstance(cte.this, (exp.Query, exp.Values)):
                raise self.error("SYNTAX_ERROR", "mismatched input 'MATERIALIZED'", cte)
            name = cte.alias
            if name.lower() in self.with_queries[-1]:
                raise self.error("DUPLICATE_NAMED_QUERY", f"WITH query name '{name}' specified more than once", cte)
            unique = self.statement.unique(name)
            renamed = [item.name for item in cte.args["alias"].args.get("columns") or ()]
            if recursive and isinstance(cte.this, exp.Union) and _mentions(cte.this.expression, name):
                sql, columns = self._recursive(cte.this, name, unique, renamed, outer)
            else:
                query = self.query(cte.this, outer)
                if renamed and len(renamed) != len(query.columns):
                    count = len(query.columns)
                    message = (
                        f"Column alias list has {len(renamed)} entries but WITH query '{name}' has {count} columns"
                    )
                    raise self.error("MISMATCHED_COLUMN_ALIASES", message, cte)
                columns = [
                    Column(renamed[index] if renamed else column.name, column.type, quote(stored))
                    for index, (column, stored) in enumerate(zip(query.columns, query.stored, strict=True))
                ]
                sql = query.sql
            listed = ", ".join(column.sql for column in columns)
            self.with_queries[-1][name.lower()] = _WithQuery(unique, columns)
            parts.append(f"{quote(unique)}({listed}) AS ({sql})")
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "

    def _recursive(
        self, node: exp.Union, name: str, unique: str, renamed: list[str], outer: Scope | None
    ) -> tuple[str, list[Column]]:
        if not renamed:
            raise self.error("MISSING_COLUMN_ALIASES", "missing column aliases in recursive WITH query", node)
        base = self.query(node.this, outer)
        columns = [
            Column(alias, column.type, quote(stored))
            for alias, column, stored in zip(renamed, base.columns, unique_names(renamed), strict=True)
        ]
        self.with_queries[-1][name.lower()] = _WithQuery(unique, columns)
        step = self.query(node.expression, outer)
        for index, (column, found) in enumerate(zip(columns, step.columns, strict=True)):
            if common_type(column.type, found.type) is None:
                message = (
                    f"recursion step relation output type ({found.type}) is not coercible to recursion base relation "
                    f"output type ({column.type}) at column {index + 1}"
                )
                raise self.error("TYPE_MISMATCH", message, node)
        kinds = [column.type for column in columns]
        union = "UNION ALL" if not node.args.get("distinct") else "UNION"
        return f"{self._typed_as(base, kinds, force=True)} {union} {self._typed_as(step, kinds, force=True)}", columns

    # --- set operations and VALUES ---------------------------------------------------------------------------------

    def set_operation(self, node: exp.SetOperation, outer: Scope | None) -> Query:
        if node.args.get("by_name") or node.args.get("on") or node.args.get("side") or node.args.get("kind"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'BY'", node)
        left, right = self.query(node.left, outer), self.query(node.right, outer)
        name = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}[type(node)]
        if len(left.columns) != len(right.columns):
            message = f"{name} query has different number of fields: {len(left.columns)}, {len(right.columns)}"
            raise self.error("TYPE_MISMATCH", message, node)
        kinds = []
        for index, (a, b) in enumerate(zip(left.columns, right.columns, strict=True)):
            kind = common_type(a.type, b.type)
            if kind is None:
                message = f"column {index + 1} in {name} query has incompatible types: {a.type}, {b.type}"
                raise self.error("TYPE_MISMATCH", message, node)
            kinds.append(kind)
        every = "" if node.args.get("distinct") else " ALL"
        sql = f"{self._typed_as(left, kinds)} {name}{every} {self._typed_as(right, kinds)}"
        columns = [Column(column.name, kind, "") for column, kind in zip(left.columns, kinds, strict=True)]
        result = Query(sql, columns, left.stored)
        tail = Ordering(self).tail(node, result, outer)
        return replace(result, sql=f"SELECT * FROM ({sql}){tail}") if tail else result

    def _typed_as(self, query: Query, kinds: list[Type], *, force: bool = False) -> str:
        """The query in parentheses, its columns converted to these types."""
        if all(
            to_duckdb(column.type) == to_duckdb(kind) and column.type.name != "unknown"
            for column, kind in zip(query.columns, kinds, strict=True)
        ):
            return f"({query.sql})"
        converted = [
            conversion.exact(conversion.coerce(Typed(quote(name), column.type), kind)).sql + f" AS {quote(name)}"
            for column, name, kind in zip(query.columns, query.stored, kinds, strict=True)
        ]
        return f"(SELECT {', '.join(converted)} FROM ({query.sql}))"

    def values(self, node: exp.Values, outer: Scope | None) -> Query:
        expressions = self.expressions(Scope(parent=outer))
        expressions.clause = "VALUES clause"
        rows = []
        for item in node.expressions:
            parts = item.expressions if isinstance(item, exp.Tuple) else [item]
            rows.append(
                [
                    expressions.translate(part.this if isinstance(part, exp.Paren) and len(parts) == 1 else part)
                    for part in parts
                ]
            )
        if len({len(row) for row in rows}) != 1:
            raise self.error("TYPE_MISMATCH", "Values rows have mismatched sizes", node)
        kinds: list[Type] = []
        for column in zip(*rows, strict=True):
            kind = common_of([item.type for item in column])
            if kind is None:
                shown = " vs ".join(dict.fromkeys(str(item.type) for item in column))
                raise self.error("TYPE_MISMATCH", f"Values rows have mismatched types: {shown}", node)
            kinds.append(kind)
        lines = (
            "("
            + ", ".join(
                conversion.exact(conversion.coerce(item, kind)).sql for item, kind in zip(row, kinds, strict=True)
            )
            + ")"
            for row in rows
        )
        stored = [f"_col{index}" for index in range(len(kinds))]
        sql = f"SELECT * FROM (VALUES {', '.join(lines)}) AS v({', '.join(map(quote, stored))})"
        result = Query(sql, [Column(None, kind, "") for kind in kinds], stored)
        tail = Ordering(self).tail(node, result, outer)
        return replace(result, sql=sql + tail) if tail else result


def _mentions(node: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name.lower() and not table.args.get("db") for table in node.find_all(exp.Table))
