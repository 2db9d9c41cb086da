"""The words of an Athena statement, in both of its spellings: Trino's and Hive's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lakelab.cloud.athena.errors import MalformedQuery

TokenKind = Literal["word", "backtick", "dquote", "string", "number", "symbol", "end"]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^']|'')*')
  | (?P<dquote>"(?:[^"]|"")*")
  | (?P<backtick>`(?:[^`]|``)*`)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<word>[^\W\d][\w$]*|\d+[^\W\d]\w*)
  | (?P<symbol><>|!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One word of a statement. `value` is without quotes; `start` and `end` are offsets in the text."""

    kind: TokenKind
    value: str
    start: int
    end: int


def tokens(sql: str, start: int = 0) -> Iterator[Token]:
    """The tokens of a statement, comments and white space left out; the last one is of kind `end`.

    Raises:
        MalformedQuery: a quote or comment is not closed.
    """
    position = start
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        assert match is not None  # the last alternative takes any character
        kind = match.lastgroup
        text = match.group()
        if kind != "space":
            if kind == "symbol" and (text in "'\"`" or (text == "/" and sql.startswith("/*", position))):
                raise syntax_error(sql, position, f"unexpected '{text}': it is not closed")
            if kind in ("string", "dquote", "backtick"):
                text = text[1:-1].replace(text[0] * 2, text[0])
            yield Token(kind, text, position, match.end())  # type: ignore[arg-type]
        position = match.end()
    yield Token("end", "<EOF>", len(sql), len(sql))


def syntax_error(sql: str, offset: int, message: str) -> MalformedQuery:
    """The error of a text that is no statement, with the line and column of `offset`."""
    line = sql.count("\n", 0, offset) + 1
    column = offset - (sql.rfind("\n", 0, offset) + 1) + 1
    return MalformedQuery(f"line {line}:{column}: {message}")


def one_statement(sql: str) -> str:
    """The text without its last semicolon.

    Raises:
        MalformedQuery: the text is empty or holds several statements.
    """
    end = len(sql)
    seen = False
    semicolon = None
    for token in tokens(sql):
        if token.kind == "end":
            break
        if semicolon is not None and not (token.kind == "symbol" and token.value == ";"):
            raise MalformedQuery(f"Only one sql statement is allowed. Got: {sql}")
        if token.kind == "symbol" and token.value == ";":
            end = token.start if semicolon is None else end
            semicolon = token
        else:
            seen = True
    if not seen:
        raise MalformedQuery("Query string is empty")
    return sql[:end]


def bind(sql: str, values: list[str]) -> str:
    """The statement with each `?` replaced by the next value, as written in SQL.

    A value that is no SQL literal counts as a string, as Athena does with an unquoted one.

    Raises:
        MalformedQuery: the number of values is not the number of `?`.
    """
    marks = [token for token in tokens(sql) if token.kind == "symbol" and token.value == "?"]
    if len(marks) != len(values):
        raise MalformedQuery(f"Incorrect number of parameters: expected {len(marks)} but found {len(values)}")
    parts = []
    position = 0
    for mark, value in zip(marks, values, strict=True):
        parts += [sql[position : mark.start], _literal(value)]
        position = mark.end
    return "".join([*parts, sql[position:]])


_LITERAL = re.compile(
    r"""(?ix)
    [-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?
  | '([^']|'')*'
  | true | false | null
  | (x|u&)'[^']*'
  | [a-z_]\w*(\(\d+\))?(\s+[a-z_]+)*\s*'([^']|'')*'(\s+[a-z ]+)?
  | [a-z_]\w*\s*[\[(].*[\])]
    """,
    re.DOTALL,
)


def _literal(value: str) -> str:
    value = value.strip()
    if _LITERAL.fullmatch(value):
        return value
    return "'" + value.replace("'", "''") + "'"
