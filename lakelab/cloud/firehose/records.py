"""Records on their way through a delivery stream, and those that failed on it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import Any

PROCESSING_FAILED = "processing-failed"
CONVERSION_FAILED = "format-conversion-failed"

PartitionKeys = tuple[tuple[tuple[str, str], str], ...]  # ((source, name), value), sorted


@dataclass(frozen=True)
class Item:
    """A record in a flush. `arrived` is in seconds since 1970; `source` is the record as it arrived."""

    id: str
    arrived: float
    data: bytes
    source: bytes
    keys: PartitionKeys = ()

    def with_data(self, data: bytes, keys: PartitionKeys | None = None) -> Item:
        return replace(self, data=data, keys=self.keys if keys is None else keys)


@dataclass(frozen=True)
class Failure:
    """A record that cannot be delivered as it should, and why; it goes to the error prefix of its kind."""

    item: Item
    kind: str
    code: str
    message: str
    attempts: int = 1
    more: dict[str, Any] = field(default_factory=dict)

    def line(self, now: float) -> dict[str, Any]:
        """The line of the error object: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"""
        names = (
            ("lastErrorCode", "lastErrorMessage") if self.kind == CONVERSION_FAILED else ("errorCode", "errorMessage")
        )
        return {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": int(self.item.arrived * 1000),
            names[0]: self.code,
            names[1]: self.message,
            "attemptEndingTimestamp": int(now * 1000),
            "rawData": base64.b64encode(self.item.source).decode(),
            **self.more,
        }
