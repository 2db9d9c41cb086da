"""Scalar expressions: names, operators, literals, CASE, casts, subscripts; function calls go to the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lakelab.cloud.athena.sql import arithmetic, comparisons, conversion, literals, subqueries
from lakelab.cloud.athena.sql.binding import let_all
from lakelab.cloud.athena.sql.calls import Calls
from lakelab.cloud.athena.sql.coercion import common_of, common_type
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.parser import position
from lakelab.cloud.athena.sql.scope import Column, Scope
from lakelab.cloud.athena.sql.typed import Typed, boolean, fail, text
from lakelab.cloud.athena.sql.types import (
    BIGINT,
    BOOLEAN,
    UNKNOWN,
    Type,
    TypeNameError,
    array,
    field_names,
    from_ast,
)

if TYPE_CHECKING:
    from lakelab.cloud.athena.sql.queries import Queries


_LARGEST = 1_000_000  # characters: what a statement may grow to when rules use an argument several times


@dataclass
class Statement:
    """What holds for the whole statement: its text, when and by whom it runs, and what has been used so far."""

    sql: str
    now: datetime
    user: str
    catalog: str
    database: str
    functions: set[str] = field(default_factory=set)  # Python functions that the translation calls
    names: set[str] = field(default_factory=set)  # aliases of relations, lower case, each given once

    def unique(self, name: str) -> str:
        """`name`, or with a number where another relation of the statement has it."""
        candidate, number = name, 1
        while candidate.lower() in self.names:
            number += 1
            candidate = f"{name}_{number}"
        self.names.add(candidate.lower())
        return candidate


@dataclass
class Grouping:
    """How the expressions of one SELECT stand to its groups."""

    keys: dict[str, str] = field(default_factory=dict)  # SQL of a grouping expression
    outside: list[tuple[exp.Expr, str]] = field(default_factory=list)  # columns met outside of aggregates and keys
    aggregates: int = 0
    windows: int = 0


@dataclass
class Expressions:
    """Translates expressions against a scope.

    `clause` names the clause in which aggregates and window functions are refused (`WHERE clause`), if it is one.
    """

    statement: Statement
    queries: Queries
    scope: Scope
    grouping: Grouping = field(default_factory=Grouping)
    clause: str = ""
    inside_aggregate: bool = False

    def error(self, name: str, message: str, node: exp.Expr) -> SqlError:
        """An error at the position of a node."""
        line, column = position(node, self.statement.sql)
        return SqlError(name, message, line, column)

    def translate(self, node: exp.Expr) -> Typed:
        """An expression of Trino as one of DuckDB. Raises SqlError."""
        handler = _HANDLERS.get(type(node))
        if not isinstance(node, exp.Expr):  # sqlglot leaves out what the text does not have
            raise SqlError("SYNTAX_ERROR", "mismatched input. Expecting: <expression>")
        if handler is None:
            raise self.error("SYNTAX_ERROR", f"mismatched input '{node.key}'", node)
        met = len(self.grouping.outside)
        result = handler(self, node)
        if len(result.sql) > _LARGEST:
            raise SqlError("QUERY_TEXT_TOO_LARGE", "Query is too large: its translation exceeds the maximum length")
        if len(self.grouping.outside) > met and result.sql in self.grouping.keys:
            del self.grouping.outside[met:]
        return result

    def within(self, scope: Scope) -> Expressions:
        """The same translation in an inner scope."""
        return replace(self, scope=scope)

    def boolean(self, node: exp.Expr, what: str) -> Typed:
        """An expression that must be boolean; `what` begins the message otherwise."""
        item = self.translate(node)
        if item.type.name not in ("boolean", "unknown"):
            raise self.error("TYPE_MISMATCH", f"{what} must evaluate to a boolean (actual: {item.type})", node)
        return item

    def coerce(self, item: Typed, target: Type, node: exp.Expr, what: str = "") -> Typed:
        if common_type(item.type, target) is None and item.type != target:
            raise self.error("TYPE_MISMATCH", what or f"Cannot convert {item.type} to {target}", node)
        return conversion.coerce(item, target)

    # --- names -----------------------------------------------------------------------------------------------------

    def column(self, node: exp.Column) -> Typed:
        parts = [part for part in node.parts if isinstance(part, exp.Identifier)]
        if len(parts) != len(node.parts):
            raise self.error("SYNTAX_ERROR", "mismatched input '*'", node)
        return self.name([part.name for part in parts], node)

    def identifier(self, node: exp.Identifier) -> Typed:
        return self.name([node.name], node)

    def name(self, names: list[str], node: exp.Expr) -> Typed:
        """A column, a lambda's parameter, or a field of a row in one of them."""
        try:
            found = self.scope.find(names)
        except SqlError as error:
            raise self.error(error.name, error.message, node) from error
        if found is None:
            raise self.error("COLUMN_NOT_FOUND", f"Column '{'.'.join(names)}' cannot be resolved", node)
        item, column, used = found
        for name in names[used:]:
            item = self.row_field(item, name, node)
        if column is not None:
            self._note(column, ".".join(names), node)
        return item

    def _note(self, column: Column, name: str, node: exp.Expr) -> None:
        if not self.inside_aggregate and self.scope.owns(column):
            self.grouping.outside.append((node, name))

    def dot(self, node: exp.Dot) -> Typed:
        base = self.translate(node.this)
        if not isinstance(node.expression, exp.Identifier):
            raise self.error("SYNTAX_ERROR", "mismatched input '.'", node)
        return self.row_field(base, node.expression.name, node)

    def row_field(self, base: Typed, name: str, node: exp.Expr) -> Typed:
        if base.type.name != "row":
            raise self.error("TYPE_MISMATCH", f"Expression {node.sql()} is not of type ROW", node)
        for stored, item in zip(field_names(base.type), base.type.fields, strict=True):
            if item.name is not None and item.name.lower() == name.lower():
                return Typed(f"struct_extract({base.sql}, {text(stored)})", item.type)
        raise self.error("COLUMN_NOT_FOUND", f"Column '{node.sql()}' cannot be resolved", node)

    # --- literals --------------------------------------------------------------------------------------------------

    def literal(self, node: exp.Literal) -> Typed:
        return literals.string(node.this) if node.is_string else self._number(node.this, node)

    def _number(self, digits: str, node: exp.Expr) -> Typed:
        try:
            return literals.number(digits)
        except ValueError as error:
            raise self.error("SYNTAX_ERROR", str(error), node) from error

    def parenthesis(self, node: exp.Paren) -> Typed:
        return self.translate(node.this)

    def row(self, node: exp.Expr) -> Typed:
        """`ROW(1, 'a')` and `(1, 'a')`."""
        if not node.expressions:
            raise self.error("SYNTAX_ERROR", "mismatched input ')'. Expecting: <expression>", node)
        items = [conversion.exact(self.translate(item)) for item in node.expressions]
        kind = Type("row", fields=tuple(literals.anonymous(item.type) for item in items))
        parts = (f'"{name}" := {item.sql}' for name, item in zip(field_names(kind), items, strict=True))
        return Typed(f"struct_pack({', '.join(parts)})", kind)

    def array(self, node: exp.Array) -> Typed:
        items = [self.translate(item) for item in node.expressions]
        element = common_of([item.type for item in items])
        if element is None:
            message = comparisons.no_common_type("All ARRAY elements", [item.type for item in items])
            raise self.error("TYPE_MISMATCH", message, node.expressions[-1])
        values = ", ".join(conversion.exact(conversion.coerce(item, element)).sql for item in items)
        return Typed(f"[{values}]" if items else "CAST([] AS INTEGER[])", array(element))

    def interval(self, node: exp.Interval) -> Typed:
        try:
            return literals.interval(node)
        except literals.UnknownUnit as error:
            raise self.error("TYPE_NOT_FOUND", "Unknown resolvedType: INTERVAL", node) from error
        except ValueError as error:
            raise self.error("INVALID_LITERAL", str(error), node) from error

    # --- operators -------------------------------------------------------------------------------------------------

    def arithmetic(self, node: exp.Binary) -> Typed:
        left, right = self.translate(node.left), self.translate(node.right)
        symbol = arithmetic.SYMBOLS[type(node)]
        try:
            result = arithmetic.binary(symbol, left, right)
        except arithmetic.Ambiguous as error:
            message = "Could not choose a best candidate operator. Explicit type casts must be added."
            raise self.error("AMBIGUOUS_FUNCTION_CALL", message, node) from error
        if result is None:
            raise self.error("TYPE_MISMATCH", f"Cannot apply operator: {left.type} {symbol} {right.type}", node)
        return result

    def negation(self, node: exp.Neg) -> Typed:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return self._number("-" + node.this.this, node)
        item = self.translate(node.this)
        if not (item.type.is_numeric or item.type.is_interval or item.type.name == "unknown"):
            raise self.error("TYPE_MISMATCH", f"Cannot negate {item.type}", node)
        return Typed(f"(- {item.sql})", item.type, exact=item.exact)

    def concatenation(self, node: exp.DPipe) -> Typed:
        items = [node.left, node.right]
        return self.calls.function("concat", items, node)

    def connector(self, node: exp.Connector) -> Typed:
        symbol = "AND" if isinstance(node, exp.And) else "OR"
        items = [self.boolean(item, "Logical expression term") for item in node.flatten(unnest=False)]
        return boolean(f"({f' {symbol} '.join(item.sql for item in items)})")

    def inversion(self, node: exp.Not) -> Typed:
        item = self.boolean(node.this, "Value of logical NOT expression")
        return boolean(f"(NOT {item.sql})")

    def is_predicate(self, node: exp.Is) -> Typed:
        if not isinstance(node.expression, exp.Null):
            raise self.error("SYNTAX_ERROR", "mismatched input 'IS'", node)
        item = self.translate(node.this)
        return boolean(f"({item.sql} IS {'NOT ' if node.args.get('negate') else ''}NULL)")

    def at_time_zone(self, node: exp.AtTimeZone) -> Typed:
        return self.calls.function("at_timezone", [node.this, node.args["zone"]], node)

    # --- conditions ------------------------------------------------------------------------------------------------

    def case(self, node: exp.Case) -> Typed:
        subject = self.translate(node.this) if node.this is not None else None
        conditions, values = [], []
        for branch in node.args["ifs"]:
            if subject is None:
                conditions.append(self.boolean(branch.this, "CASE WHEN clause").sql)
            else:
                when = self.translate(branch.this)
                if common_type(subject.type, when.type) is None:
                    message = (
                        f"CASE operand type does not match WHEN clause operand type: {subject.type} vs {when.type}"
                    )
                    raise self.error("TYPE_MISMATCH", message, branch.this)
                conditions.append(comparisons.compare(self, subject, "=", when, branch.this))
            values.append((self.translate(branch.args["true"]), branch.args["true"]))
        default = node.args.get("default")
        if default is not None:
            values.append((self.translate(default), default))
        kind = self._common([item for item, _ in values], values[-1][1], "All CASE results")
        texts = [conversion.exact(conversion.coerce(item, kind)).sql for item, _ in values]
        branches = " ".join(f"WHEN {when} THEN {then}" for when, then in zip(conditions, texts, strict=False))
        otherwise = f" ELSE {texts[-1]}" if default is not None else ""
        return Typed(f"CASE {branches}{otherwise} END", kind)

    def _common(self, items: list[Typed], node: exp.Expr, message: str) -> Type:
        kind = common_of([item.type for item in items])
        if kind is None:
            raise self.error("TYPE_MISMATCH", comparisons.no_common_type(message, [item.type for item in items]), node)
        return kind

    def condition(self, node: exp.If) -> Typed:
        """`IF(condition, a, b)`."""
        when = self.boolean(node.this, "IF condition")
        values = [self.translate(node.args[key]) for key in ("true", "false") if node.args.get(key) is not None]
        kind = self._common(values, node, "Result types for IF")
        texts = [conversion.exact(conversion.coerce(item, kind)).sql for item in values]
        otherwise = f" ELSE {texts[1]}" if len(texts) > 1 else ""
        return Typed(f"CASE WHEN {when.sql} THEN {texts[0]}{otherwise} END", kind)

    # --- casts and subscripts --------------------------------------------------------------------------------------

    def cast(self, node: exp.Cast) -> Typed:
        try:
            target = from_ast(node.args["to"])
        except (TypeNameError, ValueError) as error:
            raise self.error("TYPE_MISMATCH", str(error), node) from error
        safe = isinstance(node, exp.TryCast)
        if isinstance(node.this, exp.Literal) and node.this.is_string and not safe and self._is_typed_literal(node):
            try:
                return literals.typed(node.this.this, target)
            except ValueError as error:
                raise self.error("INVALID_LITERAL", str(error), node) from error
        item = self.translate(node.this)
        try:
            result = conversion.cast(item, target)
        except conversion.NoCast as error:
            raise self.error("TYPE_MISMATCH", f"Cannot cast {item.type} to {target}", node) from error
        if not safe:
            return result
        if not subqueries.within(node):
            return replace(result, sql=f"TRY({result.sql})")
        # DuckDB's TRY takes no subquery: its value is bound to a name first
        inner = conversion.cast(Typed("v", item.type), target)
        return replace(result, sql=f"list_extract(list_transform([{item.sql}], lambda v: TRY({inner.sql})), 1)")

    def _is_typed_literal(self, node: exp.Cast) -> bool:
        """Whether it is `DATE '…'` and not a cast: the text begins with the type's name."""
        start = node.this.meta.get("start")
        return node.meta.get("start") is None and start is not None

    def subscript(self, node: exp.Bracket) -> Typed:
        if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
            raise self.error("SYNTAX_ERROR", "mismatched input ':'", node)
        base, index = self.translate(node.this), self.translate(node.expressions[0])
        match base.type.name:
            case "array":
                return self._array_item(base, index, node)
            case "map":
                key = self.coerce(index, base.type.items[0], node)
                return Typed(let_all([base.sql, key.sql], partial(_map_item, base.type.items[1])), base.type.items[1])
            case "row":
                number = int(index.value) if isinstance(index.value, str) and index.value.isdigit() else 0
                if not 1 <= number <= len(base.type.fields):
                    raise self.error("INVALID_FUNCTION_ARGUMENT", f"ROW index out of bounds: {index.value}", node)
                name = field_names(base.type)[number - 1]
                return Typed(f"struct_extract({base.sql}, {text(name)})", base.type.fields[number - 1].type)
        raise self.error("TYPE_MISMATCH", f"Cannot use {index.type} for subscript of {base.type}", node)

    def _array_item(self, base: Typed, index: Typed, node: exp.Expr) -> Typed:
        if index.type.name == "unknown":
            return Typed(f"list_extract({base.sql}, NULL)", base.type.element)
        if not index.type.is_integer:
            raise self.error("TYPE_MISMATCH", f"Cannot use {index.type} for subscript of {base.type}", node)
        positive = isinstance(index.value, str) and int(index.value) > 0
        return Typed(let_all([base.sql, index.sql], partial(_array_item, positive)), base.type.element)

    # --- calls and subqueries --------------------------------------------------------------------------------------

    @property
    def calls(self) -> Calls:
        return Calls(self)

    def function(self, node: exp.Anonymous) -> Typed:
        return self.calls.call(node)

    def special(self, node: exp.Expr) -> Typed:
        return self.calls.special(node)

    def subquery(self, node: exp.Subquery) -> Typed:
        return subqueries.scalar(self, node)

    def exists(self, node: exp.Exists) -> Typed:
        return subqueries.exists(self, node)


def _map_item(kind: Type, values: Sequence[str]) -> str:
    """`map[key]`: a key that is missing is an error, where DuckDB gives NULL."""
    base, key = values
    missing = fail("INVALID_FUNCTION_ARGUMENT", "Key not present in map", kind)
    return f"CASE WHEN NOT map_contains({base}, {key}) THEN {missing} ELSE map_extract_value({base}, {key}) END"


def _array_item(positive: bool, values: Sequence[str]) -> str:
    """`array[index]`: a place outside the array is an error, where DuckDB gives NULL."""
    base, index = values
    low = fail("INVALID_FUNCTION_ARGUMENT", "SQL array indices start at 1", BIGINT)
    high = fail("INVALID_FUNCTION_ARGUMENT", "Array subscript must be less than or equal to array length", BIGINT)
    start = "" if positive else f"WHEN {index} < 1 THEN {low} "
    return f"list_extract({base}, CASE {start}WHEN {index} > len({base}) THEN {high} ELSE {index} END)"


def _null(_: Expressions, __: exp.Expr) -> Typed:
    return Typed("NULL", UNKNOWN)


def _truth(_: Expressions, node: exp.Boolean) -> Typed:
    return Typed("true" if node.this else "false", BOOLEAN, bool(node.this))


def _hex(self: Expressions, node: exp.RawString) -> Typed:
    digits = "".join(node.this.split())
    if any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise self.error("SYNTAX_ERROR", "Binary literal can only contain hexadecimal digits", node)
    if len(digits) % 2:
        raise self.error("SYNTAX_ERROR", "Binary literal must contain an even number of digits", node)
    return Typed(f"unhex('{digits}')", literals.VARBINARY)


def _unicode(self: Expressions, node: exp.UnicodeString) -> Typed:
    escape = node.args.get("escape")
    try:
        return literals.string(literals.decode_unicode(node.this, escape.name if escape else "\\"))
    except ValueError as error:
        raise self.error("INVALID_LITERAL", str(error), node) from error


def _placeholder(self: Expressions, node: exp.Placeholder) -> Typed:
    raise self.error(
        "INVALID_PARAMETER_USAGE", "Incorrect number of parameters: query has a parameter without a value", node
    )


_Handler = Callable[[Expressions, Any], Typed]
_HANDLERS: dict[type[exp.Expr], _Handler] = {
    exp.Column: Expressions.column,
    exp.Identifier: Expressions.identifier,
    exp.Dot: Expressions.dot,
    exp.Literal: Expressions.literal,
    exp.Null: _null,
    exp.Boolean: _truth,
    exp.RawString: _hex,
    exp.UnicodeString: _unicode,
    exp.Placeholder: _placeholder,
    exp.Paren: Expressions.parenthesis,
    exp.Tuple: Expressions.row,
    exp.Array: Expressions.array,
    exp.Interval: Expressions.interval,
    **dict.fromkeys(arithmetic.SYMBOLS, Expressions.arithmetic),
    exp.Neg: Expressions.negation,
    exp.DPipe: Expressions.concatenation,
    **dict.fromkeys(comparisons.COMPARISONS, comparisons.comparison),
    **dict.fromkeys(comparisons.DISTINCT, comparisons.distinct_from),
    exp.Between: comparisons.between,
    exp.In: comparisons.membership,
    exp.Like: comparisons.like,
    exp.Escape: comparisons.escape,
    exp.And: Expressions.connector,
    exp.Or: Expressions.connector,
    exp.Not: Expressions.inversion,
    exp.Is: Expressions.is_predicate,
    exp.AtTimeZone: Expressions.at_time_zone,
    exp.Case: Expressions.case,
    exp.If: Expressions.condition,
    exp.Cast: Expressions.cast,
    exp.TryCast: Expressions.cast,
    exp.Bracket: Expressions.subscript,
    exp.Anonymous: Expressions.function,
    exp.Subquery: Expressions.subquery,
    exp.Exists: Expressions.exists,
    **dict.fromkeys(
        (
            *(exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup),
            *(exp.Extract, exp.Trim, exp.StrPosition, exp.Substring, exp.Normalize, exp.ParseJSON),
            *(exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.Localtime, exp.Localtimestamp),
            *(exp.CurrentUser, exp.CurrentCatalog, exp.CurrentSchema),
        ),
        Expressions.special,
    ),
}
