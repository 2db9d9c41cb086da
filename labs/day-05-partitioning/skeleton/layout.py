"""Day 5: how files lie in a lake."""

from __future__ import annotations

from pathlib import Path


def write(orders: Path, folder: Path) -> None:
    """Write the orders of a Parquet file as Parquet files in folders year=…/month=… of `folder`."""
    raise NotImplementedError


def compact(small: Path, folder: Path) -> None:
    """Write all orders of the small Parquet files of a folder as one file, sorted by customer, into `folder`."""
    raise NotImplementedError
