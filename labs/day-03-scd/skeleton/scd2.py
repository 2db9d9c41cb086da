"""Day 3: slowly changing dimension type 2, in Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Change:
    """A change of a driver; city and vehicle are None when it is a delete."""

    driver_id: str
    city: str | None
    vehicle: str | None
    op: Literal["upsert", "delete"]
    changed_at: datetime


@dataclass(frozen=True)
class Version:
    """What was true of a driver from `valid_from` until before `valid_to`; None while it lasts."""

    driver_id: str
    city: str
    vehicle: str
    valid_from: datetime
    valid_to: datetime | None


def apply_changes(history: list[Version], batch: list[Change]) -> list[Version]:
    """The history after a batch; the order of the versions does not matter."""
    raise NotImplementedError
