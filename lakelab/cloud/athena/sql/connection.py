"""What a DuckDB connection needs to run translated statements, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.functions import FUNCTIONS

_SETTINGS = (
    "SET TimeZone = 'UTC'; SET default_null_order = 'NULLS_LAST'; SET ieee_floating_point_ops = true; "
    "SET preserve_insertion_order = true; SET scalar_subquery_error_on_multiple_rows = true"
)


def prepare(con: duckdb.DuckDBPyConnection, functions: Iterable[str]) -> None:
    """Set Trino's semantics on a connection, and register the Python functions with these names."""
    con.execute(_SETTINGS)
    for name in functions:
        function = FUNCTIONS[name]
        try:
            con.create_function(
                name,
                function.run,
                list(function.parameters),
                function.returns,
                null_handling="default",
            )
        except (duckdb.NotImplementedException, duckdb.CatalogException) as error:
            # registered before, on this connection or through another cursor of the same database
            if "already" not in str(error):
                raise


_RAISED = re.compile(r"'([A-Z_]{4,}): (.*?)' (?:to|can't)", re.DOTALL)
_PYTHON = re.compile(r"(?:TrinoError|ValueError): ([A-Z_]{4,}): (.*)")
_KNOWN: list[tuple[str, str]] = [
    (r"division by zero", "DIVISION_BY_ZERO"),
    (r"out of range|overflow", "NUMERIC_VALUE_OUT_OF_RANGE"),
    (r"More than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS"),
    (r"Could not convert|Could not cast|can't be cast|invalid .* format|date field value out of range|Conversion Error", "INVALID_CAST_ARGUMENT"),
    (r"Could not parse string|strptime", "INVALID_FUNCTION_ARGUMENT"),
    (r"Malformed JSON|JSON", "INVALID_FUNCTION_ARGUMENT"),
    (r"[Mm]ap keys? (?:must be unique|can not be NULL)", "INVALID_FUNCTION_ARGUMENT"),
]
_USER_ERRORS = (
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
)


def error_of(error: duckdb.Error) -> SqlError | None:
    """What Athena says where DuckDB raised `error` at run time; None when it is no fault of the statement's."""
    text = str(error)
    for pattern in (_RAISED, _PYTHON):
        match = pattern.search(text)
        if match:
            return SqlError(match[1], match[2].strip().splitlines()[0])
    if isinstance(error, duckdb.OutOfMemoryException):
        return SqlError("EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exceeded per-node memory limit")
    if not isinstance(error, _USER_ERRORS):
        return None
    line = text.splitlines()[0].split(": ", 1)[-1]
    for pattern, name in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return SqlError(name, line)
    return SqlError("INVALID_FUNCTION_ARGUMENT", line)
