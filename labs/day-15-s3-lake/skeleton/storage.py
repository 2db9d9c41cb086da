"""What objects cost in a storage class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """So many objects of equal size, kept for some days; each is written once and read `reads` times in all."""

    objects: int
    bytes_each: int
    days: int
    reads: int


def cost(workload: Workload, prices: dict[str, float]) -> float:
    """What the workload costs in all, with the prices of one class as in classes.json.

    A month has 30 days, a GB 2**30 bytes. Size and days are billed for at least the class's minimum; a retrieval is
    billed by the bytes that are read.
    """
    raise NotImplementedError


def cheapest(workload: Workload, classes: dict[str, dict[str, float]]) -> str:
    """The name of the class in which the workload costs least."""
    raise NotImplementedError
