"""The `.metadata` object beside a result: the result's columns, in the bytes that Athena writes.

Athena names no format for it. On record are dumps and a reader of them, which show a Protocol Buffers message: a text
that tells the query, and a message for each column whose fields are those of ColumnInfo in its order.

Source: https://stackoverflow.com/questions/55991018/whats-the-data-format-of-athenas-csv-metadata-files
"""

from __future__ import annotations

from collections.abc import Sequence

from lakelab.cloud.athena.store import Document

_QUERY, _COLUMN = 1, 4
_FIELDS = (  # of ColumnInfo, from 1
    "CatalogName",
    "SchemaName",
    "TableName",
    "Name",
    "Label",
    "Type",
    "Precision",
    "Scale",
    "Nullable",
    "CaseSensitive",
)
_NULLABLE = {"NOT_NULL": 1, "NULLABLE": 2, "UNKNOWN": 3}


def encode(execution_id: str, columns: Sequence[Document]) -> bytes:
    """The metadata of a result with these columns, each a ColumnInfo. Fields that are 0, false or '' are left out."""
    return _text(_QUERY, execution_id.encode()) + b"".join(_text(_COLUMN, _column(column)) for column in columns)


def _column(column: Document) -> bytes:
    parts = []
    for number, name in enumerate(_FIELDS, 1):
        value = _NULLABLE[column[name]] if name == "Nullable" else column[name]
        if isinstance(value, str):
            parts.append(_text(number, value.encode()) if value else b"")
        else:
            parts.append(_varint(number << 3) + _varint(int(value)) if value else b"")
    return b"".join(parts)


def _text(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """An integer in groups of 7 bits, the least first; each but the last has its high bit set."""
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
