"""Day 5: how files lie in a lake."""

from __future__ import annotations

from pathlib import Path

import duckdb


def write(orders: Path, folder: Path) -> None:
    """Write the orders of a Parquet file as Parquet files in folders year=…/month=… of `folder`."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")  # each thread would write a file of its own into each folder
    connection.execute(f"""
        copy (
            select *, year(ordered_at) as year, month(ordered_at) as month
            from '{orders}'
            order by year, month, ordered_at
        ) to '{folder}' (format parquet, partition_by (year, month))
    """)


def compact(small: Path, folder: Path) -> None:
    """Write all orders of the small Parquet files of a folder as one file, sorted by customer, into `folder`."""
    duckdb.execute(f"""
        copy (
            from '{small}/*.parquet'
        ) to '{folder}/part.parquet' (format parquet, row_group_size 2048)
    """)
