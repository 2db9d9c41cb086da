"""Files that DuckDB cannot read as they are, converted first: ORC, Avro, and odd text.

Each function answers, for every original file, the file to read in its place; a file that can be read as it is stays.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fastavro
import pyarrow as pa
import pyarrow.orc as orc_files
import pyarrow.parquet as parquet_files
import zstandard

from lakelab.cloud.athena.errors import QueryError

if TYPE_CHECKING:
    from lakelab.cloud.athena.formats.readers import DataFile

_BATCH = 65536  # rows


def plain_text(file: DataFile, scratch: Path) -> tuple[str, Path]:
    """DuckDB's name of the file's compression, and the file: written anew as UTF-8 where DuckDB cannot read it.

    Bytes that are no UTF-8 become U+FFFD, as Athena shows them.
    """
    suffix = Path(file.uri).suffix.lower()
    compression = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}.get(suffix, "none")
    with _readable(file, "compressed text"):
        if suffix not in (".bz2", ".deflate", ".snappy", ".lz4", ".xz") and _is_utf8(file):
            return compression, file.path
        target = new_file(scratch, ".txt")
        with open_text(file) as source, target.open("w", encoding="utf-8", newline="") as out:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            while chunk := source.read(1 << 20):
                out.write(decoder.decode(chunk))
            out.write(decoder.decode(b"", True))
    return "none", target


def _is_utf8(file: DataFile) -> bool:
    status = file.path.stat()
    return _decodes(file.path, Path(file.uri).suffix.lower(), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _decodes(path: Path, suffix: str, modified: int, size: int) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open_as(path, suffix) as source:
            while chunk := source.read(1 << 20):
                decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def open_text(file: DataFile) -> BinaryIO:
    """The bytes of a text file, decompressed by what its name says."""
    return _open_as(file.path, Path(file.uri).suffix.lower())


def _open_as(path: Path, suffix: str) -> BinaryIO:
    match suffix:
        case ".gz" | ".gzip":
            return gzip.open(path)  # type: ignore[return-value]
        case ".bz2":
            return bz2.open(path)  # type: ignore[return-value]
        case ".xz":
            return lzma.open(path)  # type: ignore[return-value]
        case ".zst" | ".zstd":
            return zstandard.open(path, "rb")  # type: ignore[return-value]
        case ".deflate":
            return pa.BufferReader(zlib.decompress(path.read_bytes()))  # type: ignore[return-value]
        case ".snappy":
            return pa.BufferReader(_hadoop_blocks(path.read_bytes(), "snappy"))  # type: ignore[return-value]
        case ".lz4":
            return pa.BufferReader(_hadoop_blocks(path.read_bytes(), "lz4_raw"))  # type: ignore[return-value]
    return path.open("rb")


def _hadoop_blocks(data: bytes, codec: str) -> bytes:
    """Hadoop's block compression: the size of a block, then chunks, each after its own size (big-endian, 4 bytes)."""
    out = []
    position = 0
    while position < len(data):
        left = int.from_bytes(data[position : position + 4], "big")
        position += 4
        while left > 0:
            size = int.from_bytes(data[position : position + 4], "big")
            position += 4
            chunk = data[position : position + size]
            length = _snappy_length(chunk) if codec == "snappy" else left
            plain = pa.Codec(codec).decompress(chunk, decompressed_size=length, asbytes=True)
            out.append(plain)
            left -= len(plain)
            position += size
    return b"".join(out)


def _snappy_length(chunk: bytes) -> int:
    length = shift = 0
    for byte in chunk:
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length
        shift += 7
    return length


def new_file(scratch: Path, suffix: str) -> Path:
    folder = scratch / "converted"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{sum(1 for _ in folder.iterdir())}{suffix}"


@contextmanager
def _readable(file: DataFile, form: str) -> Iterator[None]:
    """Raise HIVE_BAD_DATA, with the object's name, where a file is not of its format."""
    try:
        yield
    except (OSError, EOFError, ValueError) as error:  # pyarrow's errors are of these classes too
        raise QueryError("HIVE_BAD_DATA", f"Not valid {form} file: {file.uri}") from error


# ---- ORC and Avro ---------------------------------------------------------------------------------------------------


def orc(files: Sequence[DataFile], scratch: Path) -> dict[Path, Path]:
    """ORC as Parquet, one stripe at a time."""
    read_as = {}
    for file in files:
        target = read_as[file.path] = new_file(scratch, ".parquet")
        with _readable(file, "ORC"):
            source = orc_files.ORCFile(file.path)
            with parquet_files.ParquetWriter(target, source.schema) as writer:
                for number in range(source.nstripes):
                    stripe: Any = source.read_stripe(number)
                    writer.write_batch(stripe)
    return read_as


def avro(files: Sequence[DataFile], scratch: Path) -> dict[Path, Path]:
    """Avro as Parquet."""
    read_as = {}
    for file in files:
        target = read_as[file.path] = new_file(scratch, ".parquet")
        with _readable(file, "Avro"), file.path.open("rb") as source:
            reader = fastavro.reader(source)
            write_rows(target, reader, _avro_schema(reader.writer_schema))
    return read_as


def _avro_schema(schema: Any) -> pa.Schema:
    return pa.schema([(field["name"].lower(), _avro_type(field["type"])) for field in schema["fields"]])


_AVRO_PRIMITIVES = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}


def _avro_type(kind: Any) -> pa.DataType:
    if isinstance(kind, list):
        choices = [choice for choice in kind if choice != "null"]
        return _avro_type(choices[0]) if choices else pa.null()
    if isinstance(kind, str):
        if kind not in _AVRO_PRIMITIVES:
            raise QueryError("NOT_SUPPORTED", f"Avro type {kind} is not supported")
        return _AVRO_PRIMITIVES[kind]
    match kind.get("logicalType"):
        case "date":
            return pa.date32()
        case "timestamp-millis" | "timestamp-micros" | "local-timestamp-millis" | "local-timestamp-micros":
            return pa.timestamp("us")
        case "decimal":
            return pa.decimal128(kind["precision"], kind.get("scale", 0))
        case "uuid":
            return pa.string()
    match kind["type"]:
        case "array":
            return pa.list_(_avro_type(kind["items"]))
        case "map":
            return pa.map_(pa.string(), _avro_type(kind["values"]))
        case "record":
            return pa.struct([(field["name"].lower(), _avro_type(field["type"])) for field in kind["fields"]])
        case "enum":
            return pa.string()
        case "fixed":
            return pa.binary(kind["size"])
    return _avro_type(kind["type"])


def write_rows(target: Path, rows: Iterable[Any], schema: pa.Schema) -> None:
    with parquet_files.ParquetWriter(target, schema) as writer:
        batch: list[Any] = []
        for row in rows:
            batch.append({name.lower(): _naive(value) for name, value in row.items()})
            if len(batch) == _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema))


def _naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if getattr(value, "tzinfo", None) is not None else value


def text_lines(file: DataFile) -> Iterator[str]:
    with open_text(file) as source:
        for line in source:
            yield line.decode("utf-8", "replace").rstrip("\r\n")


# ---- odd CSV and JSON -----------------------------------------------------------------------------------------------


def opencsv(
    files: Sequence[DataFile], serde: Mapping[str, str], scratch: Path
) -> tuple[dict[Path, Path], dict[Path, str]]:
    """CSV whose only escape is the doubled quote, as DuckDB reads it; and each file's compression.

    OpenCSVSerde knows an escape character too (a backslash, unless `escapeChar` says otherwise): a file that has one is
    written anew without it.
    """
    quote, escape = serde.get("quoteChar", '"'), serde.get("escapeChar", "\\")
    read_as, compressed = {}, {}
    for file in files:
        compression, path = plain_text(file, scratch)
        if escape != quote and _holds(file, escape.encode()):
            target = new_file(scratch, ".csv")
            with open_text(file) as source, target.open("w", encoding="utf-8", newline="") as out:
                for line in codecs.getreader("utf-8")(source, "replace"):
                    out.write(_unescape_csv(line, quote, escape))
            compression, path = "none", target
        read_as[file.path], compressed[path] = path, compression
    return read_as, compressed


def _unescape_csv(line: str, quote: str, escape: str) -> str:
    escaped = re.compile(f"{re.escape(escape)}({re.escape(quote)}|{re.escape(escape)})")
    return escaped.sub(lambda match: quote * 2 if match.group(1) == quote else escape, line)


def _holds(file: DataFile, needle: bytes) -> bool:
    with open_text(file) as source:
        while chunk := source.read(1 << 20):
            if needle in chunk:
                return True
    return False


# a key with an upper-case letter
_MIXED_CASE = re.compile(rb'"[^"\n]*[A-Z][^"\n]*"\s*:')


def json_lines(
    files: Sequence[DataFile], serde: Mapping[str, str], scratch: Path
) -> tuple[dict[Path, Path], dict[Path, str]]:
    """JSON lines whose keys are the columns' names, and each file's compression.

    Keys match in any case, and `mapping.column` names the key of a column; files that need it are written anew.
    """
    mapping = {
        key.lower(): name.removeprefix("mapping.").lower() for name, key in serde.items() if name.startswith("mapping.")
    }
    dots = serde.get("dots.in.keys", "false").lower() == "true"
    read_as, compressed = {}, {}
    for file in files:
        compression, path = plain_text(file, scratch)
        if mapping or dots or _has_mixed_case(file):
            target = new_file(scratch, ".json")
            with target.open("w", encoding="utf-8") as out:
                for line in text_lines(file):
                    out.write(_with_column_names(line, mapping, dots) + "\n")
            compression, path = "none", target
        read_as[file.path], compressed[path] = path, compression
    return read_as, compressed


def _has_mixed_case(file: DataFile) -> bool:
    with open_text(file) as source:
        return any(_MIXED_CASE.search(line) for line in source)


def _with_column_names(line: str, mapping: Mapping[str, str], dots: bool) -> str:
    try:
        document = json.loads(line) if line.strip() else None
    except ValueError:
        return line  # DuckDB reports it, or the SerDe is told to ignore it
    if not isinstance(document, dict):
        return line
    renamed = {}
    for key, value in _lower_keys(document).items():
        name = mapping.get(key, key)
        renamed[name.replace(".", "_") if dots else name] = value
    return json.dumps(renamed, ensure_ascii=False)


def _lower_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.lower(): _lower_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lower_keys(item) for item in value]
    return value
