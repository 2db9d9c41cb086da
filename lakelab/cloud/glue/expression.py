"""GetPartitions' Expression: a SQL WHERE clause over typed partition keys, compiled to SQLite.

The operators and the key types are those of
https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html. A partition's values are strings; each is
also kept as a value of its key's type (`typed_value`), which is what comparisons see: `10` is after `9` for an int.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakelab.cloud.glue.errors import InvalidInput

Key: TypeAlias = tuple[str, str]  # name, type
Value: TypeAlias = str | int | float | None

DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # Hive's directory name of a NULL key
INDEXED_KEYS = 8  # the keys that have a column of their own, `key_0` … `key_7`, in the table `partitions`

_INTEGERS = {"tinyint", "smallint", "int", "integer", "bigint", "long"}
_TEXTS = {"string", "char", "varchar"}


def key_column(number: int) -> str:
    """The SQL that gives a partition's typed value of the key with this position."""
    return f"key_{number}" if number < INDEXED_KEYS else f"json_extract(typed_values, '$[{number}]')"


def typed_value(text: str, type_: str) -> Value:
    """A partition value as a value of its key's type.

    Dates and timestamps become ISO text, which sorts as they do. A text that is no value of the type is None, that is
    NULL: AWS accepts such partitions as well, and no comparison finds them.
    """
    if text == DEFAULT_PARTITION and _base(type_) not in _TEXTS:
        return None
    try:
        return _convert(text, type_)
    except (ValueError, InvalidOperation):
        return None


def _base(type_: str) -> str:
    return type_.lower().partition("(")[0].strip()


def _convert(text: str, type_: str) -> str | int | float:
    base = _base(type_)
    if base in _INTEGERS:
        return int(text)
    if base == "decimal":
        return float(Decimal(text))
    if base == "date":
        return date.fromisoformat(text).isoformat()
    if base == "timestamp":
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(" ", "microseconds")
    return text


@dataclass(frozen=True)
class Condition:
    """SQL for a WHERE clause, with `?` for each of `values`."""

    sql: str
    values: tuple[object, ...] = ()


def compile_expression(text: str, keys: Sequence[Key]) -> Condition:
    """Compile an Expression for a table with these partition keys.

    Raises:
        InvalidInput: it is not SQL, uses what the API does not know, or names something that is no partition key.
    """
    try:
        tree = sqlglot.parse_one(text, into=exp.Condition)
    except SqlglotError as error:
        raise InvalidInput("Invalid partition expression!") from error
    return _Compiler(keys).condition(tree)


_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Compiler:
    def __init__(self, keys: Sequence[Key]):
        self._keys = {name.lower(): (number, type_) for number, (name, type_) in enumerate(keys)}

    def condition(self, tree: exp.Expr) -> Condition:
        match tree:
            case exp.Paren():
                return self.condition(tree.this)
            case exp.And() | exp.Or():
                # a chain stays flat: dbt names up to a hundred partitions, and SQLite's parser nests less deep
                parts = [self.condition(part) for part in tree.flatten()]
                word = " and " if isinstance(tree, exp.And) else " or "
                values = tuple(value for part in parts for value in part.values)
                return Condition(f"({word.join(part.sql for part in parts)})", values)
            case exp.Not():
                inner = self.condition(tree.this)
                return Condition(f"not {inner.sql}", inner.values)
            case exp.In():
                return self._in(tree)
            case exp.Between():
                column, type_ = self._key(tree.this)
                low, high = _literal(tree.args["low"], type_), _literal(tree.args["high"], type_)
                return Condition(f"({column} between ? and ?)", (low, high))
            case exp.Like():
                return self._like(tree)
            case exp.Is():
                return self._is(tree)
        operator = _COMPARISONS.get(type(tree))
        if operator is None:
            raise _unsupported(tree)
        return self._compare(tree, operator)

    def _compare(self, tree: exp.Expr, operator: str) -> Condition:
        subject, literal = tree.this, tree.expression
        if isinstance(literal, exp.Column):
            subject, literal, operator = literal, subject, _MIRRORED.get(operator, operator)
        column, type_ = self._key(subject)
        return Condition(f"({column} {operator} ?)", (_literal(literal, type_),))

    def _in(self, tree: exp.In) -> Condition:
        if tree.args.get("query") or not tree.expressions:
            raise _unsupported(tree)
        column, type_ = self._key(tree.this)
        values = tuple(_literal(item, type_) for item in tree.expressions)
        return Condition(f"({column} in ({', '.join('?' * len(values))}))", values)

    def _like(self, tree: exp.Like) -> Condition:
        number, type_ = self._position(tree.this)
        text = key_column(number) if _base(type_) in _TEXTS else f"json_extract(partition_values, '$[{number}]')"
        if not tree.expression.is_string:
            raise _unsupported(tree)
        # GLOB, because SQLite's LIKE ignores the case of letters
        glob = re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", tree.expression.this)
        glob = glob.replace("%", "*").replace("_", "?")
        word = "not glob" if tree.args.get("negate") else "glob"
        return Condition(f"({text} {word} ?)", (glob,))

    def _is(self, tree: exp.Is) -> Condition:
        if not isinstance(tree.expression, exp.Null):
            raise _unsupported(tree)
        column, type_ = self._key(tree.this)
        if _base(type_) in _TEXTS:
            return Condition(f"({column} = ?)", (DEFAULT_PARTITION,))
        return Condition(f"({column} is null)")

    def _key(self, tree: exp.Expr) -> tuple[str, str]:
        number, type_ = self._position(tree)
        return key_column(number), type_

    def _position(self, tree: exp.Expr) -> tuple[int, str]:
        if not isinstance(tree, exp.Column) or tree.table or tree.name.lower() not in self._keys:
            raise InvalidInput("Invalid partition expression!")
        return self._keys[tree.name.lower()]


def _literal(tree: exp.Expr, type_: str) -> Value:
    negative = isinstance(tree, exp.Neg)
    node = tree.this if negative or isinstance(tree, exp.Cast) else tree
    if not isinstance(node, exp.Literal):
        raise _unsupported(tree)
    text = f"-{node.this}" if negative else node.this
    try:
        return _convert(text, type_)
    except (ValueError, InvalidOperation) as error:
        raise InvalidInput(f'"{text}" is not a value of the type {type_}.') from error


def _unsupported(tree: exp.Expr) -> InvalidInput:
    return InvalidInput(f"Unsupported expression '{tree.sql()}'")
