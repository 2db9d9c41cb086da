"""The labs' orders: as many as asked for, typed, Zipf-shaped, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lakelab.practice import orders

ROWS = 20_000


def test_the_columns_have_their_types():
    described = duckdb.sql(f"describe {orders.relation(10)}").fetchall()
    assert {row[0]: row[1].lower() for row in described} == orders.COLUMNS


def test_equal_seeds_give_equal_rows():
    first, again, other = (duckdb.sql(orders.relation(500, seed)).fetchall() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_ids_count_and_times_follow_them():
    ids, first, last, falls = duckdb.sql(f"""
        select count(distinct order_id), min(ordered_at), max(ordered_at), count(*) filter (ordered_at < before)
        from (select *, lag(ordered_at) over (order by order_id) as before from ({orders.relation(ROWS)}))
    """).fetchall()[0]
    assert (ids, falls) == (ROWS, 0)
    assert (str(first)[:10], str(last)[:10]) == ("2024-01-01", "2025-12-31")


def test_customers_are_zipf_shaped_and_drivers_are_not():
    def shares(column: str) -> list[float]:
        counts = duckdb.sql(f"select count(*) from ({orders.relation(ROWS)}) group by {column} order by 1 desc")
        return [count / ROWS for (count,) in counts.fetchall()]

    customers, drivers = shares("customer_id"), shares("driver_id")
    assert customers[0] == pytest.approx(2 * customers[1], rel=0.35)
    assert customers[0] > 20 * customers[200]
    assert drivers[0] < 3 * drivers[-1]


def test_a_file_is_written_once(tmp_path: Path):
    file = orders.write(tmp_path / "orders.parquet", 100)
    written = file.stat().st_mtime_ns
    assert orders.write(file, 200).stat().st_mtime_ns == written
    assert duckdb.sql(f"select count(*) from '{file}'").fetchall() == [(100,)]
    assert [path.name for path in tmp_path.iterdir()] == ["orders.parquet"]
