"""What becomes of a batch: it succeeds, is retried, is split, or is given up. Nothing here knows of Lambda or Kinesis.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html and
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lakelab.cloud.streams.mappings.model import FOREVER, Mapping
from lakelab.cloud.streams.model import Record

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
AGE_EXCEEDED = "RecordAgeExceeded"
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 60.0


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended.

    `failed` is the index of the first record that is not done; None when all are. `not_invoked` says that the function
    did not run at all (throttled, or Lambda could not be reached): that costs no retry. `response` is what the
    on-failure envelope tells of it.
    """

    failed: int | None = None
    not_invoked: bool = False
    result: str = "OK"
    response: dict[str, Any] = field(default_factory=dict)


@dataclass
class Batch:
    """Records on their way to a function, how often that failed, and the last answer."""

    records: Sequence[Record]
    failures: int = 0
    pauses: int = 0
    last: Outcome = field(default_factory=Outcome)


class Delivery(Protocol):
    """What a batch is delivered by."""

    def invoke(self, records: Sequence[Record]) -> Outcome:
        """Run the function on the records."""
        ...

    def give_up(self, batch: Batch, condition: str) -> None:
        """Send the batch to the on-failure destination, if there is one. It has been sent when this returns."""
        ...

    def advance(self, sequence: int) -> None:
        """All records up to this one are done with."""
        ...

    def pause(self, seconds: float) -> bool:
        """Wait before a retry. False when the mapping has been stopped: the batch is left as it is."""
        ...

    def now(self) -> float:
        """Seconds since 1970."""
        ...


def deliver(records: Sequence[Record], current: Callable[[], Mapping], delivery: Delivery) -> bool:
    """Bring records to their end, in their order; the mapping is looked at anew for each attempt.

    Returns:
        False when the mapping was stopped before that; `advance` has been told how far it came.
    """
    waiting = [Batch(records)]
    while waiting:
        batch = waiting.pop(0)
        mapping = current()
        young = _younger(batch.records, mapping, delivery)
        if len(young) < len(batch.records):
            old = batch.records[: len(batch.records) - len(young)]
            delivery.give_up(Batch(old, batch.failures, batch.pauses, batch.last), AGE_EXCEEDED)
            delivery.advance(old[-1].sequence)
            if not young:
                continue
            batch = Batch(young, batch.failures, batch.pauses, batch.last)
        outcome = batch.last = delivery.invoke(batch.records)
        if outcome.failed is None:
            delivery.advance(batch.records[-1].sequence)
            continue
        if outcome.failed > 0:
            delivery.advance(batch.records[outcome.failed - 1].sequence)
        next_ones = [batch] if outcome.not_invoked else _after_failure(batch, outcome.failed, mapping, delivery)
        batch.pauses += 1
        waiting = next_ones + waiting
        if next_ones and not delivery.pause(min(FIRST_PAUSE * 2 ** (next_ones[0].pauses - 1), LONGEST_PAUSE)):
            return False
    return True


def _younger(records: Sequence[Record], mapping: Mapping, delivery: Delivery) -> Sequence[Record]:
    """The records that are not over the mapping's maximum age; the old ones come first."""
    if mapping.maximum_age == FOREVER:
        return records
    oldest = delivery.now() - mapping.maximum_age
    first = next((index for index, record in enumerate(records) if record.arrived >= oldest), len(records))
    return records[first:]


def _after_failure(batch: Batch, failed: int, mapping: Mapping, delivery: Delivery) -> list[Batch]:
    """What is to be tried next. The records before `failed` are done."""
    rest = batch.records[failed:]
    if mapping.bisect and len(rest) > 1:
        # splitting costs no retry. A reported failure splits the batch where it is, any other in the middle
        if failed > 0:
            return [Batch(rest, batch.failures, 1, batch.last)]
        middle = (len(rest) + 1) // 2
        return [
            Batch(rest[:middle], batch.failures, 1, batch.last),
            Batch(rest[middle:], batch.failures, 0, batch.last),
        ]
    failures = batch.failures + 1
    if mapping.maximum_retries != FOREVER and failures > mapping.maximum_retries:
        delivery.give_up(Batch(rest, failures, batch.pauses, batch.last), RETRIES_EXHAUSTED)
        delivery.advance(rest[-1].sequence)
        return []
    return [Batch(rest, failures, batch.pauses + 1, batch.last)]
