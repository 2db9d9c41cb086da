"""The wide orders table of the labs: as many rows as wanted, with Zipf-shaped customers, made by DuckDB in seconds."""

from __future__ import annotations

from pathlib import Path

import duckdb

FIRST_DAY = "2024-01-01"
DAYS = 731  # two years
# 2^64: `hash` gives numbers below it, and their share of it is a random number from 0 to 1 that a seed repeats
_UNIT = "18446744073709551616.0"

COLUMNS = {
    "order_id": "bigint",
    "customer_id": "integer",
    "driver_id": "integer",
    "ordered_at": "timestamp",
    "city": "varchar",
    "country": "varchar",
    "currency": "varchar",
    "status": "varchar",
    "payment": "varchar",
    "device": "varchar",
    "order_total_cents": "integer",
    "discount_cents": "integer",
    "tip_cents": "integer",
    "distance_meters": "integer",
    "promo_code": "varchar",
    "note": "varchar",
}


def relation(rows: int, seed: int = 1) -> str:
    """A DuckDB query for `rows` orders in the order of their time, over two years from 2024-01-01 on.

    The n-th customer orders in proportion to 1/n (Zipf), drivers are equally busy, cities are Zipf-shaped, too. `note`
    is text that hardly compresses; `promo_code` is NULL for nine orders of ten. Equal seeds give equal rows.
    """

    def share(which: int) -> str:
        return f"(hash(i, {seed}, {which}) / {_UNIT})"

    customers, drivers = max(100, rows // 10), max(20, rows // 200)
    return f"""
        select
            cast(i + 1 as bigint) as order_id,
            cast(floor(power({customers}, {share(1)})) as integer) as customer_id,
            cast(floor({drivers} * {share(2)}) + 1 as integer) as driver_id,
            timestamp '{FIRST_DAY}' + to_seconds(cast(floor((i + {share(3)}) * {DAYS * 86400.0 / rows}) as bigint))
                as ordered_at,
            printf('city-%02d', cast(floor(power(60, {share(4)})) as integer)) as city,
            ['DE', 'GB', 'US', 'FR', 'ES'][cast(floor(power(60, {share(4)})) as integer) % 5 + 1] as country,
            ['EUR', 'GBP', 'USD', 'EUR', 'EUR'][cast(floor(power(60, {share(4)})) as integer) % 5 + 1] as currency,
            ['completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'cancelled',
                'refunded', 'placed'][cast(floor(10 * {share(5)}) as integer) + 1] as status,
            ['card', 'card', 'paypal', 'cash'][cast(floor(4 * {share(6)}) as integer) + 1] as payment,
            ['ios', 'android', 'web'][cast(floor(3 * {share(7)}) as integer) + 1] as device,
            cast(floor(300 + 5000 * pow({share(8)}, 3)) as integer) as order_total_cents,
            cast(if({share(9)} < 0.2, floor(300 * {share(10)}), 0) as integer) as discount_cents,
            cast(if({share(11)} < 0.4, floor(500 * {share(12)}), 0) as integer) as tip_cents,
            cast(floor(500 + 20000 * pow({share(13)}, 2)) as integer) as distance_meters,
            if({share(14)} < 0.1, printf('PROMO-%03d', cast(floor(200 * {share(15)}) as integer)), null) as promo_code,
            md5(cast(hash(i, {seed}, 16) as varchar)) as note
        from range({rows}) as numbers (i)
    """


def write(file: Path, rows: int, seed: int = 1, *, order_by: str = "") -> Path:
    """Write orders as CSV or Parquet, by the file's ending, unless the file is there.

    Args:
        order_by: columns to sort by; the order of their time when not given.
    """
    if not file.exists():
        partial = file.with_name(f"partial-{file.name}")
        order = f"order by {order_by}" if order_by else ""
        # order matters where rows follow their time: DuckDB keeps it by default
        options = "(header)" if file.suffix == ".csv" else "(format parquet)"
        duckdb.connect().execute(f"copy ({relation(rows, seed)} {order}) to '{partial}' {options}")
        partial.rename(file)
    return file
