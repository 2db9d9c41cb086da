"""MERGE, UPDATE and DELETE, for DuckDB's own statements against a table of the same full name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.coercion import common_type
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.expressions import Expressions
from lakelab.cloud.athena.sql.queries import Queries
from lakelab.cloud.athena.sql.relations import Relation, Relations
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.typed import Typed, quote
from lakelab.cloud.athena.sql.types import Type, to_duckdb


@dataclass
class Dml:
    """Translates one statement that changes rows."""

    queries: Queries

    def error(self, name: str, message: str, node: exp.Expr) -> SqlError:
        return self.queries.error(name, message, node)

    def translate(self, node: exp.Expr) -> str:
        if node.args.get("returning"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'RETURNING'", node)
        match node:
            case exp.Delete():
                return self.delete(node)
            case exp.Update():
                return self.update(node)
            case exp.Merge():
                return self.merge(node)
        raise self.error("SYNTAX_ERROR", f"mismatched input '{node.key}'", node)

    def _target(self, node: exp.Expr) -> Relation:
        if not isinstance(node, exp.Table):
            raise self.error("SYNTAX_ERROR", "mismatched input", node)
        return Relations(self.queries, None).table(node)

    def delete(self, node: exp.Delete) -> str:
        if node.args.get("using") or node.args.get("limit") or node.args.get("order"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'USING'", node)
        target = self._target(node.this)
        return f"DELETE FROM {target.sql}{self._where(node, target)}"

    def update(self, node: exp.Update) -> str:
        if node.args.get("from_"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'FROM'", node)
        target = self._target(node.this)
        expressions = self.queries.expressions(Scope(target.columns))
        assigned = self._assignments(node.expressions, target, expressions)
        return f"UPDATE {target.sql} SET {assigned}{self._where(node, target)}"

    def _where(self, node: exp.Expr, target: Relation) -> str:
        clause = node.args.get("where")
        if clause is None:
            return ""
        expressions = self.queries.expressions(Scope(target.columns))
        expressions.clause = "WHERE clause"
        return " WHERE " + expressions.boolean(clause.this, "WHERE clause").sql

    def _assignments(self, items: list[exp.Expr], target: Relation, expressions: Expressions) -> str:
        parts = []
        for item in items:
            if not isinstance(item, exp.EQ) or not isinstance(item.this, (exp.Column, exp.Identifier)):
                raise self.error("SYNTAX_ERROR", "mismatched input in SET", item)
            column = self._column(target, item.this)
            value = self._stored(expressions.translate(item.expression), column, item.expression)
            parts.append(f"{quote(column.name or '')} = {value}")
        return ", ".join(parts)

    def _column(self, target: Relation, node: exp.Expr) -> Column:
        for column in target.columns:
            if (column.name or "").lower() == node.name.lower() and not column.hidden:
                return column
        raise self.error("COLUMN_NOT_FOUND", f"Column '{node.name}' cannot be resolved", node)

    def _stored(self, value: Typed, column: Column, node: exp.Expr) -> str:
        """A value converted to the type of the column that it goes to."""
        if not assignable(value.type, column.type):
            message = f"Column '{column.name}' is of type {column.type} but expression is of type {value.type}"
            raise self.error("TYPE_MISMATCH", message, node)
        return f"CAST({conversion.exact(conversion.cast(value, column.type)).sql} AS {to_duckdb(column.type)})"

    def merge(self, node: exp.Merge) -> str:
        relations = Relations(self.queries, None)
        target = self._target(node.this)
        source = relations.single(node.args["using"], None)
        scope = Scope(target.columns + source.columns)
        expressions = self.queries.expressions(scope)
        on = expressions.boolean(node.args["on"], "MERGE condition").sql
        cases = [self._case(when, target, scope) for when in node.args["whens"].expressions]
        return f"MERGE INTO {target.sql} USING {source.sql} ON {on} {' '.join(cases)}"

    def _case(self, when: exp.When, target: Relation, scope: Scope) -> str:
        if when.args.get("source"):
            raise self.error("SYNTAX_ERROR", "mismatched input 'BY'", when)
        expressions = self.queries.expressions(scope)
        condition = when.args.get("condition")
        extra = f" AND {expressions.boolean(condition, 'MERGE condition').sql}" if condition is not None else ""
        matched = "MATCHED" if when.args.get("matched") else "NOT MATCHED"
        return f"WHEN {matched}{extra} THEN {self._action(when.args['then'], target, expressions)}"

    def _action(self, then: exp.Expr, target: Relation, expressions: Expressions) -> str:
        match then:
            case exp.Update():
                if not then.expressions or not isinstance(then.expressions[0], exp.EQ):
                    raise self.error("SYNTAX_ERROR", "mismatched input '*'", then)
                return f"UPDATE SET {self._assignments(then.expressions, target, expressions)}"
            case exp.Insert():
                return self._insert(then, target, expressions)
            case _ if then.name.upper() == "DELETE":
                return "DELETE"
        raise self.error("SYNTAX_ERROR", f"mismatched input '{then.sql()}'", then)

    def _insert(self, node: exp.Insert, target: Relation, expressions: Expressions) -> str:
        values = node.expression.expressions if node.expression is not None else []
        names = node.this.expressions if isinstance(node.this, (exp.Tuple, exp.Schema)) else None
        shown = [column for column in target.columns if not column.hidden]
        columns = [self._column(target, name) for name in names] if names else shown
        if len(values) != len(columns):
            message = f"Insert query has mismatched column types: {len(columns)} columns, {len(values)} values"
            raise self.error("TYPE_MISMATCH", message, node)
        listed = ", ".join(quote(column.name or "") for column in columns)
        stored = ", ".join(
            self._stored(expressions.translate(value), column, value)
            for value, column in zip(values, columns, strict=True)
        )
        return f"INSERT ({listed}) VALUES ({stored})"


def assignable(source: Type, target: Type) -> bool:
    """Whether a value may go to a column of this type: Trino's assignment also shortens texts and numbers."""
    if common_type(source, target) is not None:
        return (
            common_type(source, target) == target or source.name == target.name or target.is_numeric or target.is_text
        )
    return False
