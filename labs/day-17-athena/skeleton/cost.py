"""What a query costs."""

from __future__ import annotations


def usd(scanned_bytes: int, usd_per_tb: float = 5.0) -> float:
    """The price of one query that scanned so many bytes.

    Billed are whole MB, rounded up, and at least 10 MB. A MB has 2**20 bytes, a TB 2**40.
    """
    raise NotImplementedError
