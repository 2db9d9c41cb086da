"""ColumnInfo: how GetQueryResults describes the type of a column.

The numbers are those that Athena's answers show, for instance 17 for a double and 2147483647 for an unbounded varchar.
"""

from __future__ import annotations

import re

from lakelab.cloud.athena.model import Column
from lakelab.cloud.athena.store import Document

_PRECISIONS = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "double": 17,
    "float": 17,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "time": 3,
    "time with time zone": 3,
    "varbinary": 1073741824,
    "varchar": 2147483647,
}
_ARGUMENTS = re.compile(r"\s*\((.*)\)", re.DOTALL)
_NAMES = {"real": "float", "int": "integer"}


def column_info(column: Column, utility: bool = False) -> Document:
    """The ColumnInfo of a column. `utility`: of SHOW and DESCRIBE, whose columns have no precision."""
    base = _ARGUMENTS.sub("", column.type).lower()
    base = _NAMES.get(base, base)
    found = _ARGUMENTS.search(column.type)
    arguments = found[1] if found else ""
    precision, scale = _PRECISIONS.get(base, 0), 0
    if base == "decimal":
        digits = [int(part) for part in arguments.split(",")] if arguments else [38]
        precision, scale = digits[0], digits[1] if len(digits) > 1 else 0
    elif base in ("varchar", "char") and arguments:
        precision = int(arguments)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": base,
        "Precision": 0 if utility else precision,
        "Scale": scale,
        "Nullable": "UNKNOWN" if column.nullable else "NOT_NULL",
        "CaseSensitive": base in ("varchar", "char") and not utility,
    }
