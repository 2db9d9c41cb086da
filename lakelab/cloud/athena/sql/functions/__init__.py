"""Python functions for what DuckDB cannot compute: Java's formatter, look-around in patterns, hashes, ISO 8601 …

Each is called with SQL values and never with NULL; errors carry Trino's name before the message.
"""

from __future__ import annotations

from lakelab.cloud.athena.sql.functions import binary, dates, formatter, jsons, maths, regexps, strings, urls
from lakelab.cloud.athena.sql.functions.registry import FUNCTIONS, PythonFunction, TrinoError

__all__ = [
    "FUNCTIONS",
    "PythonFunction",
    "TrinoError",
    "binary",
    "dates",
    "formatter",
    "jsons",
    "maths",
    "regexps",
    "strings",
    "urls",
]
