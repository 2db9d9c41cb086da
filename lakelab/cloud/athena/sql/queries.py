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

_SELECT_PARTS = {
    *("expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "with_", "distinct"),
    *("windows", "laterals", "sample"),
}


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

    # --- SELECT ----------------------------------------------------------------------------------------------------

    def select(self, node: exp.Select, outer: Scope | None) -> Query:
        """One SELECT, with its ORDER BY and LIMIT."""
        self._check_select(node)
        saved = self.windows
        self.windows = {item.name.lower(): item for item in node.args.get("windows") or ()}
        relation = Relations(self, outer).build(node)
        scope = Scope(relation.columns, outer)
        expressions = self.expressions(scope)
        where = self._where(node, scope)
        grouping = Grouping()
        expressions.grouping = grouping
        if node.args.get("sample") is not None:
            relation.sql += Relations(self, outer).sampling(node.args["sample"])
        items = list(self._star_expanded(node, relation.columns))
        group = self._group(node, items, expressions)
        outputs: list[tuple[Column, Typed, exp.Expr | None]] = []
        for index, item in enumerate(items):
            outputs.append(self._output(index, item, expressions))
        having = ""
        if node.args.get("having") is not None:
            having = " HAVING " + expressions.boolean(node.args["having"].this, "HAVING clause").sql
        order = self._order(node, outputs, expressions)
        if node.args.get("distinct") is not None and order:
            self._check_distinct(node, outputs, expressions)
        self._check_groups(group, having, grouping)
        stored = _unique_names([column.name for column, _, __ in outputs])
        listed = ", ".join(
            f"{conversion.exact(value).sql} AS {quote(name)}"
            for (_, value, __), name in zip(outputs, stored, strict=True)
        )
        distinct = "DISTINCT " if node.args.get("distinct") is not None else ""
        source = f" FROM {relation.sql}" if relation.sql else ""
        limit = self._limit(node)
        if limit.startswith(" TIES "):
            count = limit.removeprefix(" TIES ")
            limit = ""
            having += (
                f" QUALIFY rank() OVER ({self._order(node, outputs, expressions, positions=False).strip()}) <= {count}"
            )
        sql = f"SELECT {distinct}{listed}{source}{where}{group}{having}{order}{limit}"
        self.windows = saved
        return Query(sql, [column for column, _, __ in outputs], stored)

    def _check_select(self, node: exp.Select) -> None:
        extra = {key for key, value in node.args.items() if value} - _SELECT_PARTS
        distinct = node.args.get("distinct")
        if extra or not node.expressions or (distinct is not None and distinct.args.get("on")):
            if "match" in extra:
                raise self.error("NOT_SUPPORTED", "MATCH_RECOGNIZE is not supported in the local Athena", node)
            what = min(extra) if extra else "ON" if distinct is not None else "FROM"
            raise self.error("SYNTAX_ERROR", f"mismatched input '{what}'", node)

    def _check_distinct(
        self, node: exp.Select, outputs: list[tuple[Column, Typed, exp.Expr | None]], expressions: Expressions
    ) -> None:
        shown = {value.sql for _, value, __ in outputs}
        keys = self._order(node, outputs, expressions, positions=False).removeprefix(" ORDER BY ")
        for item in node.args["order"].expressions:
            key = item.this if isinstance(item, exp.Ordered) else item
            named = Scope(
                [Column(column.name, column.type, value.sql) for column, value, _ in outputs if column.name],
                expressions.scope,
            )
            if (
                keys
                and not (isinstance(key, exp.Literal) and not key.is_string)
                and expressions.within(named).translate(key).sql not in shown
            ):
                message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
                raise self.error("EXPRESSION_NOT_IN_DISTINCT", message, node)

    def _where(self, node: exp.Select, scope: Scope) -> str:
        clause = node.args.get("where")
        if clause is None:
            return ""
        expressions = self.expressions(scope)
        expressions.clause = "WHERE clause"
        return " WHERE " + expressions.boolean(clause.this, "WHERE clause").sql

    def _star_expanded(self, node: exp.Select, columns: list[Column]):
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

    def _output(
        self, index: int, item: exp.Expr | Column, expressions: Expressions
    ) -> tuple[Column, Typed, exp.Expr | None]:
        """One column of the result: its name and type, its value, and the node that it came from."""
        if isinstance(item, Column):
            if item.sql not in expressions.grouping.keys:
                expressions.grouping.outside.append((exp.column(item.name or "*"), item.name or ""))
            return Column(item.name, item.type, ""), Typed(item.sql, item.type), None
        inner = item.this if isinstance(item, exp.Alias) else item
        if isinstance(item, exp.Aliases):
            raise self.error("SYNTAX_ERROR", "mismatched input '('", item)
        value = expressions.translate(inner)
        name = item.alias if isinstance(item, exp.Alias) else _name_of(inner)
        return Column(name, value.type, ""), value, inner

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
        if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit():
            number = int(node.this)
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
            keys = [key if key.startswith("(") or key.startswith(("ROLLUP", "CUBE")) else f"({key})" for key in keys]
        return f"{name} ({', '.join(keys)})"

    def _check_groups(self, group: str, having: str, grouping: Grouping) -> None:
        if (group or having or grouping.aggregates) and grouping.outside:
            node, name = grouping.outside[0]
            message = f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
            raise self.error("EXPRESSION_NOT_AGGREGATE", message, node)

    def _order(
        self,
        node: exp.Expr,
        outputs: list[tuple[Column, Typed, exp.Expr | None]],
        expressions: Expressions,
        *,
        positions: bool = True,
    ) -> str:
        """ORDER BY: positions, then names of the result, then columns of FROM. `positions` may stand for the keys."""
        clause = node.args.get("order")
        if clause is None:
            return ""
        columns = [Column(column.name, column.type, value.sql) for column, value, _ in outputs]
        named = Scope([column for column in columns if column.name is not None], expressions.scope)
        parts = []
        for item in clause.expressions:
            key = item.this if isinstance(item, exp.Ordered) else item
            sql = self._order_key(key, columns, named, outputs, expressions)
            if not positions and sql.isdigit():
                sql = columns[int(sql) - 1].sql
            parts.append(sql + (direction(item) if isinstance(item, exp.Ordered) else ""))
        return " ORDER BY " + ", ".join(parts)

    def _order_key(
        self,
        key: exp.Expr,
        columns: list[Column],
        named: Scope,
        outputs: list[tuple[Column, Typed, exp.Expr | None]],
        expressions: Expressions,
    ) -> str:
        if isinstance(key, exp.Literal) and not key.is_string and key.this.isdigit():
            number = int(key.this)
            if not 1 <= number <= len(outputs):
                raise self.error("INVALID_COLUMN_REFERENCE", f"ORDER BY position {number} is not in select list", key)
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
            raise self.error(
                "TYPE_MISMATCH", f"Type {value.type} is not orderable, and therefore cannot be used in ORDER BY", key
            )
        if any(value.sql == column.sql for column in columns):
            del expressions.grouping.outside[met:]
        return f"CAST({value.sql} AS {to_duckdb(value.type)})" if value.is_literal or value.sql == "NULL" else value.sql

    def _limit(self, node: exp.Expr) -> str:
        limit, offset = node.args.get("limit"), node.args.get("offset")
        clause = ""
        if isinstance(limit, exp.Fetch):
            options = limit.args.get("limit_options")
            count = limit.args.get("count")
            number = self._count(count, "LIMIT") if count is not None else "1"
            if options is not None and options.args.get("percent"):
                raise self.error("SYNTAX_ERROR", "mismatched input 'PERCENT'", limit)
            if options is not None and options.args.get("with_ties"):
                if node.args.get("order") is None:
                    raise self.error("MISSING_ORDER_BY", "FETCH FIRST WITH TIES clause requires ORDER BY", limit)
                return f" TIES {number}"
            clause = f" LIMIT {number}"
        elif limit is not None:
            options = limit.args.get("limit_options")
            if options is not None or limit.args.get("offset") is not None or limit.expressions:
                raise self.error("SYNTAX_ERROR", "mismatched input '%'", limit)
            if not (
                isinstance(limit.expression, (exp.Column, exp.Var, exp.All))
                and limit.expression.sql().upper() in ("ALL", "ALL()")
            ):
                clause = f" LIMIT {self._count(limit.expression, 'LIMIT')}"
        if offset is not None:
            if limit is not None and _starts(offset) > _starts(limit):
                raise self.error("SYNTAX_ERROR", "mismatched input 'OFFSET'", offset)
            clause += f" OFFSET {self._count(offset.expression, 'OFFSET')}"
        return clause

    def _count(self, node: exp.Expr, what: str) -> str:
        if not isinstance(node, exp.Literal) or node.is_string or not node.this.isdigit():
            raise self.error("SYNTAX_ERROR", f"mismatched input in {what}", node)
        return node.this

    def _tail(self, node: exp.Expr, query: Query, outer: Scope | None) -> str:
        """ORDER BY and LIMIT behind a set operation, a parenthesis or VALUES: over its columns alone."""
        columns = [
            Column(column.name, column.type, quote(name))
            for column, name in zip(query.columns, query.stored, strict=True)
        ]
        outputs: list[tuple[Column, Typed, exp.Expr | None]] = [
            (column, Typed(column.sql, column.type), None) for column in columns
        ]
        order = self._order(node, outputs, self.expressions(Scope(columns, outer)))
        limit = self._limit(node)
        if limit.startswith(" TIES "):
            keys = self._order(node, outputs, self.expressions(Scope(columns, outer)), positions=False)
            return f" QUALIFY rank() OVER ({keys.strip()}) <= {limit.removeprefix(' TIES ')}{order}"
        return order + limit

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

    # --- windows -----------------------------------------------------------------------------------------------------

    def window(self, expressions: Expressions, node: exp.Window) -> str:
        """What stands in OVER (…), a named window resolved."""
        partition = list(node.args.get("partition_by") or ())
        order, spec = node.args.get("order"), node.args.get("spec")
        name = node.args.get("alias")
        while name is not None:
            base = self.windows.get(name.name.lower())
            if base is None:
                raise self.error("INVALID_WINDOW_REFERENCE", f"Cannot resolve WINDOW name {name.name}", node)
            partition = partition or list(base.args.get("partition_by") or ())
            order, spec = order or base.args.get("order"), spec or base.args.get("spec")
            name = base.args.get("alias") if isinstance(base.args.get("alias"), exp.Identifier) else None
        parts = []
        if partition:
            parts.append("PARTITION BY " + ", ".join(expressions.translate(item).sql for item in partition))
        if order is not None:
            keys = []
            for item in order.expressions:
                key = expressions.translate(item.this if isinstance(item, exp.Ordered) else item)
                keys.append(key.sql + (direction(item) if isinstance(item, exp.Ordered) else ""))
            parts.append("ORDER BY " + ", ".join(keys))
        if spec is not None:
            parts.append(self._frame(expressions, spec))
        return " ".join(parts)

    def _frame(self, expressions: Expressions, spec: exp.WindowSpec) -> str:
        def bound(value: object, side: object) -> str:
            if isinstance(value, exp.Expr):
                return f"{expressions.translate(value).sql} {str(side).upper()}"
            return f"{str(value).upper()} {str(side or '').upper()}".strip()

        if spec.args.get("exclude"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'EXCLUDE'", spec)
        start = bound(spec.args.get("start"), spec.args.get("start_side"))
        kind = str(spec.args.get("kind")).upper()
        end = bound(spec.args["end"], spec.args.get("end_side")) if spec.args.get("end") else "CURRENT ROW"
        return f"{kind} BETWEEN {start} AND {end}"


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


def _starts(node: exp.Expr) -> int:
    return min((item.meta["start"] for item in node.walk() if "start" in item.meta), default=0)


def _mentions(node: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name.lower() and not table.args.get("db") for table in node.find_all(exp.Table))
