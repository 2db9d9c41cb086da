"""What a query costs."""

from __future__ import annotations

TB = 2**40


def usd(scanned_bytes: int, usd_per_tb: float = 5.0) -> float:
    """The price of one query that scanned so many bytes."""
    return scanned_bytes / TB * usd_per_tb
