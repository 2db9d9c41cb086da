"""What stands in FROM: tables, joins, subqueries, UNNEST, VALUES."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.coercion import common_type
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.typed import Typed, quote, text
from lakelab.cloud.athena.sql.types import BIGINT, Type, TypeNameError, field_names, parse_type

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.queries import Queries

_TABLE_PARTS = {"this", "db", "catalog", "alias", "joins", "sample", "laterals"}
_SAMPLING = {"BERNOULLI", "SYSTEM"}


@dataclass
class Relation:
    """A piece of FROM: its SQL, and the columns that it offers, in order."""

    sql: str
    columns: list[Column] = field(default_factory=list)


@dataclass
class Relations:
    """Builds the FROM of one SELECT. `outer` is the scope around the query."""

    queries: Queries
    outer: Scope | None

    def error(self, name: str, message: str, node: exp.Expr) -> SqlError:
        return self.queries.error(name, message, node)

    def build(self, select: exp.Select) -> Relation:
        """The relation of `FROM a, b JOIN c ON …`."""
        source = select.args.get("from_")
        if source is None:
            return Relation("")
        relation = self.single(source.this, None)
        for join in select.args.get("joins") or ():
            relation = self.join(relation, join)
        if select.args.get("laterals"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'LATERAL'", select.args["laterals"][0])
        return relation

    def single(self, node: exp.Expr, left: Relation | None) -> Relation:
        """One relation; `left` is what a lateral one can refer to."""
        match node:
            case exp.Table():
                relation = self.table(node)
            case exp.Subquery():
                relation = self.subquery(node)
            case exp.Lateral():
                relation = self.lateral(node, left)
            case exp.Unnest():
                relation = self.unnest(node, left)
            case exp.Values():
                relation = self.values(node)
            case exp.Paren():
                relation = self.single(node.this, left)
            case _:
                raise self.error("SYNTAX_ERROR", f"mismatched input '{node.key}'", node)
        for join in node.args.get("joins") or ():
            relation = self.join(relation, join)
        if node.args.get("joins"):
            relation = Relation(f"({relation.sql})", relation.columns)
        return relation

    # --- tables ----------------------------------------------------------------------------------------------------

    def table(self, node: exp.Table) -> Relation:
        if isinstance(node.this, exp.Anonymous):
            return self.table_function(node)
        extra = {key for key, value in node.args.items() if value} - _TABLE_PARTS
        if extra or not isinstance(node.this, exp.Identifier):
            if "version" in extra or "when" in extra:
                raise self.error("NOT_SUPPORTED", "This connector does not support versioned tables", node)
            raise self.error("SYNTAX_ERROR", f"mismatched input '{node.name}'", node)
        query = self.queries.with_query(node.name) if not node.args.get("db") else None
        if query is not None:
            columns = [(column.name, column.type, column.sql, False) for column in query.columns]
            return self.alias(quote(query.sql), columns, node, (node.name,))
        name = self.queries.table_name(node)
        known = self.queries.schema.columns(name)
        if known is None and self.queries.schema.lacks_database(name.catalog, name.database):
            raise self.error("SCHEMA_NOT_FOUND", f"Schema '{name.database}' does not exist", node)
        if known is None:
            shown = ".".join(part.lower() for part in name)
            raise self.error("TABLE_NOT_FOUND", f"Table '{shown}' does not exist", node)
        columns: list[tuple[str | None, Type, str, bool]] = [
            (column, self._type(kind, column), quote(column), column.startswith("$")) for column, kind in known.items()
        ]
        sql = ".".join(quote(part) for part in name)
        return self.alias(sql, columns, node, tuple(name))

    def _type(self, text_: str, column: str) -> Type:
        try:
            return parse_type(text_)
        except TypeNameError as error:
            raise SqlError("INVALID_TABLE_PROPERTY", f"column {column}: {error}") from error

    def alias(
        self,
        sql: str,
        columns: list[tuple[str | None, Type, str, bool]],
        node: exp.Expr,
        qualifier: tuple[str, ...],
        *,
        lateral: bool = False,
    ) -> Relation:
        """`sql` under a name that is unique in the statement; `columns` are (name, type, SQL of the name, hidden)."""
        given = node.args.get("alias")
        base = given.this.name if isinstance(given, exp.TableAlias) and given.this is not None else ""
        if base:
            qualifier = (base,)
        unique = self.queries.statement.unique(base or (qualifier[-1] if qualifier else "t"))
        renamed = [item.name for item in given.args.get("columns") or ()] if isinstance(given, exp.TableAlias) else []
        shown = [column for column in columns if not column[3]]
        if renamed and len(renamed) != len(shown):
            message = f"Column alias list has {len(renamed)} entries but '{base}' has {len(shown)} columns available"
            raise self.error("MISMATCHED_COLUMN_ALIASES", message, node)
        names = dict(zip((id(column) for column in shown), renamed, strict=False))
        offered = [
            Column(names.get(id(column), column[0]), column[1], f"{quote(unique)}.{column[2]}", qualifier, column[3])
            for column in columns
        ]
        sample = node.args.get("sample")
        sampling = self.sampling(sample) if sample is not None else ""
        return Relation(f"{'LATERAL ' if lateral else ''}{sql} AS {quote(unique)}{sampling}", offered)

    def sampling(self, node: exp.TableSample) -> str:
        """`TABLESAMPLE BERNOULLI (10)`: per cent of the rows."""
        method = node.args.get("method")
        percent = node.args.get("percent") or node.args.get("size")
        if method is None or method.name.upper() not in _SAMPLING or not isinstance(percent, exp.Literal):
            raise self.error("SYNTAX_ERROR", "mismatched input 'TABLESAMPLE'", node)
        return f" TABLESAMPLE {method.name.lower()}({percent.name}%)"

    def table_function(self, node: exp.Table) -> Relation:
        """`TABLE(sequence(1, 10))`."""
        call = node.this
        name = str(call.this).lower()
        if name == "table" and len(call.expressions) == 1 and isinstance(call.expressions[0], exp.Anonymous):
            inner = call.expressions[0]
            if str(inner.this).lower() == "sequence":
                return self._sequence(inner, node)
            raise self.error("FUNCTION_NOT_FOUND", f"Table function '{inner.this}' not registered", node)
        raise self.error("SYNTAX_ERROR", "mismatched input '('", node)

    def _sequence(self, call: exp.Anonymous, node: exp.Table) -> Relation:
        args: dict[str, exp.Expr] = {}
        for key, arg in zip(("start", "stop", "step"), call.expressions, strict=False):
            if isinstance(arg, exp.Kwarg):
                args[arg.this.name.lower()] = arg.expression
            else:
                args[key] = arg
        expressions = self.queries.expressions(Scope(parent=self.outer))
        parts = {key: expressions.coerce(expressions.translate(arg), BIGINT, arg).sql for key, arg in args.items()}
        if not {"stop"} <= set(parts) <= {"start", "stop", "step"}:
            raise self.error("MISSING_ARGUMENT", "Missing argument: STOP", node)
        series = f"generate_series({parts.get('start', '0')}, {parts['stop']}, {parts.get('step', '1')})"
        return self.alias(
            f"(SELECT unnest({series}) AS sequential_number)",
            [("sequential_number", BIGINT, '"sequential_number"', False)],
            node,
            (),
        )

    # --- subqueries ------------------------------------------------------------------------------------------------

    def subquery(self, node: exp.Subquery, scope: Scope | None = None) -> Relation:
        inner = node.this
        if isinstance(inner, (exp.Table, exp.Unnest, exp.Lateral)) or (
            isinstance(inner, exp.Subquery) and not inner.alias and not node.alias
        ):
            return self.single(inner, None)  # a parenthesised relation
        query = self.queries.query(inner, scope or self.outer)
        columns = [
            (column.name, column.type, quote(stored), False)
            for column, stored in zip(query.columns, query.stored, strict=True)
        ]
        sql = f"({query.sql})"
        return self.alias(sql, columns, node, ())

    def lateral(self, node: exp.Lateral, left: Relation | None) -> Relation:
        if node.args.get("view") or not isinstance(node.this, exp.Subquery):
            raise self.error("SYNTAX_ERROR", "mismatched input 'LATERAL'", node)
        scope = Scope(left.columns if left else [], self.outer)
        inner = node.this.copy()
        inner.set("alias", node.args.get("alias"))
        relation = self.subquery(inner, scope)
        return Relation(f"LATERAL {relation.sql}", relation.columns)

    def values(self, node: exp.Values) -> Relation:
        query = self.queries.values(node, self.outer)
        columns = [
            (column.name, column.type, quote(stored), False)
            for column, stored in zip(query.columns, query.stored, strict=True)
        ]
        return self.alias(f"({query.sql})", columns, node, ())

    def unnest(self, node: exp.Unnest, left: Relation | None) -> Relation:
        """Arrays, maps and arrays of rows side by side, the shorter ones padded with NULL."""
        expressions = self.queries.expressions(Scope(left.columns if left else [], self.outer))
        outputs: list[tuple[str, Type]] = []
        lengths: list[str] = []
        for argument in node.expressions:
            item = expressions.translate(argument)
            if item.type.name == "map":
                outputs.append((f"unnest(map_keys({item.sql}))", item.type.items[0]))
                outputs.append((f"unnest(map_values({item.sql}))", item.type.items[1]))
                lengths.append(f"cardinality({item.sql})")
            elif item.type.name == "array" and item.type.element.name == "row":
                for name, part in zip(field_names(item.type.element), item.type.element.fields, strict=True):
                    values = f"list_transform({item.sql}, lambda r: struct_extract(r, {text(name)}))"
                    outputs.append((f"unnest({values})", part.type))
                lengths.append(f"len({item.sql})")
            elif item.type.name == "array":
                outputs.append((f"unnest({item.sql})", item.type.element))
                lengths.append(f"len({item.sql})")
            else:
                raise self.error("INVALID_FUNCTION_ARGUMENT", f"Cannot unnest type: {item.type}", argument)
        offset = node.args.get("offset")
        if offset:
            longest = lengths[0] if len(lengths) == 1 else f"greatest({', '.join(lengths)})"
            outputs.append((f"unnest(range(1, CAST({longest} AS BIGINT) + 1))", BIGINT))
        given = node.args.get("alias")
        stored = [f"c{index}" for index in range(len(outputs))]
        named = [item.name for item in given.args.get("columns") or ()] if isinstance(given, exp.TableAlias) else []
        if named and isinstance(offset, exp.Identifier):
            named.append(offset.name)
        selected = ", ".join(f"{sql} AS {quote(name)}" for (sql, _), name in zip(outputs, stored, strict=True))
        source = node.copy()
        source.set("alias", exp.TableAlias(this=given.this) if isinstance(given, exp.TableAlias) else None)
        if named and len(named) != len(outputs):
            message = (
                f"Column alias list has {len(named)} entries but '{source.alias}' has {len(outputs)} columns available"
            )
            raise self.error("MISMATCHED_COLUMN_ALIASES", message, node)
        columns: list[tuple[str | None, Type, str, bool]] = [
            (named[index] if named else None, kind, quote(stored[index]), False)
            for index, (_, kind) in enumerate(outputs)
        ]
        return self.alias(f"(SELECT {selected})", columns, source, (), lateral=left is not None)

    # --- joins -----------------------------------------------------------------------------------------------------

    def join(self, left: Relation, node: exp.Join) -> Relation:
        side, kind, method = (str(node.args.get(key) or "").upper() for key in ("side", "kind", "method"))
        if method or kind not in ("", "INNER", "CROSS", "OUTER") or node.args.get("hint"):
            name = "NOT_SUPPORTED" if method == "NATURAL" else "SYNTAX_ERROR"
            raise self.error(
                name,
                "Natural join not supported" if method == "NATURAL" else f"mismatched input '{method or kind}'",
                node,
            )
        right = self.single(node.this, left)
        condition, using = node.args.get("on"), node.args.get("using")
        if using:
            return self._using(left, right, side, using)
        columns = left.columns + right.columns
        if condition is None:
            if side or kind == "INNER":
                raise self.error("SYNTAX_ERROR", "mismatched input '<EOF>'. Expecting: 'ON', 'USING'", node)
            return Relation(f"{left.sql} CROSS JOIN {right.sql}", columns)
        expressions = self.queries.expressions(Scope(columns, self.outer))
        expressions.clause = "JOIN clause"
        on = expressions.boolean(condition, "JOIN ON clause")
        joined = f"{side} JOIN" if side else "JOIN"
        if "LATERAL (SELECT unnest" in right.sql and on.sql == "true":
            return Relation(f"{left.sql} {joined} {right.sql} ON true", columns)
        return Relation(f"{left.sql} {joined} {right.sql} ON {on.sql}", columns)

    def _using(self, left: Relation, right: Relation, side: str, using: list[exp.Expr]) -> Relation:
        conditions, merged, used = [], [], set()
        for identifier in using:
            a, b = (self._only(relation, identifier) for relation in (left, right))
            kind = common_type(a.type, b.type)
            if kind is None:
                message = f"Column types of left and right side of join are not compatible: {a.type}, {b.type}"
                raise self.error("TYPE_MISMATCH", message, identifier)
            one, two = (conversion.operand(Typed(part.sql, part.type), kind).sql for part in (a, b))
            conditions.append(f"({one} = {two})")
            value = {"RIGHT": two, "FULL": f"coalesce({one}, {two})"}.get(side, one)
            merged.append(Column(identifier.name, kind, value))
            used |= {id(a), id(b)}
        rest = [column for column in left.columns + right.columns if id(column) not in used]
        joined = f"{side} JOIN" if side else "JOIN"
        return Relation(f"{left.sql} {joined} {right.sql} ON {' AND '.join(conditions)}", merged + rest)

    def _only(self, relation: Relation, identifier: exp.Expr) -> Column:
        found = [
            item for item in relation.columns if item.name is not None and item.name.lower() == identifier.name.lower()
        ]
        if len(found) != 1:
            message = (
                f"Column '{identifier.name}' is missing from one side of join"
                if not found
                else f"Column '{identifier.name}' is ambiguous"
            )
            raise self.error("COLUMN_NOT_FOUND" if not found else "AMBIGUOUS_NAME", message, identifier)
        return found[0]
