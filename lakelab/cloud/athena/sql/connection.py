"""What a DuckDB connection needs to run translated statements, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb
from duckdb.func import FunctionNullHandling

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
                null_handling=FunctionNullHandling.SPECIAL,
            )
        except (duckdb.NotImplementedException, duckdb.CatalogException) as error:
            # registered before, on this connection or through another cursor of the same database
            if "already" not in str(error):
                raise


_RAISED = re.compile(r"'([A-Z_]{4,}): (.*)' (?:to |can't)")
_QUOTED = re.compile(r'"([A-Z_]{4,}): (.*?)"(?:,|$| to )')
_OVERFLOW = re.compile(r"Overflow in (\w+) of (INT\d+) \((.*)\)!")
_INTEGERS = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"}
_PYTHON = re.compile(r"(?:TrinoError|ValueError): ([A-Z_]{4,}): (.*)")
_KNOWN: list[tuple[str, str]] = [
    (r"Could not parse string|strptime|Could not decode string|Date out of range: ", "INVALID_FUNCTION_ARGUMENT"),
    (
        r"value -?(?:nan|inf)\w* can't be cast|Casting value .* to type|time field value out of range",
        "INVALID_CAST_ARGUMENT",
    ),
    (r"division by zero", "DIVISION_BY_ZERO"),
    (r"out of range|overflow", "NUMERIC_VALUE_OUT_OF_RANGE"),
    (
        r"Could not convert|Could not cast|can't be cast|invalid .* format|date field value out of range|"
        r"Conversion Error",
        "INVALID_CAST_ARGUMENT",
    ),
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
    for pattern in (_RAISED, _QUOTED, _PYTHON):
        match = pattern.search(text)
        if match:
            return SqlError(match[1], match[2].strip().splitlines()[0])
    overflow = _OVERFLOW.search(text)
    if overflow:
        kind = _INTEGERS.get(overflow[2], "decimal")
        return SqlError("NUMERIC_VALUE_OUT_OF_RANGE", f"{kind} {overflow[1]} overflow: {overflow[3]}")
    if "Max expression depth limit" in text:
        return SqlError("STACK_OVERFLOW", "statement is too large (stack overflow during analysis)")
    if isinstance(error, duckdb.OutOfMemoryException):
        return SqlError("EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exceeded per-node memory limit")
    if not isinstance(error, _USER_ERRORS):
        return None
    line = text.splitlines()[0].split(": ", 1)[-1]
    if "More than one row returned by a subquery" in text:
        return SqlError("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows")
    for pattern, name in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return SqlError(name, line)
    return SqlError("INVALID_FUNCTION_ARGUMENT", line)
