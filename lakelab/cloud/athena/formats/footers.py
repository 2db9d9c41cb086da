"""The footers of Parquet files: how many rows they have, and how large each column of each row group is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet_files

_SAMPLE = 64  # files whose footers are read for an estimate


@dataclass(frozen=True)
class Chunk:
    """A column of a row group: its compressed size in bytes, and its least and greatest value where they are known."""

    size: int
    least: Any = None
    greatest: Any = None


@dataclass(frozen=True)
class RowGroup:
    """A row group: its number of rows, and its chunks by the lower-case path of the column (`user.name`)."""

    rows: int
    chunks: Mapping[str, Chunk]


def estimated_rows(paths: Sequence[Path]) -> int:
    """About how many rows some files have: DuckDB orders joins by it. A file that is no Parquet counts as empty."""
    sample = paths[:_SAMPLE]
    rows = read = 0
    for path in sample:
        try:
            rows += sum(group.rows for group in row_groups(path))
        except pa.ArrowInvalid:
            continue
        read += path.stat().st_size
    if len(paths) == len(sample) or not read:
        return rows
    return round(rows * sum(path.stat().st_size for path in paths) / read)


def all_have(paths: Sequence[Path], columns: Mapping[str, str]) -> bool:
    """Whether a few files have these columns of exactly these types: names in lower case, types as DuckDB has them."""
    if len(paths) > _SAMPLE:
        return False
    try:
        found = [_types(path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
    except pa.ArrowInvalid:
        return False
    return all(types.get(name) == kind for types in found for name, kind in columns.items())


_DUCKDB_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.timestamp("ms"): "TIMESTAMP",
    pa.timestamp("us"): "TIMESTAMP",
}


@lru_cache(maxsize=4096)
def _types(path: Path, modified: int, size: int) -> dict[str, str]:
    """The types of a file's columns, as DuckDB reads them; nested columns and rare types are left out."""
    types: dict[str, str] = {}
    for column in parquet_files.read_schema(path):
        name = column.name.lower() if column.name.isascii() else column.name  # DuckDB knows the case of ASCII only
        kind = _DUCKDB_TYPES.get(column.type, "")
        if pa.types.is_decimal128(column.type):
            kind = f"DECIMAL({column.type.precision},{column.type.scale})"
        types[name] = kind if name not in types else ""
    return types


def row_groups(path: Path, field_ids: Mapping[int, str] | None = None) -> tuple[RowGroup, ...]:
    """The row groups of a Parquet file, with today's names of the columns where the field ids of a table are given."""
    status = path.stat()
    return _row_groups(path, status.st_mtime_ns, status.st_size, tuple((field_ids or {}).items()))


@lru_cache(maxsize=4096)
def _row_groups(path: Path, modified: int, size: int, field_ids: tuple[tuple[int, str], ...]) -> tuple[RowGroup, ...]:
    footer = parquet_files.read_metadata(path)
    names = _current_names(footer, dict(field_ids)) if field_ids else {}
    return tuple(_row_group(footer.row_group(number), names) for number in range(footer.num_row_groups))


def _current_names(footer: Any, field_ids: Mapping[int, str]) -> dict[str, str]:
    names = {}
    for column in footer.schema.to_arrow_schema():
        number = int((column.metadata or {}).get(b"PARQUET:field_id", -1))
        names[column.name.lower()] = field_ids.get(number, "")
    return names


def _row_group(group: Any, names: Mapping[str, str]) -> RowGroup:
    chunks = {}
    for number in range(group.num_columns):
        column = group.column(number)
        statistics = column.statistics
        if statistics is not None and statistics.has_min_max:
            chunk = Chunk(column.total_compressed_size, statistics.min, statistics.max)
        else:
            chunk = Chunk(column.total_compressed_size)
        top, dot, rest = column.path_in_schema.lower().partition(".")
        chunks[names.get(top, top) + dot + rest] = chunk
    return RowGroup(group.num_rows, chunks)
