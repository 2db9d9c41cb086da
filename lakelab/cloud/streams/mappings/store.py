"""Where mappings are kept, and how far each has come in each shard."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path

from lakelab.cloud.database import Database
from lakelab.cloud.streams.mappings.model import Mapping

SCHEMA = """
create table if not exists mapping (uuid text primary key, document text not null) without rowid;
create table if not exists checkpoint (
    mapping text not null, shard integer not null, lane integer not null, lanes integer not null,
    sequence integer not null,
    primary key (mapping, shard, lane, lanes)
) without rowid;
"""


class MappingStore:
    """Mappings and their checkpoints. A checkpoint is the sequence up to which a lane of a shard is done.

    A lane is one of the concurrent batches of a shard: with a parallelisation factor of 3 a shard has lanes 0, 1 and 2,
    and each partition key belongs to one of them.
    """

    def __init__(self, path: Path):
        self._file = Database(path, SCHEMA)
        self._lock = threading.Lock()
        self._mappings = {row["uuid"]: _read(row["document"]) for row in self._file.rows("select * from mapping")}

    def all(self) -> list[Mapping]:
        with self._lock:
            return list(self._mappings.values())

    def find(self, uuid: str) -> Mapping | None:
        with self._lock:
            return self._mappings.get(uuid)

    def put(self, mapping: Mapping, starts: dict[int, int] | None = None) -> None:
        """Keep a new or changed mapping; `starts` gives the sequence after which it begins in each shard."""
        with self._lock, self._file.transaction() as file:
            file.execute("insert or replace into mapping values (?, ?)", (mapping.uuid, json.dumps(asdict(mapping))))
            for shard, sequence in (starts or {}).items():
                file.execute(
                    "insert or replace into checkpoint values (?, ?, 0, 1, ?)", (mapping.uuid, shard, sequence)
                )
            self._mappings[mapping.uuid] = mapping

    def delete(self, uuid: str) -> None:
        with self._lock, self._file.transaction() as file:
            file.execute("delete from mapping where uuid = ?", (uuid,))
            file.execute("delete from checkpoint where mapping = ?", (uuid,))
            self._mappings.pop(uuid, None)

    def checkpoint(self, uuid: str, shard: int, lane: int, lanes: int) -> int:
        """How far a lane is done; 0 when the shard is new.

        After a change of the parallelisation factor a lane begins where the slowest lane of before has come to.
        """
        rows = self._file.rows(
            "select lane, lanes, sequence from checkpoint where mapping = ? and shard = ?", uuid, shard
        )
        same = {row["lane"]: row["sequence"] for row in rows if row["lanes"] == lanes}
        if lane in same:
            return same[lane]
        return min((row["sequence"] for row in rows if row["lanes"] != lanes), default=0)

    def advance(self, uuid: str, shard: int, lane: int, lanes: int, sequence: int) -> None:
        """A lane is done up to `sequence`. Of a mapping that has been deleted meanwhile nothing is kept."""
        with self._file.transaction() as file:
            file.execute(
                "insert or replace into checkpoint select ?, ?, ?, ?, ?"
                " where exists (select 1 from mapping where uuid = ?)",
                (uuid, shard, lane, lanes, sequence, uuid),
            )

    def relane(self, uuid: str, shard: int, lanes: int) -> None:
        """Give each lane of a shard a checkpoint, and drop those of another parallelisation factor."""
        with self._file.transaction() as file:
            for lane in range(lanes):
                self.advance(uuid, shard, lane, lanes, self.checkpoint(uuid, shard, lane, lanes))
            file.execute("delete from checkpoint where mapping = ? and shard = ? and lanes <> ?", (uuid, shard, lanes))


def _read(document: str) -> Mapping:
    fields = json.loads(document)
    fields["patterns"] = tuple(fields["patterns"])
    fields["tags"] = tuple(tuple(tag) for tag in fields["tags"])
    return Mapping(**fields)
