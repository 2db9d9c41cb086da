"""Where streams and their records are kept: one SQLite file, so that a record that was acknowledged survives a kill."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from lakelab.cloud.clock import Clock, Signal
from lakelab.cloud.database import Database
from lakelab.cloud.streams.model import Entry, Record, Shard, Stream, even_ranges

SCHEMA = """
create table if not exists stream (
    key integer primary key autoincrement,
    account text not null, region text not null, name text not null, created real not null,
    next_sequence integer not null, document text not null,
    unique (account, region, name)
);
create table if not exists shard (
    stream integer not null references stream on delete cascade, number integer not null,
    start text not null, "end" text not null, first integer not null,
    parent integer, adjacent integer, last integer, closed_at real,
    primary key (stream, number)
) without rowid;
create table if not exists record (
    stream integer not null, shard integer not null, sequence integer not null,
    arrived real not null, partition_key text not null, data blob not null,
    primary key (stream, shard, sequence)
) without rowid;
"""
TRIM_SECONDS = 60.0


class StreamStore:
    """Streams, shards and records.

    Streams and shards are held in memory too; whoever waits for records is signalled when some are appended.
    """

    def __init__(self, path: Path, clock: Clock):
        self._file = Database(path, SCHEMA)
        self._clock = clock
        self._lock = threading.RLock()
        self._streams: dict[tuple[str, str, str], Stream] = {}
        self._sequences: dict[int, int] = {}
        self._trimmed = 0.0
        self._waiting: defaultdict[int, set[Signal]] = defaultdict(set)
        for row in self._file.rows("select * from stream"):
            stream = Stream(
                row["key"], row["account"], row["region"], row["name"], row["created"], **json.loads(row["document"])
            )
            stream.shards = [
                Shard(
                    shard["number"],
                    int(shard["start"]),
                    int(shard["end"]),
                    shard["first"],
                    shard["parent"],
                    shard["adjacent"],
                    shard["last"],
                    shard["closed_at"],
                )
                for shard in self._file.rows("select * from shard where stream = ? order by number", stream.key)
            ]
            self._streams[stream.account, stream.region, stream.name] = stream
            self._sequences[stream.key] = row["next_sequence"]

    # ---- streams

    def find(self, account: str, region: str, name: str) -> Stream | None:
        with self._lock:
            return self._streams.get((account, region, name))

    def streams(self, account: str, region: str) -> list[Stream]:
        """The streams of an account and region, by name."""
        with self._lock:
            found = [stream for key, stream in self._streams.items() if key[:2] == (account, region)]
        return sorted(found, key=lambda stream: stream.name)

    def everywhere(self) -> list[Stream]:
        with self._lock:
            return list(self._streams.values())

    def create(self, account: str, region: str, name: str, shards: int, mode: str, tags: dict[str, str]) -> Stream:
        with self._lock, self._file.transaction() as file:
            stream = Stream(0, account, region, name, self._clock.now(), mode, tags=tags)
            # from the time on, so that a stream made anew begins above the checkpoints of the old one of its name
            first = int(stream.created * 1_000_000)
            inserted = file.execute(
                "insert into stream (account, region, name, created, next_sequence, document)"
                " values (?, ?, ?, ?, ?, ?)",
                (account, region, name, stream.created, first, json.dumps(stream.document())),
            )
            stream.key = inserted.lastrowid or 0
            self._sequences[stream.key] = first
            for number, (start, end) in enumerate(even_ranges(shards)):
                self._add(stream, Shard(number, start, end, self._take(stream.key)))
            self._streams[account, region, name] = stream
            return stream

    def delete(self, stream: Stream) -> None:
        with self._lock, self._file.transaction() as file:
            file.execute("delete from record where stream = ?", (stream.key,))
            file.execute("delete from shard where stream = ?", (stream.key,))
            file.execute("delete from stream where key = ?", (stream.key,))
            del self._streams[stream.account, stream.region, stream.name]
        self._wake(stream.key)

    def save(self, stream: Stream) -> None:
        """Keep what has changed of a stream besides its shards."""
        with self._lock, self._file.transaction() as file:
            file.execute("update stream set document = ? where key = ?", (json.dumps(stream.document()), stream.key))

    # ---- shards

    def reshard(self, stream: Stream, closing: Sequence[Shard], ranges: Sequence[tuple[int, int]]) -> list[Shard]:
        """Close shards and open one for each range of hash keys; its parents are those it overlaps, in their order.

        The records of the closed shards stay to be read.
        """
        with self._lock, self._file.transaction():
            now = self._clock.now()
            children = []
            for shard in closing:
                shard.last, shard.closed_at = self._take(stream.key), now
                self._write(stream, shard)
            for start, end in ranges:
                parents = [shard for shard in closing if shard.start <= end and start <= shard.end]
                number = max(shard.number for shard in stream.shards) + 1
                child = Shard(number, start, end, self._take(stream.key))
                child.parent = parents[0].number
                child.adjacent = parents[1].number if len(parents) > 1 else None
                self._add(stream, child)
                children.append(child)
        self._wake(stream.key)
        return children

    def _add(self, stream: Stream, shard: Shard) -> None:
        stream.shards.append(shard)
        self._write(stream, shard)

    def _write(self, stream: Stream, shard: Shard) -> None:
        with self._file.transaction() as file:
            file.execute(
                "insert or replace into shard values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    stream.key,
                    shard.number,
                    str(shard.start),
                    str(shard.end),
                    shard.first,
                    shard.parent,
                    shard.adjacent,
                    shard.last,
                    shard.closed_at,
                ),
            )
            file.execute("update stream set next_sequence = ? where key = ?", (self._sequences[stream.key], stream.key))

    def _take(self, key: int) -> int:
        taken = self._sequences[key]
        self._sequences[key] = taken + 1
        return taken

    # ---- records

    def append(
        self, stream: Stream, entries: Sequence[Entry], admit: Callable[[Shard, Entry], bool]
    ) -> list[tuple[Shard, int | None]]:
        """Append records, all in one transaction, and say for each its shard and sequence; None if not admitted.

        `admit` is asked for each record in turn: it is where a shard's limits are.
        """
        with self._lock:
            now = self._clock.now()
            placed: list[tuple[Shard, int | None]] = []
            rows = []
            for entry in entries:
                shard = stream.shard_of(entry.hash_key)
                sequence = self._take(stream.key) if admit(shard, entry) else None
                placed.append((shard, sequence))
                if sequence is not None:
                    rows.append((stream.key, shard.number, sequence, now, entry.partition_key, entry.data))
            if rows:
                with self._file.transaction() as file:
                    file.executemany("insert into record values (?, ?, ?, ?, ?, ?)", rows)
                    # kept, because a checkpoint may be above every record that retention has left
                    file.execute(
                        "update stream set next_sequence = ? where key = ?", (self._sequences[stream.key], stream.key)
                    )
        self._trim(now)
        if rows:
            self._wake(stream.key)
        return placed

    def read(self, stream: Stream, shard: int, after: int, limit: int) -> list[Record]:
        """At most `limit` records of a shard with sequences above `after`, in order; expired ones are not shown."""
        oldest = self._clock.now() - stream.retention_hours * 3600
        rows = self._file.rows(
            "select sequence, arrived, partition_key, data from record"
            " where stream = ? and shard = ? and sequence > ? and arrived >= ? order by sequence limit ?",
            stream.key,
            shard,
            after,
            oldest,
            limit,
        )
        return [Record(*row) for row in rows]

    def last(self, stream: Stream, shard: int) -> int:
        """The sequence of a shard's newest record; 0 when it has none."""
        row = self._file.row("select max(sequence) as it from record where stream = ? and shard = ?", stream.key, shard)
        return (row["it"] if row else None) or 0

    def first_since(self, stream: Stream, shard: int, moment: float) -> int | None:
        """The sequence of the first record that arrived at `moment` or later; None when none has."""
        row = self._file.row(
            "select min(sequence) as it from record where stream = ? and shard = ? and arrived >= ?",
            stream.key,
            shard,
            moment,
        )
        return row["it"] if row else None

    def _trim(self, now: float) -> None:
        """Delete what is past its stream's retention, and closed shards with it; not at every append."""
        with self._lock:
            if now - self._trimmed < TRIM_SECONDS:
                return
            self._trimmed = now
            with self._file.transaction() as file:
                for stream in self._streams.values():
                    oldest = now - stream.retention_hours * 3600
                    file.execute("delete from record where stream = ? and arrived < ?", (stream.key, oldest))
                    for shard in [each for each in stream.shards if each.closed_at and each.closed_at < oldest]:
                        stream.shards.remove(shard)
                        file.execute("delete from shard where stream = ? and number = ?", (stream.key, shard.number))

    # ---- waiting

    def subscribe(self, stream: Stream, signal: Signal) -> None:
        """Set `signal` whenever the stream gets records or shards, or is deleted."""
        with self._lock:
            self._waiting[stream.key].add(signal)

    def unsubscribe(self, stream: Stream, signal: Signal) -> None:
        with self._lock:
            self._waiting[stream.key].discard(signal)

    def _wake(self, key: int) -> None:
        with self._lock:
            waiting = list(self._waiting[key])
        for signal in waiting:
            signal.set()
