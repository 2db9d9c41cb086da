"""Where delivery streams and the records in their buffers are kept: a record that was taken survives a kill."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from lakelab.cloud.database import Database
from lakelab.cloud.firehose.model import DeliveryStream

SCHEMA = """
create table if not exists stream (
    key integer primary key autoincrement,
    account text not null, region text not null, name text not null, created real not null, document text not null,
    unique (account, region, name)
);
create table if not exists record (
    sequence integer primary key autoincrement,
    stream integer not null, id text not null, arrived real not null, data blob not null
);
create index if not exists record_of_stream on record (stream, sequence);
create table if not exists checkpoint (
    stream integer not null, shard integer not null, sequence integer not null, primary key (stream, shard)
) without rowid;
create table if not exists flush (
    stream integer primary key, name text not null, through integer not null, started real not null
);
"""


@dataclass(frozen=True)
class Buffered:
    """A record in a buffer. `arrived` is in seconds since 1970."""

    sequence: int
    id: str
    arrived: float
    data: bytes


@dataclass(frozen=True)
class Fill:
    """How full a buffer is, in bytes; `oldest` is when its first record arrived."""

    records: int
    volume: int
    oldest: float


@dataclass(frozen=True)
class Flush:
    """A flush that has begun: it takes the records up to `through`, and all names in it follow from `name`.

    It is kept until it is done, so that one that was cut off is repeated with the same names, and replaces.
    """

    name: str
    through: int
    started: float


class FirehoseStore:
    """Delivery streams, buffers, and how far each has read its source."""

    def __init__(self, path: Path):
        self._file = Database(path, SCHEMA)
        self._lock = threading.RLock()
        self._streams = {
            (row["account"], row["region"], row["name"]): DeliveryStream(
                row["key"], row["account"], row["region"], row["name"], row["created"], **json.loads(row["document"])
            )
            for row in self._file.rows("select * from stream")
        }
        # kept in memory: to sum up a large buffer at each record would take ever longer
        self._fills: dict[int, Fill | None] = {}
        for stream in self._streams.values():
            self._measure(stream.key)

    # ---- delivery streams

    def find(self, account: str, region: str, name: str) -> DeliveryStream | None:
        with self._lock:
            return self._streams.get((account, region, name))

    def all(self) -> list[DeliveryStream]:
        with self._lock:
            return list(self._streams.values())

    def create(self, stream: DeliveryStream, starts: dict[int, int]) -> None:
        """Keep a new delivery stream; `starts` gives the sequence after which it reads each shard of its source."""
        with self._lock, self._file.transaction() as file:
            inserted = file.execute(
                "insert into stream (account, region, name, created, document) values (?, ?, ?, ?, ?)",
                (stream.account, stream.region, stream.name, stream.created, json.dumps(stream.document())),
            )
            stream.key = inserted.lastrowid or 0
            file.executemany(
                "insert into checkpoint values (?, ?, ?)", [(stream.key, *start) for start in starts.items()]
            )
            self._streams[stream.account, stream.region, stream.name] = stream

    def save(self, stream: DeliveryStream) -> None:
        with self._lock, self._file.transaction() as file:
            file.execute("update stream set document = ? where key = ?", (json.dumps(stream.document()), stream.key))

    def delete(self, stream: DeliveryStream) -> None:
        with self._lock, self._file.transaction() as file:
            for table, column in (
                ("record", "stream"),
                ("checkpoint", "stream"),
                ("flush", "stream"),
                ("stream", "key"),
            ):
                file.execute(f"delete from {table} where {column} = ?", (stream.key,))
            self._streams.pop((stream.account, stream.region, stream.name), None)

    # ---- buffers

    def add(self, stream: DeliveryStream, records: Sequence[tuple[str, float, bytes]]) -> None:
        """Take records: id, time of arrival, data."""
        with self._lock, self._file.transaction() as file:
            file.executemany(
                "insert into record (stream, id, arrived, data) values (?, ?, ?, ?)",
                [(stream.key, *record) for record in records],
            )
            volume = sum(len(data) for _, _, data in records)
            oldest = min(arrived for _, arrived, _ in records)
            before = self._fills.get(stream.key) or Fill(0, 0, oldest)
            self._fills[stream.key] = Fill(
                before.records + len(records), before.volume + volume, min(before.oldest, oldest)
            )

    def add_from_shard(
        self, stream: DeliveryStream, shard: int, sequence: int, records: Sequence[tuple[str, float, bytes]]
    ) -> None:
        """Take records of the source, and remember in the same transaction how far it has been read: each once."""
        with self._lock, self._file.transaction() as file:
            self.add(stream, records)
            file.execute("insert or replace into checkpoint values (?, ?, ?)", (stream.key, shard, sequence))

    def checkpoint(self, stream: DeliveryStream, shard: int) -> int:
        row = self._file.row("select sequence from checkpoint where stream = ? and shard = ?", stream.key, shard)
        return row["sequence"] if row else 0

    def fill(self, stream: DeliveryStream) -> Fill | None:
        """How full the buffer is; None when it is empty."""
        with self._lock:
            return self._fills.get(stream.key)

    def _measure(self, key: int) -> None:
        row = self._file.row(
            "select count(*) as records, sum(length(data)) as volume, min(arrived) as oldest"
            " from record where stream = ?",
            key,
        )
        self._fills[key] = Fill(row["records"], row["volume"], row["oldest"]) if row and row["records"] else None

    def begin(self, stream: DeliveryStream, limit: int, now: float) -> Flush:
        """The flush that was cut off, or a new one of the oldest records with at most `limit` bytes together."""
        with self._file.transaction() as file:
            row = self._file.row("select * from flush where stream = ?", stream.key)
            if row is not None:
                return Flush(row["name"], row["through"], row["started"])
            volume = through = 0
            for record in file.execute(
                "select sequence, length(data) as size from record where stream = ? order by sequence", (stream.key,)
            ):
                if through and volume + record["size"] > limit:
                    break
                volume += record["size"]
                through = record["sequence"]
            flush = Flush(str(uuid4()), through, now)
            file.execute("insert into flush values (?, ?, ?, ?)", (stream.key, flush.name, through, now))
            return flush

    def under_way(self, stream: DeliveryStream) -> bool:
        """Whether a flush was begun and not ended."""
        return self._file.row("select 1 from flush where stream = ?", stream.key) is not None

    def records(self, stream: DeliveryStream, through: int) -> list[Buffered]:
        rows = self._file.rows(
            "select sequence, id, arrived, data from record where stream = ? and sequence <= ? order by sequence",
            stream.key,
            through,
        )
        return [Buffered(*row) for row in rows]

    def end(self, stream: DeliveryStream, flush: Flush) -> None:
        """The flush is delivered: forget it and its records."""
        with self._lock:
            with self._file.transaction() as file:
                file.execute("delete from record where stream = ? and sequence <= ?", (stream.key, flush.through))
                file.execute("delete from flush where stream = ?", (stream.key,))
            self._measure(stream.key)
