"""A shard's throughput as token buckets.

Source: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html: a shard takes 1 MB and 1,000
records a second; it gives 2 MB a second and answers five GetRecords a second.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from lakelab.cloud.clock import Clock

MIB = 1 << 20
WRITE_RECORDS = 1000.0
WRITE_BYTES = float(MIB)
READ_CALLS = 5.0
READ_BYTES = 2.0 * MIB


@dataclass
class Bucket:
    """Tokens that come back at `rate` a second, up to `size`."""

    rate: float
    size: float
    tokens: float
    looked: float

    def refill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + max(0.0, now - self.looked) * self.rate)
        self.looked = now

    def spend(self, amount: float) -> None:
        """Take tokens; what is left may be below nothing, and then has to be waited for."""
        self.tokens -= amount


class Limits:
    """The throughput of all shards in provisioned mode; a shard is any hashable name of it."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._lock = threading.Lock()
        self._writes: dict[object, tuple[Bucket, Bucket]] = {}
        self._reads: dict[object, tuple[Bucket, Bucket]] = {}

    def admit_write(self, shard: object, size: int) -> bool:
        """Whether the shard takes a record of `size` bytes now; if so, that is used up."""
        with self._lock:
            records, volume = self._of(self._writes, shard, (WRITE_RECORDS, WRITE_RECORDS), (WRITE_BYTES, WRITE_BYTES))
            # a record above 1 MiB needs a full bucket and leaves a debt
            if records.tokens < 1 or volume.tokens < min(size, volume.size):
                return False
            records.spend(1)
            volume.spend(size)
            return True

    def admit_read(self, shard: object) -> bool:
        """Whether the shard answers a GetRecords now; if so, that call is used up."""
        with self._lock:
            calls, volume = self._of(self._reads, shard, (READ_CALLS, READ_CALLS), (READ_BYTES, READ_BYTES))
            if calls.tokens < 1 or volume.tokens <= 0:
                return False
            calls.spend(1)
            return True

    def count_read(self, shard: object, size: int) -> None:
        """Use up what a GetRecords has answered, in bytes."""
        with self._lock:
            _, volume = self._of(self._reads, shard, (READ_CALLS, READ_CALLS), (READ_BYTES, READ_BYTES))
            volume.spend(size)

    def _of(
        self,
        buckets: dict[object, tuple[Bucket, Bucket]],
        shard: object,
        first: tuple[float, float],
        second: tuple[float, float],
    ) -> tuple[Bucket, Bucket]:
        now = self._clock.now()
        if shard not in buckets:
            buckets[shard] = (Bucket(*first, first[1], now), Bucket(*second, second[1], now))
        for bucket in buckets[shard]:
            bucket.refill(now)
        return buckets[shard]
