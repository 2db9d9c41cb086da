"""Day 4: questions to a CSV file that does not fit in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

# what a sniffer cannot know: a code is text, and a number may turn out to be none
LINES = """
    read_csv(
        $csv,
        types = {'postcode': 'varchar', 'tip_cents': 'varchar', 'customer_id': 'integer', 'ordered_at': 'timestamp'}
    )
"""
GOOD = "try_cast(tip_cents as integer) is not null"


def bad_lines(csv_file: Path) -> int:
    """How many lines have a tip_cents that is not a number."""
    return duckdb.execute(f"select count(*) from {LINES} where not ({GOOD})", {"csv": str(csv_file)}).fetchall()[0][0]


def revenue(csv_file: Path) -> list[tuple[str, int]]:
    """Month, as 2024-01, and revenue in cents of completed orders; good lines alone, by month."""
    query = f"""
        select strftime(ordered_at, '%Y-%m') as month, cast(sum(order_total_cents) as bigint)
        from {LINES}
        where {GOOD} and status = 'completed'
        group by month
        order by month
    """
    return duckdb.execute(query, {"csv": str(csv_file)}).fetchall()


def busiest_postcodes(csv_file: Path) -> list[tuple[str, int]]:
    """The five postcodes with the most orders, and how many; good lines alone; of equals, the smaller first."""
    query = f"""
        select postcode, count(*) as orders
        from {LINES}
        where {GOOD}
        group by postcode
        order by orders desc, postcode
        limit 5
    """
    return duckdb.execute(query, {"csv": str(csv_file)}).fetchall()


def to_parquet(csv_file: Path, parquet_file: Path) -> None:
    """Write all good lines, typed, sorted by customer_id and ordered_at."""
    with tempfile.TemporaryDirectory(dir=parquet_file.parent) as spill:
        connection = duckdb.connect()
        connection.execute(f"set temp_directory = '{spill}'")
        connection.execute("set memory_limit = '400MB'")
        connection.execute("set threads = 1")
        connection.execute("set preserve_insertion_order = false")
        query = f"""
            copy (
                select * replace (cast(tip_cents as integer) as tip_cents)
                from {LINES}
                where {GOOD}
                order by customer_id, ordered_at
            ) to '{parquet_file}' (format parquet, compression zstd, row_group_size 50000)
        """
        connection.execute(query, {"csv": str(csv_file)})


def customer(parquet_file: Path, customer_id: int) -> tuple[int, int]:
    """The number of a customer's orders, and the sum of their order_total_cents."""
    query = "select count(*), cast(sum(order_total_cents) as bigint) from read_parquet(?) where customer_id = ?"
    return duckdb.execute(query, [str(parquet_file), customer_id]).fetchall()[0]
