"""Shard iterators: a place in a shard, as a text that a client passes back."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from lakelab.cloud.streams.errors import ExpiredIterator, InvalidArgument

LIFE_SECONDS = 300


@dataclass(frozen=True)
class Iterator:
    """The place after the record `after` of a shard; `made` is when it was given out, in seconds since 1970."""

    stream_arn: str
    shard: int
    after: int
    made: float

    def text(self) -> str:
        """What the client gets."""
        parts = [self.stream_arn, self.shard, self.after, round(self.made, 3)]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @classmethod
    def read(cls, text: str) -> Iterator:
        """The iterator that a client has passed back. Raises InvalidArgument."""
        try:
            arn, shard, after, made = json.loads(base64.urlsafe_b64decode(text.encode()))
            return cls(str(arn), int(shard), int(after), float(made))
        except ValueError as error:  # not base64, not JSON, or not four of these
            raise InvalidArgument("Invalid ShardIterator.") from error

    def check(self, now: float) -> None:
        """Raises ExpiredIterator when it is older than five minutes."""
        if now - self.made > LIFE_SECONDS:
            raise ExpiredIterator(
                f"Iterator expired. The iterator was created at time {self.made:.0f} while right now it is"
                f" {now:.0f} which is further in the future than the tolerated delay of {LIFE_SECONDS * 1000}"
                " milliseconds."
            )
