"""The metrics of streams and of what polls them, sent to CloudWatch once a minute.

Source: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html. A stream's basic metrics are
always sent, those of its shards when enhanced monitoring is on for them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.roles import account_root
from lakelab.cloud.streams.model import Entry, Record, Shard, Stream

log = logging.getLogger(__name__)

PERIOD_SECONDS = 60.0
DATA_A_CALL = 500
Key = tuple[str, str, str, str, tuple[tuple[str, str], ...], str]


@dataclass
class Statistics:
    """What CloudWatch keeps of many values."""

    count: int = 0
    sum: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.sum += value
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)


class Metrics:
    """Collects values and sends their statistics for each minute of the clock."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._lock = threading.Lock()
        self._collected: dict[Key, Statistics] = {}
        self._stop = clock.signal()
        self._thread: threading.Thread | None = None

    def start(self, core: Core) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, args=(core,), name="stream metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()

    def add(
        self, account: str, region: str, namespace: str, name: str, value: float, unit: str, **dimensions: str
    ) -> None:
        """Count one value of a metric."""
        key = (account, region, namespace, name, tuple(sorted(dimensions.items())), unit)
        with self._lock:
            self._collected.setdefault(key, Statistics()).add(value)

    # ---- what Kinesis measures

    def written(
        self, stream: Stream, operation: str, entries: Sequence[Entry], placed: Sequence[tuple[Shard, int | None]]
    ) -> None:
        """A PutRecord or PutRecords, and which of its records were taken."""
        sizes: dict[int, list[int]] = {}
        refused: dict[int, int] = {}
        for entry, (shard, sequence) in zip(entries, placed, strict=True):
            if sequence is None:
                refused[shard.number] = refused.get(shard.number, 0) + 1
            else:
                sizes.setdefault(shard.number, []).append(len(entry.data) + len(entry.partition_key.encode()))
        taken = sum(map(len, sizes.values()))
        self._stream(stream, f"{operation}.Success" if operation == "PutRecord" else "PutRecords.Success", bool(taken))
        for number in {*sizes, *refused}:
            found = sizes.get(number, [])
            self._both(stream, number, "IncomingRecords", len(found), "Count")
            self._both(stream, number, "IncomingBytes", sum(found), "Bytes")
            self._both(stream, number, "WriteProvisionedThroughputExceeded", refused.get(number, 0), "Count")

    def read(self, stream: Stream, shard: Shard, records: Sequence[Record], behind: float) -> None:
        """A GetRecords. `behind` is the age of the last record read in milliseconds, 0 at the tip of the shard."""
        volume = sum(record.size for record in records)
        self._stream(stream, "GetRecords.Success", 1)
        self._stream(stream, "GetRecords.Records", len(records))
        self._stream(stream, "GetRecords.Bytes", volume, "Bytes")
        self._stream(stream, "GetRecords.IteratorAgeMilliseconds", behind, "Milliseconds")
        self._shard(stream, shard.number, "OutgoingRecords", len(records), "Count")
        self._shard(stream, shard.number, "OutgoingBytes", volume, "Bytes")
        self._shard(stream, shard.number, "IteratorAgeMilliseconds", behind, "Milliseconds")
        self._both(stream, shard.number, "ReadProvisionedThroughputExceeded", 0, "Count")

    def read_refused(self, stream: Stream, shard: Shard) -> None:
        """A GetRecords that the shard's limits did not allow."""
        self._both(stream, shard.number, "ReadProvisionedThroughputExceeded", 1, "Count")

    def _both(self, stream: Stream, shard: int, name: str, value: float, unit: str) -> None:
        self._stream(stream, name, value, unit)
        self._shard(stream, shard, name, value, unit)

    def _stream(self, stream: Stream, name: str, value: float, unit: str = "Count") -> None:
        self.add(stream.account, stream.region, "AWS/Kinesis", name, value, unit, StreamName=stream.name)

    def _shard(self, stream: Stream, shard: int, name: str, value: float, unit: str) -> None:
        if name in stream.metrics:
            where = {"StreamName": stream.name, "ShardId": f"shardId-{shard:012d}"}
            self.add(stream.account, stream.region, "AWS/Kinesis", name, value, unit, **where)

    # ---- sending

    def _run(self, core: Core) -> None:
        while not self._stop.wait(PERIOD_SECONDS):
            self.send(core)

    def send(self, core: Core) -> None:
        """Send what has been collected since the last time."""
        with self._lock:
            collected, self._collected = self._collected, {}
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        for (account, region, namespace), data in _by_namespace(collected, moment):
            client = account_root(core, account, region).client("cloudwatch")
            for start in range(0, len(data), DATA_A_CALL):
                try:
                    client.put_metric_data(Namespace=namespace, MetricData=data[start : start + DATA_A_CALL])
                except (ClientError, BotoCoreError) as error:  # a lost minute of metrics stops nothing
                    log.warning("metrics of %s were not taken: %s", namespace, error)


def _by_namespace(
    collected: dict[Key, Statistics], moment: datetime
) -> Iterator[tuple[tuple[str, str, str], list[dict[str, Any]]]]:
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for (account, region, namespace, name, dimensions, unit), statistics in collected.items():
        datum = {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
            "Timestamp": moment,
            "Unit": unit,
            "StatisticValues": {
                "SampleCount": statistics.count,
                "Sum": statistics.sum,
                "Minimum": statistics.minimum,
                "Maximum": statistics.maximum,
            },
        }
        grouped.setdefault((account, region, namespace), []).append(datum)
    yield from grouped.items()
