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
    touched = {change.driver_id for change in batch}
    kept = [version for version in history if version.driver_id not in touched]
    known = set(batch) | _as_changes([version for version in history if version.driver_id in touched])
    for driver_id in touched:
        changes = sorted((one for one in known if one.driver_id == driver_id), key=lambda one: one.changed_at)
        ends: list[datetime | None] = [change.changed_at for change in changes[1:]]
        for change, valid_to in zip(changes, [*ends, None], strict=True):
            if change.op == "upsert":
                assert change.city is not None
                assert change.vehicle is not None
                kept.append(Version(driver_id, change.city, change.vehicle, change.changed_at, valid_to))
    return kept


def _as_changes(versions: list[Version]) -> set[Change]:
    """The changes that made these versions; one that ends where none begins was ended by a delete."""
    begins = {(version.driver_id, version.valid_from) for version in versions}
    upserts = {Change(one.driver_id, one.city, one.vehicle, "upsert", one.valid_from) for one in versions}
    deletes = {
        Change(one.driver_id, None, None, "delete", one.valid_to)
        for one in versions
        if one.valid_to is not None and (one.driver_id, one.valid_to) not in begins
    }
    return upserts | deletes
