"""Writes the rows of a DuckDB SELECT as one file of a Hive format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pyarrow as pa
import pyarrow.orc as orc_files

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.readers import quoted, text_literal
from lakelab.cloud.athena.sql.types import Type, field_names

WRITABLE = ("parquet", "orc", "avro", "json", "text", "opencsv")

# by format: Athena's default compression, then each of its names with the library's name and the file's suffix.
# https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html
_COMPRESSIONS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "parquet": (
        "GZIP",
        {
            "GZIP": ("gzip", ""),
            "SNAPPY": ("snappy", ""),
            "ZSTD": ("zstd", ""),
            "LZ4": ("lz4_raw", ""),
            "BROTLI": ("brotli", ""),
            "NONE": ("uncompressed", ""),
        },
    ),
    "orc": (
        "ZLIB",
        {
            "ZLIB": ("zlib", ""),
            "GZIP": ("zlib", ""),
            "SNAPPY": ("snappy", ""),
            "ZSTD": ("zstd", ""),
            "LZ4": ("lz4", ""),
            "NONE": ("uncompressed", ""),
        },
    ),
    "avro": (
        "DEFLATE",
        {
            "DEFLATE": ("deflate", ""),
            "GZIP": ("deflate", ""),
            "SNAPPY": ("snappy", ""),
            "ZSTD": ("zstandard", ""),
            "BZIP2": ("bzip2", ""),
            "NONE": ("null", ""),
        },
    ),
    "json": ("GZIP", {"GZIP": ("gzip", ".gz"), "ZSTD": ("zstd", ".zst"), "NONE": ("none", "")}),
    "text": ("GZIP", {"GZIP": ("gzip", ".gz"), "ZSTD": ("zstd", ".zst"), "NONE": ("none", "")}),
    "opencsv": ("GZIP", {"GZIP": ("gzip", ".gz"), "ZSTD": ("zstd", ".zst"), "NONE": ("none", "")}),
}
_BATCH = 65536  # rows


@dataclass(frozen=True)
class Layout:
    """How files are written: the format, Athena's name of the compression, and the SerDe's delimiters."""

    form: str
    compression: str = ""
    serde_properties: Mapping[str, str] = field(default_factory=dict)

    def codec(self) -> tuple[str, str]:
        """The library's name of the compression, and the suffix of the file's name.

        Raises:
            QueryError: Athena, or the local one, does not write the format with this compression.
        """
        default, known = _COMPRESSIONS[self.form]
        name = (self.compression or default).upper()
        name = "NONE" if name == "UNCOMPRESSED" else name
        if name not in known:
            raise QueryError(
                "INVALID_TABLE_PROPERTY", f"Compression {name} is not supported for format {self.form.upper()}"
            )
        return known[name]


def write(
    con: duckdb.DuckDBPyConnection, select: str, columns: Sequence[tuple[str, Type]], layout: Layout, target: Path
) -> int:
    """Write the rows of `select`, whose columns are `columns`, to `target`; answers their number."""
    codec, _ = layout.codec()
    match layout.form:
        case "parquet":
            options = f"FORMAT parquet, COMPRESSION {codec}"
            if codec == "zstd":
                options += ", COMPRESSION_LEVEL 3"
            return _copy(con, select, target, options)
        case "json":
            return _copy(con, _json_select(select, columns), target, f"FORMAT json, COMPRESSION {codec}")
        case "text":
            properties = layout.serde_properties
            delimiter = properties.get("field.delim") or "\x01"
            null = properties.get("serialization.null.format", "\\N")
            options = (
                f"FORMAT csv, DELIMITER {text_literal(delimiter)}, HEADER false, QUOTE '', ESCAPE '', "
                f"NULLSTR {text_literal(null)}, COMPRESSION {codec}"
            )
            return _copy(con, _text_select(select, columns, properties), target, options)
        case "opencsv":
            properties = layout.serde_properties
            options = (
                f"FORMAT csv, DELIMITER {text_literal(properties.get('separatorChar', ','))}, HEADER false, "
                f"QUOTE {text_literal(properties.get('quoteChar', chr(34)))}, FORCE_QUOTE *, NULLSTR '', "
                f"COMPRESSION {codec}"
            )
            return _copy(con, select, target, options)
        case "orc":
            return _orc(con, select, codec, target)
        case "avro":
            return _avro(con, select, columns, codec, target)
    raise QueryError("NOT_SUPPORTED", f"Writing format {layout.form} is not supported")


def _copy(con: duckdb.DuckDBPyConnection, select: str, target: Path, options: str) -> int:
    row = con.execute(f"COPY ({select}) TO {text_literal(str(target))} ({options})").fetchone()
    assert row is not None
    return row[0]


def _json_select(select: str, columns: Sequence[tuple[str, Type]]) -> str:
    """Decimals as they are printed, binary as base64: DuckDB's JSON would make doubles and escapes of them."""
    cells = []
    for name, kind in columns:
        value = quoted(name)
        if kind.name == "varbinary":
            value = f"to_base64({value})"
        elif kind.name in ("date", "timestamp"):
            value = f"CAST({value} AS VARCHAR)"
        cells.append(f"{value} AS {quoted(name)}")
    return f"SELECT {', '.join(cells)} FROM ({select})"


def _text_select(select: str, columns: Sequence[tuple[str, Type]], properties: Mapping[str, str]) -> str:
    delimiters = [
        properties.get("collection.delim") or "\x02",
        properties.get("mapkey.delim") or "\x03",
        *map(chr, range(4, 9)),
    ]
    cells = (f"{_text(quoted(name), kind, delimiters)} AS {quoted(name)}" for name, kind in columns)
    return f"SELECT {', '.join(cells)} FROM ({select})"


def _text(value: str, kind: Type, delimiters: Sequence[str]) -> str:
    """A value as LazySimpleSerDe writes it."""
    null = "'\\N'"
    match kind.name:
        case "varbinary":
            return f"to_base64({value})"
        case "array":
            item = f"coalesce({_text('item', kind.element, delimiters[1:])}, {null})"
            return f"array_to_string(list_transform({value}, lambda item: {item}), {text_literal(delimiters[0])})"
        case "map":
            key = _text("entry.key", kind.items[0], delimiters[2:])
            held = f"coalesce({_text('entry.value', kind.items[1], delimiters[2:])}, {null})"
            pair = f"{key} || {text_literal(delimiters[1])} || {held}"
            entries = f"list_transform(map_entries({value}), lambda entry: {pair})"
            return f"array_to_string({entries}, {text_literal(delimiters[0])})"
        case "row":
            fields = zip(field_names(kind), kind.fields, strict=True)
            parts = ", ".join(
                f"coalesce({_text(f'({value}).{quoted(name)}', item.type, delimiters[1:])}, {null})"
                for name, item in fields
            )
            return f"CASE WHEN {value} IS NOT NULL THEN concat_ws({text_literal(delimiters[0])}, {parts}) END"
    return f"CAST({value} AS VARCHAR)"


def _orc(con: duckdb.DuckDBPyConnection, select: str, codec: str, target: Path) -> int:
    reader = con.execute(select).to_arrow_reader(_BATCH)
    rows = 0
    with orc_files.ORCWriter(str(target), compression=codec) as writer:
        writer.write(pa.Table.from_batches([], schema=reader.schema))
        for batch in reader:
            writer.write(pa.Table.from_batches([batch]))
            rows += batch.num_rows
    return rows


def _avro(
    con: duckdb.DuckDBPyConnection, select: str, columns: Sequence[tuple[str, Type]], codec: str, target: Path
) -> int:
    schema = _avro_record("row", columns)
    reader = con.execute(select).to_arrow_reader(_BATCH)
    maps = [name for name, kind in columns if kind.name == "map"]
    rows = 0

    def records() -> Any:
        nonlocal rows
        for batch in reader:
            for record in batch.to_pylist():
                rows += 1
                for name in maps:
                    record[name] = dict(record[name]) if record[name] is not None else None
                yield record

    with target.open("wb") as out:
        fastavro.writer(out, fastavro.parse_schema(schema), records(), codec=codec)
    return rows


def _avro_record(name: str, columns: Sequence[tuple[str, Type]]) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [
            {"name": column, "type": ["null", _avro_type(f"{name}_{column}", kind)], "default": None}
            for column, kind in columns
        ],
    }


_AVRO: dict[str, Any] = {
    "boolean": "boolean",
    "tinyint": "int",
    "smallint": "int",
    "integer": "int",
    "bigint": "long",
    "real": "float",
    "double": "double",
    "varchar": "string",
    "char": "string",
    "varbinary": "bytes",
    "date": {"type": "int", "logicalType": "date"},
    "timestamp": {"type": "long", "logicalType": "local-timestamp-micros"},
}


def _avro_type(name: str, kind: Type) -> Any:
    match kind.name:
        case "decimal":
            return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
        case "array":
            return {"type": "array", "items": ["null", _avro_type(name, kind.element)]}
        case "map":
            return {"type": "map", "values": ["null", _avro_type(name, kind.items[1])]}
        case "row":
            fields = zip(field_names(kind), kind.fields, strict=True)
            return _avro_record(name, [(field_name, item.type) for field_name, item in fields])
    if kind.name not in _AVRO:
        raise QueryError("NOT_SUPPORTED", f"Type {kind} is not supported in Avro files")
    return _AVRO[kind.name]
