"""What objects cost in a storage class."""

from __future__ import annotations

from dataclasses import dataclass

GB = 2**30


@dataclass(frozen=True)
class Workload:
    """So many objects of equal size, kept for some days; each is written once and read `reads` times in all."""

    objects: int
    bytes_each: int
    days: int
    reads: int


def cost(workload: Workload, prices: dict[str, float]) -> float:
    """What the workload costs in all, with the prices of one class as in classes.json."""
    billed_gb = workload.objects * max(workload.bytes_each, prices["minimum_bytes"]) / GB
    months = max(workload.days, prices["minimum_days"]) / 30
    reads = workload.objects * workload.reads
    return (
        billed_gb * months * prices["gb_month"]
        + workload.objects / 1000 * prices["put_1000"]
        + reads / 1000 * prices["get_1000"]
        + reads * workload.bytes_each / GB * prices["retrieval_gb"]
    )


def cheapest(workload: Workload, classes: dict[str, dict[str, float]]) -> str:
    """The name of the class in which the workload costs least."""
    return min(classes, key=lambda name: cost(workload, classes[name]))
