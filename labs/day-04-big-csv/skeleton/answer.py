"""Day 4: questions to a CSV file that does not fit in memory."""

from __future__ import annotations

from pathlib import Path


def bad_lines(csv_file: Path) -> int:
    """How many lines have a tip_cents that is not a number."""
    raise NotImplementedError


def revenue(csv_file: Path) -> list[tuple[str, int]]:
    """Month, as 2024-01, and revenue in cents of completed orders; good lines alone, by month."""
    raise NotImplementedError


def busiest_postcodes(csv_file: Path) -> list[tuple[str, int]]:
    """The five postcodes with the most orders, and how many; good lines alone; of equals, the smaller first."""
    raise NotImplementedError


def to_parquet(csv_file: Path, parquet_file: Path) -> None:
    """Write all good lines, typed, sorted by customer_id and ordered_at."""
    raise NotImplementedError


def customer(parquet_file: Path, customer_id: int) -> tuple[int, int]:
    """The number of a customer's orders, and the sum of their order_total_cents."""
    raise NotImplementedError
