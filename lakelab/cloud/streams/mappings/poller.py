"""One poller: it reads one lane of one shard for one mapping, makes batches, and delivers them one after the other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError
from lakelab.cloud.roles import Roles
from lakelab.cloud.streams.mappings.batches import Batch, Outcome, deliver
from lakelab.cloud.streams.mappings.destinations import send
from lakelab.cloud.streams.mappings.invocation import invoke, metadata
from lakelab.cloud.streams.mappings.model import Mapping
from lakelab.cloud.streams.mappings.store import MappingStore
from lakelab.cloud.streams.metrics import Metrics
from lakelab.cloud.streams.model import Record, Shard, Stream, hash_key
from lakelab.cloud.streams.store import StreamStore

log = logging.getLogger(__name__)

PAYLOAD_BYTES = 6_000_000
RECORD_OVERHEAD = 420  # what a record's JSON has besides its data
DENIED_PAUSE = 2.0
SAVES, SAVE_PAUSE = 5, 0.1
READ_ACTIONS = ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards")


@dataclass(frozen=True)
class Tools:
    """What all pollers use."""

    core: Core
    clock: Clock
    roles: Roles
    streams: StreamStore
    mappings: MappingStore
    metrics: Metrics
    invoker: Callable[[Mapping], Any]


class Poller:
    """Reads the records of `shard` whose partition keys belong to `lane`, from the checkpoint on.

    Args:
        current: the mapping as it is now.
        report: told the mapping's LastProcessingResult.
        finished: called once, when the shard is closed and everything in it is done.
    """

    def __init__(
        self,
        tools: Tools,
        stream: Stream,
        shard: Shard,
        lane: tuple[int, int],
        current: Callable[[], Mapping],
        report: Callable[[str], None],
        finished: Callable[[], None],
    ):
        self._tools = tools
        self._stream = stream
        self._shard = shard
        self._lane, self._lanes = lane
        self._current = current
        self._report = report
        self._finished = finished
        self._stopped = False
        self._signal = tools.clock.signal()
        uuid = current().uuid
        self._done = tools.mappings.checkpoint(uuid, shard.number, self._lane, self._lanes)
        self._thread = threading.Thread(
            target=self._run, name=f"mapping {uuid[:8]} {shard.id[-3:]}.{self._lane}", daemon=True
        )

    def start(self) -> None:
        self._tools.streams.subscribe(self._stream, self._signal)
        self._thread.start()

    def stop(self) -> None:
        """Stop before the next batch or retry."""
        self._stopped = True
        self._signal.set()

    def join(self, seconds: float) -> None:
        """Wait for its end, at most so many real seconds: a function that runs is not interrupted."""
        self._thread.join(seconds)

    # ---- the loop

    def _run(self) -> None:
        try:
            while not self._stopped:
                try:
                    if self._turn():
                        self._finished()
                        return
                except (AwsError, ClientError, BotoCoreError) as error:
                    # denied, or the destination refused: nothing is lost, the same records come again
                    self._report(f"PROBLEM: {_text(error)}")
                    self.pause(DENIED_PAUSE)
                except Exception:
                    # a thread that ended here would stop the shard without a word
                    log.exception("the poller of %s %s failed", self._current().function_name, self._shard.id)
                    self._report("PROBLEM: internal failure of the local AWS; its log has the cause")
                    self.pause(DENIED_PAUSE)
        finally:
            self._tools.streams.unsubscribe(self._stream, self._signal)

    def _turn(self) -> bool:
        """Deliver the next batch, or wait for records. Whether the shard has come to its end."""
        self._role()
        batch, through = self._collect()
        if self._stopped:
            return False
        if batch and not deliver(batch, self._current, self):
            return False
        if through > self._done:
            self.advance(through)
        if not batch and not self._shard.open and self._at_end():
            return True
        if not batch and through <= self._done and not self._more():
            self._signal.wait(None)
            self._signal.clear()
        return False

    def _more(self) -> bool:
        self._signal.clear()
        return bool(self._tools.streams.read(self._stream, self._shard.number, self._done, 1)) or (
            self._stopped or not self._shard.open
        )

    def _at_end(self) -> bool:
        if self._tools.streams.read(self._stream, self._shard.number, self._done, 1):
            return False
        self.advance(max(self._done, self._shard.last or 0))
        return True

    def _role(self) -> Caller:
        """The mapping's role, which must be allowed to read the stream. Raises AwsError."""
        mapping = self._current()
        return self._tools.roles.allowed(mapping.role_arn, mapping.region, READ_ACTIONS, mapping.stream_arn)

    # ---- making a batch

    def _collect(self) -> tuple[list[Record], int]:
        """The next batch, and how far has been read for it: beyond its last record where others were filtered out."""
        mapping = self._current()
        filters = mapping.filters()
        batch: list[Record] = []
        volume, through = 0, self._done
        deadline: float | None = None
        while True:
            wanted = (mapping.batch_size - len(batch)) * self._lanes
            found = self._tools.streams.read(self._stream, self._shard.number, through, min(wanted, 10_000))
            for record in found:
                if not self._is_ours(record):
                    through = record.sequence
                    continue
                if filters and not filters.passes(metadata(mapping, self._shard.number, record), record.data):
                    through = record.sequence
                    continue
                volume += len(record.data) * 4 // 3 + RECORD_OVERHEAD
                if batch and volume > PAYLOAD_BYTES:
                    return batch, through
                batch.append(record)
                through = record.sequence
                if len(batch) == mapping.batch_size:
                    return batch, through
            if found:
                continue
            if not batch or not mapping.batching_window or not self._shard.open or self._stopped:
                return batch, through
            now = self._tools.clock.now()
            deadline = deadline if deadline is not None else now + mapping.batching_window
            if now >= deadline:
                return batch, through
            self._signal.clear()
            if not self._tools.streams.read(self._stream, self._shard.number, through, 1):
                self._signal.wait(deadline - now)
                self._role()  # what has come meanwhile is read with the rights of now

    def _is_ours(self, record: Record) -> bool:
        return self._lanes == 1 or hash_key(record.partition_key) % self._lanes == self._lane

    # ---- delivering it: what `batches.deliver` asks of a Delivery

    def invoke(self, records: Sequence[Record]) -> Outcome:
        mapping = self._current()
        age = max(0.0, self._tools.clock.now() - records[-1].arrived) * 1000
        self._tools.metrics.add(
            mapping.account,
            mapping.region,
            "AWS/Lambda",
            "IteratorAge",
            age,
            "Milliseconds",
            FunctionName=mapping.function_name.partition(":")[0],
        )
        outcome = invoke(self._tools.invoker(mapping), mapping, self._shard.number, records)
        if self._stopped and outcome.failed is not None:
            # the function may have failed because the server ends: that is no failure of the records
            outcome = replace(outcome, failed=0, not_invoked=True)
        self._report(outcome.result)
        return outcome

    def give_up(self, batch: Batch, condition: str) -> None:
        mapping = self._current()
        where = f"{mapping.function_name} {self._shard.id} {batch.records[0].sequence}..{batch.records[-1].sequence}"
        log.warning("gave up %d records of %s: %s", len(batch.records), where, condition)
        if mapping.on_failure is None:
            return
        send(self._role(), mapping, self._shard.number, batch, condition, self._tools.clock.now())
        self._save()

    def _save(self) -> None:
        """Have the core write the message to disk: a kill must not lose the only trace of these records."""
        for _ in range(SAVES):
            try:
                self._tools.core.checkpoint()
                return
            except RuntimeError as error:  # requests keep changing the state of some service
                failure = error
                time.sleep(SAVE_PAUSE)
        # to wait for ever would let the load on one service hold up the shard
        log.warning("an on-failure message may not be on disk yet: %s", failure)

    def advance(self, sequence: int) -> None:
        self._tools.mappings.advance(self._current().uuid, self._shard.number, self._lane, self._lanes, sequence)
        self._done = sequence

    def pause(self, seconds: float) -> bool:
        end = self._tools.clock.now() + seconds
        while not self._stopped and (left := end - self._tools.clock.now()) > 0:
            self._signal.clear()  # new records are no reason to retry earlier
            if not self._stopped:
                self._signal.wait(left)
        return not self._stopped

    def now(self) -> float:
        return self._tools.clock.now()


def _text(error: Exception) -> str:
    return error.message if isinstance(error, AwsError) else str(error)
