"""What a query costs."""

from __future__ import annotations

MB, TB = 2**20, 2**40


def usd(scanned_bytes: int, usd_per_tb: float = 5.0) -> float:
    """The price of one query that scanned so many bytes."""
    billed_mb = max(10, -(-scanned_bytes // MB))
    return billed_mb * MB / TB * usd_per_tb
