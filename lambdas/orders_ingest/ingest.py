"""Ingests one file of the feed: reads it to its end, then claims, writes, registers and reports."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute

from .contract import Contract, Rejected, Value
from .feed import Feed, Line, UnreadableFile
from .lake import Lake, Report

pc: Any = pyarrow.compute  # its functions are made while it is imported: type checkers do not see them

CHUNK_ROWS = 20_000  # rows that are Python objects at a time; the rest is Arrow
QUARANTINE_BYTES_IN_MEMORY = 8 << 20
REPEATING = pa.dictionary(pa.int32(), pa.string())  # four bytes a row where texts repeat
ARROW = {"string": REPEATING, "bigint": pa.int64(), "date": pa.date32()}


@dataclass(frozen=True)
class Source:
    """A version of an object in the raw bucket. `etag` has no quotes."""

    bucket: str
    key: str
    etag: str

    @property
    def id(self) -> str:
        """The name of all that the file gives rise to: the same key with the same bytes has the same one."""
        return hashlib.sha256(f"{self.bucket}/{self.key}@{self.etag}".encode()).hexdigest()[:24]


def ingest(source: Source, body: IO[bytes], contract: Contract, lake: Lake) -> Report:
    """Bring a file's rows into the lake and say what became of them.

    Nothing is written before the file has been read to its end. A failure at any later point leaves a state from which
    the next delivery of the same file reaches the same end.

    Raises:
        UnreadableFile: after a report that says so has been written.
    """
    try:
        with tempfile.SpooledTemporaryFile(QUARANTINE_BYTES_IN_MEMORY) as quarantine:
            read = _read(source, Feed(body, contract), contract, quarantine)
            report = _write(source, read, contract, lake, quarantine)
    except UnreadableFile as error:
        lake.write_report(Report(source.id, source.key, source.etag, "unreadable", str(error)))
        raise
    lake.write_report(report)
    return report


@dataclass
class _Read:
    """What a file holds: its valid rows as Arrow, and counts of lines."""

    rows: pa.Table
    rows_in: int
    quarantined: int
    latin1_lines: int
    ignored_columns: list[str]


@dataclass
class _Rows:
    """Collects rows into Arrow, chunk by chunk, so that a large file fits into the function's memory."""

    schema: pa.Schema
    _chunk: list[list[Value]] = field(default_factory=list)
    _batches: list[pa.RecordBatch] = field(default_factory=list)

    def add(self, row: list[Value]) -> None:
        self._chunk.append(row)
        if len(self._chunk) == CHUNK_ROWS:
            self._flush()

    def table(self) -> pa.Table:
        self._flush()
        return pa.Table.from_batches(self._batches, self.schema)

    def _flush(self) -> None:
        if self._chunk:
            columns = zip(zip(*self._chunk, strict=True), self.schema.types, strict=True)
            arrays = [_array(values, kind) for values, kind in columns]
            self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
            self._chunk = []


def _array(values: tuple[Value, ...], kind: pa.DataType) -> pa.Array:
    return (
        pa.array(values, kind.value_type).dictionary_encode()
        if pa.types.is_dictionary(kind)
        else pa.array(values, kind)
    )


def _read(source: Source, feed: Feed, contract: Contract, quarantine: IO[bytes]) -> _Read:
    kinds = [(name, ARROW[contract.types[name]]) for name in (*contract.feed, "source_line")]
    rows = _Rows(pa.schema([("order_id", pa.string()) if name == "order_id" else (name, kind) for name, kind in kinds]))
    rows_in = quarantined = 0
    for line in feed.lines():
        rows_in += 1
        try:
            rows.add([*feed.values(line), line.number])
        except Rejected as rejection:
            quarantined += 1
            quarantine.write(_rejected(source, line, rejection))
    return _Read(rows.table(), rows_in, quarantined, feed.latin1_lines, feed.ignored_columns)


def _rejected(source: Source, line: Line, rejection: Rejected) -> bytes:
    row = {
        "source_key": source.key,
        "source_line": line.number,
        "reason": rejection.reason,
        "column_name": rejection.column,
        "detail": rejection.detail,
        "raw_line": line.text,
    }
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _write(source: Source, read: _Read, contract: Contract, lake: Lake, quarantine: IO[bytes]) -> Report:
    if read.quarantined:
        quarantine.seek(0)
        lake.write_quarantine(source.id, quarantine)
    clean = 0
    days = []
    for day, candidates in _by_day(read.rows, contract.partition_key):
        once = _first_of_each_order(candidates)
        ours = _only(once, lake.claim(day, source.id, once["order_id"].combine_chunks()))
        if len(ours):
            lake.write_rows(day, source.id, _as_stored(ours, source, contract))
            days.append(day)
            clean += len(ours)
    lake.register(days)
    return Report(
        source.id,
        source.key,
        source.etag,
        "ingested",
        rows_in=read.rows_in,
        clean=clean,
        quarantined=read.quarantined,
        duplicate=len(read.rows) - clean,
        latin1_lines=read.latin1_lines,
        ignored_columns=",".join(read.ignored_columns) or None,
        partitions=len(days),
    )


def _by_day(rows: pa.Table, key: str) -> Iterator[tuple[date, pa.Table]]:
    days = sorted(pc.unique(rows[key]).to_pylist())
    for day in days:
        yield day, rows if len(days) == 1 else rows.filter(pc.field(key) == pa.scalar(day))


def _first_of_each_order(rows: pa.Table) -> pa.Table:
    # sorting takes a fifth of the memory of grouping by millions of ids
    by_order = pc.sort_indices(rows, [("order_id", "ascending"), ("source_line", "ascending")])
    order_ids = rows["order_id"].take(by_order).combine_chunks()
    repeats = by_order[1:].filter(pc.equal(order_ids[1:], order_ids[:-1]))
    if not len(repeats):
        return rows
    return rows.filter(pc.invert(pc.is_in(rows["source_line"], rows["source_line"].take(repeats).combine_chunks())))


def _only(rows: pa.Table, wanted: pa.Array) -> pa.Table:
    return rows if wanted.true_count == len(rows) else rows.filter(wanted)


def _as_stored(rows: pa.Table, source: Source, contract: Contract) -> pa.Table:
    """The table's columns but the partition key, which is in the path. The file's key is kept once, as a dictionary."""
    keys = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), len(rows)), pa.array([source.key]))
    stored = rows.append_column("source_key", keys)
    return stored.select([name for name in contract.types if name != contract.partition_key])
