"""A DuckDB expression with its Trino type: what every rule takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

from lakelab.cloud.athena.sql.types import BOOLEAN, Type, quote, to_duckdb, varchar

__all__ = ["Typed", "boolean", "checked", "fail", "fail_with", "quote", "string", "text"]


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression.

    `sql` can stand as an operand anywhere: a name, a literal, a call, or something in parentheses. `value` is what a
    literal says (a str of digits for a number). `exact` is false where DuckDB may give a decimal of another precision,
    or an integer of another width, than `type`: the value is the same, and whoever writes it out casts it.
    """

    sql: str
    type: Type
    value: str | bool | None = None
    exact: bool = True

    @property
    def is_literal(self) -> bool:
        return self.value is not None


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def string(value: str) -> Typed:
    return Typed(text(value), varchar(len(value)), value)


def boolean(sql: str) -> Typed:
    return Typed(sql, BOOLEAN)


def fail(name: str, message: str, kind: Type | str) -> str:
    """An expression that raises when it is evaluated, and is NULL inside TRY.

    DuckDB's `error()` counts as volatile, which TRY refuses; a cast that cannot succeed does not. `sql_error` reads the
    name and the message back.
    """
    target = kind if isinstance(kind, str) else to_duckdb(kind)
    # an anonymous struct or list of it cannot be the target of a cast from text; any type takes a NULL
    if target.endswith((")", "]")) and not target.startswith("DECIMAL"):
        return f"CASE WHEN {fail(name, message, 'BOOLEAN')} THEN CAST(NULL AS {target}) END"
    return f"CAST({text(f'{name}: {message}')} AS {'BOOLEAN' if target in _FROM_TEXT else target})"


def checked(condition: str, value: str, sql: str, problem: str) -> str:
    """`value` where the condition holds, an error where it does not; NULL for NULL."""
    return f"CASE WHEN {condition} THEN {value} WHEN {sql} IS NOT NULL THEN {problem} END"


def fail_with(name: str, message: str, kind: Type) -> str:
    """Like `fail`, with a message that is SQL: it may name the value at fault."""
    return f"CAST({text(name + ': ')} || {message} AS {to_duckdb(kind)})"


# DuckDB casts any text to these, so a failing cast to them does not fail
_FROM_TEXT = ("VARCHAR", "BLOB", "JSON")
