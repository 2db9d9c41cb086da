"""What lab 1 asks for: one sum and one lookup on a row store and on a column store, and the bytes that they read."""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as parquet

from lakelab.practice import Work, Wrong, caches, orders
from lakelab.practice.postgres import Postgres

ROWS = {"small": 150_000, "full": 3_000_000}
SUMS = ("order_total_cents", "distance_meters")
TYPES = {"order_id": "bigint", "order_total_cents": "integer", "ordered_at": "timestamp without time zone"}
RUNS = 5
LOOKUPS = 50
ANSWER = "answer.py"


def prepare(work: Work) -> None:
    """Write the orders as CSV."""
    orders.write(_csv(work), ROWS[work.size])


def check_load_postgres(work: Work) -> str:
    """load_postgres() makes a table of all orders, with types."""
    uri = work.postgres()
    with psycopg.connect(uri) as connection:
        began = time.perf_counter()
        try:
            work.call(ANSWER, "load_postgres", connection, _csv(work))
        except Wrong as wrong:
            raise Wrong(wrong.message, stop=True) from wrong
        seconds = time.perf_counter() - began
        connection.commit()
    with psycopg.connect(uri) as connection:
        types = dict(
            connection.execute(
                "select column_name, data_type from information_schema.columns where table_name = 'orders'"
            ).fetchall()
        )
        if not types:
            raise Wrong("load_postgres() leaves no table orders that another connection sees", stop=True)
        wrong = [f"{name} is {types.get(name, 'missing')}" for name, kind in TYPES.items() if types.get(name) != kind]
        if wrong:
            raise Wrong(f"load_postgres(): {', '.join(wrong)}, which is not what the file holds")
        ((rows,),) = connection.execute("select count(*) from orders").fetchall()
        if rows != ROWS[work.size]:
            raise Wrong(f"load_postgres(): the table has {rows:,} rows, the file {ROWS[work.size]:,}", stop=True)
        ((size,),) = connection.execute("select pg_relation_size('orders')").fetchall()
    work.measure("orders.csv", _csv(work).stat().st_size / 1e6, "MB")
    work.measure("the table in PostgreSQL, without its index", size / 1e6, "MB")
    work.measure("loading it", seconds, "s")
    return f"{rows:,} rows"


def check_write_parquet(work: Work) -> str:
    """write_parquet() writes all orders, compressed, with types."""
    file = _parquet(work)
    file.unlink(missing_ok=True)
    began = time.perf_counter()
    try:
        work.call(ANSWER, "write_parquet", _csv(work), file)
    except Wrong as wrong:
        raise Wrong(wrong.message, stop=True) from wrong
    seconds = time.perf_counter() - began
    if not file.exists():
        raise Wrong(f"write_parquet() has not written {file.name}", stop=True)
    with work.running(file.name):
        footer = parquet.read_metadata(file)
    if footer.num_rows != ROWS[work.size]:
        raise Wrong(f"write_parquet(): the file has {footer.num_rows:,} rows, not {ROWS[work.size]:,}", stop=True)
    chunks = {chunk.path_in_schema: chunk for chunk in _chunks(file)}
    if chunks["order_total_cents"].physical_type == "BYTE_ARRAY":
        raise Wrong("write_parquet(): order_total_cents is text in the file")
    if any(chunk.compression == "UNCOMPRESSED" for chunk in chunks.values()):
        raise Wrong("write_parquet(): the file is not compressed")
    work.measure("the Parquet file", file.stat().st_size / 1e6, "MB")
    work.measure("writing it", seconds, "s")
    _measure_keys(work)
    return f"{footer.num_row_groups} row groups, {chunks['order_id'].compression}"


def check_totals(work: Work) -> str:
    """total_postgres() and total_parquet() give the sum of a column."""
    with _postgres(work) as connection:
        for column in SUMS:
            asked = _truth(_csv(work))[column]
            for name, found in (
                ("total_postgres", work.call(ANSWER, "total_postgres", connection, column)),
                ("total_parquet", work.call(ANSWER, "total_parquet", duckdb.connect(), _parquet(work), column)),
            ):
                if found != asked:
                    raise Wrong(f'{name}(…, "{column}") gives {found}; the column sums up to another number', stop=True)
    return "equal to the sum of the CSV file's lines"


def check_bytes(work: Work) -> str:
    """bytes_postgres() and bytes_parquet() say what a sum reads."""
    column = SUMS[0]
    with _postgres(work) as connection:
        ((table,),) = connection.execute("select pg_relation_size('orders')").fetchall()
        work.call(ANSWER, "total_postgres", connection, column)  # some pages are in the cache now, as in real life
        rows = work.call(ANSWER, "bytes_postgres", connection, column)
    if not isinstance(rows, int) or abs(rows - table) > table * 0.03:
        shown = f"{rows:,}" if isinstance(rows, int) else repr(rows)
        raise Wrong(f"bytes_postgres() says {shown}; a sum looks at pages of {table:,} bytes, cached or not")
    columns = work.call(ANSWER, "bytes_parquet", _parquet(work), column)
    asked = sum(chunk.total_compressed_size for chunk in _chunks(_parquet(work)) if chunk.path_in_schema == column)
    if columns == _parquet(work).stat().st_size:
        raise Wrong(f"bytes_parquet() says {columns:,}, which is the whole file; the sum is about one column")
    if columns != asked:
        raise Wrong(f"bytes_parquet() says {columns!r}; the footer gives another size for the chunks of {column}")
    work.measure("bytes that the sum reads in PostgreSQL", rows / 1e6, "MB")
    work.measure("bytes that the sum reads in Parquet", columns / 1e6, "MB")
    return f"Parquet reads {rows / columns:.0f} times fewer bytes"


def check_lookup(work: Work) -> str:
    """order_postgres() finds one order without reading the table."""
    ids = [1 + number * (ROWS[work.size] - 1) // (LOOKUPS - 1) for number in range(LOOKUPS)]
    truth = {row[0]: row for row in _rows(_parquet(work), ids)}
    answer = work.module(ANSWER)
    with _postgres(work) as connection, work.running(ANSWER):
        before = _pages(connection)
        began = time.perf_counter()
        for order_id in ids:
            found = answer.order_postgres(connection, order_id)
            if tuple(found or ()) != truth[order_id]:
                raise Wrong(f"order_postgres(…, {order_id}) gives {found}, which is not that order")
        seconds = (time.perf_counter() - began) / LOOKUPS
        connection.commit()
        read = _pages(connection) - before
        ((table,),) = connection.execute("select relpages from pg_class where relname = 'orders'").fetchall()
    if read / LOOKUPS > max(50, table / 4):
        raise Wrong(f"order_postgres() reads the whole table for one order: {read / LOOKUPS:,.0f} pages")
    work.measure("one order by its id, PostgreSQL", seconds * 1000, "ms")
    began = time.perf_counter()
    for order_id in ids[:10]:
        _rows(_parquet(work), [order_id])
    scan = (time.perf_counter() - began) / 10
    work.measure("one order by its id, DuckDB on Parquet", scan * 1000, "ms")
    return f"{read / LOOKUPS:.0f} pages for an order; the row store is {scan / seconds:.0f} times as fast at this"


def check_chart(work: Work) -> str:
    """The sum is timed cold and warm, and chart() draws it."""
    figures, message = _time(work)
    file = work.workspace / "chart.svg"
    file.unlink(missing_ok=True)
    work.call(ANSWER, "chart", figures, file)
    if not file.exists() or "<svg" not in file.read_text(encoding="utf-8", errors="replace"):
        raise Wrong("chart() has not written an SVG file")
    text = file.read_text(encoding="utf-8")
    missing = sorted({figure["engine"] for figure in figures if figure["engine"] not in text})
    if missing:
        raise Wrong(f"chart.svg does not show {', '.join(missing)}")
    return f"{message}; see {file.name}"


def _time(work: Work) -> tuple[list[dict[str, Any]], str]:
    """The seconds of a sum for each engine and cache; warm ones are the median of some runs."""
    answer, column, file = work.module(ANSWER), SUMS[0], _parquet(work)
    server = Postgres(work.config)
    figures: list[dict[str, Any]] = []

    def note(engine: str, cache: str, seconds: float) -> float:
        figures.append({"engine": engine, "cache": cache, "seconds": seconds})
        return work.measure(f"SUM, {engine}, {cache}", seconds * 1000, "ms")

    with work.running(ANSWER):
        cold = server.restart_cold() and caches.forget([file])
        word = "cold" if cold else "cold server"
        with psycopg.connect(server.database(work.name)) as connection:
            rows_cold = note("PostgreSQL", word, _seconds(lambda: answer.total_postgres(connection, column)))
            rows_warm = note("PostgreSQL", "warm", _median(lambda: answer.total_postgres(connection, column)))
            connection.execute("set max_parallel_workers_per_gather = 0")
            note("PostgreSQL, 1 process", "warm", _median(lambda: answer.total_postgres(connection, column)))
        engine = duckdb.connect()
        engine.execute("select 1")
        columns_cold = note("Parquet", word, _seconds(lambda: answer.total_parquet(engine, file, column)))
        columns_warm = note("Parquet", "warm", _median(lambda: answer.total_parquet(engine, file, column)))
        engine.execute("set threads = 1")
        note("Parquet, 1 thread", "warm", _median(lambda: answer.total_parquet(engine, file, column)))
    return figures, (
        f"on this machine the sum over Parquet takes {rows_warm / columns_warm:.0f} times less time warm, "
        f"{rows_cold / columns_cold:.0f} times less {word}"
    )


def _measure_keys(work: Work) -> None:
    """What a key costs in Parquet, Zipf-shaped as it is, and spread evenly over as many customers."""
    file = work.data / "keys.parquet"
    customers = max(100, ROWS[work.size] // 10)
    duckdb.execute(f"""
        copy (
            select customer_id as zipf, cast(hash(order_id) % {customers} as integer) as even
            from read_parquet('{_parquet(work)}')
        ) to '{file}' (format parquet, compression zstd)
    """)
    for name, label in (("zipf", "customer_id, Zipf-shaped"), ("even", "customer_id, if all ordered equally often")):
        size = sum(chunk.total_compressed_size for chunk in _chunks(file) if chunk.path_in_schema == name)
        work.measure(label, size * 8 / ROWS[work.size], "bits a value")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(RUNS))


def _csv(work: Work) -> Path:
    return work.data / "orders.csv"


def _parquet(work: Work) -> Path:
    return work.data / "orders.parquet"


def _postgres(work: Work) -> psycopg.Connection[Any]:
    return psycopg.connect(Postgres(work.config).database(work.name))


def _chunks(file: Path) -> list[Any]:
    footer = parquet.read_metadata(file)
    return [
        footer.row_group(group).column(column)
        for group in range(footer.num_row_groups)
        for column in range(footer.num_columns)
    ]


def _rows(file: Path, ids: list[int]) -> list[tuple[int, int, int]]:
    query = "select order_id, customer_id, order_total_cents from read_parquet(?) where list_contains(?, order_id)"
    if len(ids) == 1:
        query, ids = query.replace("list_contains(?, order_id)", "order_id = ?"), ids[0]  # type: ignore[assignment]
    return duckdb.execute(query, [str(file), ids]).fetchall()


def _pages(connection: psycopg.Connection[Any]) -> int:
    """The pages of the table and its index that were looked at so far, by all that have ended."""
    connection.execute("select pg_stat_force_next_flush()")
    connection.commit()
    ((pages,),) = connection.execute("""
        select coalesce(sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)), 0)
        from pg_statio_user_tables
        where relname = 'orders'
    """).fetchall()
    connection.commit()
    return int(pages)


@cache
def _truth(file: Path) -> dict[str, int]:
    """The sums, by plain Python over the lines of the CSV file."""
    sums = dict.fromkeys(SUMS, 0)
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            for column in SUMS:
                sums[column] += int(row[column])
    return sums
