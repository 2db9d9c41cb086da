"""What the dialect refuses, in Trino's words."""

from __future__ import annotations


class SqlError(Exception):
    """A statement that Athena refuses or fails to run.

    Args:
        name: Trino's error name: `SYNTAX_ERROR`, `COLUMN_NOT_FOUND`, `TYPE_MISMATCH`, `DIVISION_BY_ZERO` …
        message: Trino's text, without the position.
        line, column: where in the statement, both from 1; 0 when the error has no position.
    """

    def __init__(self, name: str, message: str, line: int = 0, column: int = 0):
        self.name = name
        self.line = line
        self.column = column
        self.message = f"line {line}:{column}: {message}" if line else message
        super().__init__(self.message)
