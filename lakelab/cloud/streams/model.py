"""What a stream is: shards that divide the hash keys among them, and records in the order of their sequence numbers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

HASH_KEYS = 2**128
# AWS's numbers have 56 digits: all of one length, so that they sort as text too
SEQUENCE_BASE = 49 * 10**54
ENHANCED_METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)


class Record(NamedTuple):
    """A record of a shard. `arrived` is in seconds since 1970; the sequence counts within the stream."""

    sequence: int
    arrived: float
    partition_key: str
    data: bytes

    @property
    def size(self) -> int:
        """The bytes that count for the limits: the data and the partition key."""
        return len(self.data) + len(self.partition_key.encode())


class Entry(NamedTuple):
    """A record on its way in, and the hash key that says which shard it is for."""

    hash_key: int
    partition_key: str
    data: bytes


@dataclass
class Shard:
    """A range of hash keys, both ends included. `last` is the sequence number at which it was closed."""

    number: int
    start: int
    end: int
    first: int
    parent: int | None = None
    adjacent: int | None = None
    last: int | None = None
    closed_at: float | None = None

    @property
    def id(self) -> str:
        return shard_id(self.number)

    @property
    def open(self) -> bool:
        return self.last is None

    @property
    def parents(self) -> list[int]:
        return [number for number in (self.parent, self.adjacent) if number is not None]


@dataclass
class Stream:
    """A stream and its shards, the closed ones that still hold records included."""

    key: int
    account: str
    region: str
    name: str
    created: float
    mode: str
    retention_hours: int = 24
    shards: list[Shard] = field(default_factory=list)
    encryption_key: str | None = None
    metrics: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    max_record_kib: int = 1024

    @property
    def arn(self) -> str:
        return f"arn:aws:kinesis:{self.region}:{self.account}:stream/{self.name}"

    @property
    def open_shards(self) -> list[Shard]:
        return [shard for shard in self.shards if shard.open]

    @property
    def encryption(self) -> str:
        return "KMS" if self.encryption_key else "NONE"

    @property
    def max_record_bytes(self) -> int:
        return self.max_record_kib * 1024

    def document(self) -> dict[str, Any]:
        """All that is kept of it besides its shards."""
        return {
            "mode": self.mode,
            "retention_hours": self.retention_hours,
            "encryption_key": self.encryption_key,
            "metrics": self.metrics,
            "tags": self.tags,
            "max_record_kib": self.max_record_kib,
        }

    def shard_of(self, hash_key: int) -> Shard:
        """The open shard that a hash key belongs to."""
        return next(shard for shard in self.shards if shard.open and shard.start <= hash_key <= shard.end)

    def shard(self, number: int) -> Shard | None:
        return next((shard for shard in self.shards if shard.number == number), None)


def shard_id(number: int) -> str:
    return f"shardId-{number:012d}"


def shard_number(text: str) -> int | None:
    """The number in a shard's id; None for what is none."""
    prefix, _, digits = text.partition("-")
    return int(digits) if prefix == "shardId" and digits.isdecimal() else None


def sequence_number(sequence: int) -> str:
    """A sequence as the API shows it."""
    return str(SEQUENCE_BASE + sequence)


def sequence_of(number: str) -> int:
    """The sequence that a number of the API stands for."""
    return int(number) - SEQUENCE_BASE


def hash_key(partition_key: str) -> int:
    """The MD5 of a partition key as a number: what decides on the shard."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest())


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The hash keys divided evenly among so many shards."""
    size = HASH_KEYS // count
    return [(n * size, (n + 1) * size - 1 if n < count - 1 else HASH_KEYS - 1) for n in range(count)]
