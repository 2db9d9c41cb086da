"""Queries: WITH, SELECT, set operations, VALUES, and subqueries inside expressions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.calls import direction
from lakelab.cloud.athena.sql.coercion import common_of, common_type
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.expressions import Expressions, Grouping, Statement
from lakelab.cloud.athena.sql.parser import position
from lakelab.cloud.athena.sql.relations import Relations
from lakelab.cloud.athena.sql.schema import Schema, TableName
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.typed import Typed, boolean, quote, text
from lakelab.cloud.athena.sql.types import Type, field_names, to_duckdb

@dataclass
class Query:
    """A translated query. `stored` are the names of its columns in DuckDB, which may repeat in `columns`.

    `names_stored` says whether the SQL itself gives the columns these names.
    """

    sql: str
    columns: list[Column]
    stored: list[str]
    names_stored: bool = True


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
                    result = self.select(node, outer)
                case exp.SetOperation():
                    result = self.set_operation(node, outer)
                case exp.Values():
                    result = self.values(node, outer)
                case exp.Subquery():
                    result = self._wrapped(node, outer)
                case exp.Table():
                    result = self.select(exp.select("*").from_(node), outer)
                case _:
                    raise self.error("SYNTAX_ERROR", f"mismatched input '{node.key}'", node)
        finally:
            if ctes is not None:
                self.with_queries.pop()
        return replace(result, sql=prefix + result.sql) if prefix else result

    def _wrapped(self, node: exp.Subquery, outer: Scope | None) -> Query:
        """A query in parentheses, with an ORDER BY or LIMIT of its own outside them."""
        inner = self.query(node.this, outer)
        tail = self._tail(node, inner, outer)
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
                    message = f"Column alias list has {len(renamed)} entries but WITH query '{name}' has {len(query.columns)} columns"
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
            for alias, column, stored in zip(renamed, base.columns, _unique_names(renamed), strict=True)
        ]
        self.with_queries[-1][name.lower()] = _WithQuery(unique, columns)
        step = self.query(node.expression, outer)
        for index, (column, found) in enumerate(zip(columns, step.columns, strict=True)):
            if common_type(column.type, found.type) is None:
                message = f"recursion step relation output type ({found.type}) is not coercible to recursion base relation output type ({column.type}) at column {index + 1}"
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
        tail = self._tail(node, result, outer)
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
        tail = self._tail(node, result, outer)
        return replace(result, sql=sql + tail) if tail else result

    # --- subqueries in expressions -----------------------------------------------------------------------------------

    def _single_column(self, node: exp.Expr, expressions: Expressions) -> Query:
        query = self.query(node, expressions.scope)
        if len(query.columns) != 1:
            message = f"Multiple columns returned by subquery are not yet supported. Found {len(query.columns)}"
            raise self.error("NOT_SUPPORTED", message, node)
        return query

    def scalar(self, expressions: Expressions, node: exp.Subquery) -> Typed:
        """A subquery as a value; more than one row is an error."""
        inner = node.this if not any(node.args.get(key) for key in ("order", "limit", "offset", "with_")) else node
        if len(getattr(inner, "selects", [None])) > 1:
            query = self.query(inner, expressions.scope)
            kind = Type("row", fields=tuple(_field(column) for column in query.columns))
            packed = ", ".join(
                f"{quote(column.name or f'field{index}')} := {quote(name)}"
                for index, (column, name) in enumerate(zip(query.columns, query.stored, strict=True))
            )
            return Typed(f"(SELECT struct_pack({packed}) FROM ({query.sql}))", kind)
        query = self._single_column(inner, expressions)
        return Typed(f"({query.sql})", query.columns[0].type)

    def exists(self, expressions: Expressions, node: exp.Exists) -> Typed:
        return boolean(f"EXISTS ({self.query(node.this, expressions.scope).sql})")

    def in_query(self, expressions: Expressions, value: exp.Expr, query: exp.Expr, node: exp.Expr) -> Typed:
        item = expressions.translate(value)
        inner = query.this if isinstance(query, exp.Subquery) else query
        found = self.query(inner, expressions.scope)
        if item.type.name == "row" and len(found.columns) == len(item.type.fields) > 1:
            names = ", ".join(f"struct_extract({item.sql}, {text(name)})" for name in field_names(item.type))
            return boolean(f"(({names}) IN ({found.sql}))")
        found = self._single_column(inner, expressions) if len(found.columns) != 1 else found
        kind = common_type(item.type, found.columns[0].type)
        if kind is None:
            message = f"Value expression and result of subquery must be of the same type: {item.type} vs {found.columns[0].type}"
            raise self.error("TYPE_MISMATCH", message, node)
        return boolean(f"({conversion.operand(item, kind).sql} IN ({found.sql}))")

    def quantified(
        self, expressions: Expressions, value: exp.Expr, symbol: str, node: exp.Expr, whole: exp.Expr
    ) -> Typed:
        """`x = ANY (query)`, `x < ALL (query)`."""
        item = expressions.translate(value)
        inner = node.this
        while isinstance(inner, (exp.Subquery, exp.Paren)):
            inner = inner.this
        query = self._single_column(inner, expressions)
        if common_type(item.type, query.columns[0].type) is None:
            message = f"Value expression and result of subquery must be of the same type: {item.type} vs {query.columns[0].type}"
            raise self.error("TYPE_MISMATCH", message, whole)
        which = "ALL" if isinstance(node, exp.All) else "ANY"
        return boolean(f"({item.sql} {symbol} {which} ({query.sql}))")

def _field(column: Column):
    from lakelab.cloud.athena.sql.types import Field

    return Field(column.name, column.type)


def _name_of(node: exp.Expr) -> str | None:
    """The name that a column of the result takes from its expression; None for `_col0`."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier) and _name_of(node.this) is not None:
        return node.expression.name
    return None


def _unique_names(names: list[str | None]) -> list[str]:
    """Names for DuckDB: `_col0` for a column without one, and a number added to one that repeats."""
    result: list[str] = []
    seen: set[str] = set()
    for index, name in enumerate(names):
        candidate = base = name or f"_col{index}"
        number = 1
        while candidate.lower() in seen:
            number += 1
            candidate = f"{base}_{number}"
        seen.add(candidate.lower())
        result.append(candidate)
    return result


def _mentions(node: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name.lower() and not table.args.get("db") for table in node.find_all(exp.Table))
