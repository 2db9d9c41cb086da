"""What the first capstone asks for: three questions on PostgreSQL before and after tuning, and on ClickHouse."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from chdb import session
from psycopg import sql

from lakelab.practice import Work, Wrong, orders
from lakelab.practice.postgres import Postgres

ROWS = {"small": 300_000, "full": 10_000_000}
SEED = 6
RUNS = 3
CUSTOMER = 2000
# shares of pages, of rows, and of the table's bytes
PAGES = {"week": 0.03, "customer": 0.02}
READ = {"week": 0.06, "customer": 0.12}
INDEXES = 0.12

WEEK = "ordered_at >= '2025-03-03 00:00:00' and ordered_at < '2025-03-10 00:00:00'"
QUESTIONS = {
    "week": f"select sum(order_total_cents) from orders where {WEEK} and status = 'completed'",
    "customer": f"select count(*), sum(order_total_cents) from orders where customer_id = {CUSTOMER}",
    "months": "select {month} as month, sum(order_total_cents) from orders group by month order by month",
}
MONTH = {"postgres": "date_trunc('month', ordered_at)", "clickhouse": "toStartOfMonth(ordered_at)"}
SHOP = f"""
    create table orders (
        {", ".join(f"{name} {kind.replace('varchar', 'text')}" for name, kind in orders.COLUMNS.items())},
        primary key (order_id)
    )
"""
PLAIN = "day-06-plain"


def prepare(work: Work) -> None:
    """Write the orders as Parquet, and load them into PostgreSQL as the shop keeps them."""
    file = orders.write(_parquet(work), ROWS[work.size], SEED)
    made_of = f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}"
    server = Postgres(work.config)
    with psycopg.connect(server.database(PLAIN)) as connection:
        loaded = connection.execute("select obj_description(to_regclass('orders'))").fetchone() == (made_of,)
        if not loaded:
            _load(connection, file, made_of)
    if not loaded:
        with psycopg.connect(server.database(PLAIN), autocommit=True) as connection:
            connection.execute("vacuum (analyze) orders")
    # the learner's own, to try things out; a check begins from the plain one again
    with psycopg.connect(server.database(work.name)) as connection:
        there = _count(connection) is not None
    if not loaded or not there:
        server.database(work.name, fresh=True, template=PLAIN)


def _load(connection: psycopg.Connection[Any], file: Path, made_of: str) -> None:
    """Fill the shop's table; its comment tells of which file."""
    connection.execute("drop table if exists orders cascade")
    connection.execute(SHOP)
    connection.execute(sql.SQL("comment on table orders is {}").format(made_of))
    lines = file.with_suffix(".csv")
    duckdb.execute(f"copy (from '{file}') to '{lines}' (header false)")
    with lines.open("rb") as opened, connection.cursor().copy("copy orders from stdin (format csv)") as copy:
        while chunk := opened.read(1 << 20):
            copy.write(chunk)
    lines.unlink()


def check_postgres(work: Work) -> str:
    """postgres/tune.sql: partitions and indexes, and no order lost."""
    text = work.read("postgres/tune.sql")
    if all(not line.strip() or line.strip().startswith("--") for line in text.splitlines()):
        raise Wrong("postgres/tune.sql is still to be written")
    uri = Postgres(work.config).database(work.name, fresh=True, template=PLAIN)
    with psycopg.connect(uri, autocommit=True) as connection:
        before = {name: _ask_postgres(work, connection, name, "as it was") for name in QUESTIONS}
        table = _relation(connection)
        began = time.perf_counter()
        with work.running("postgres/tune.sql"):
            connection.execute(text.encode())
        work.measure("postgres/tune.sql", time.perf_counter() - began, "s")
        rows = _count(connection)
        if rows != ROWS[work.size]:
            raise Wrong(f"postgres/tune.sql leaves {rows or 0:,} orders of {ROWS[work.size]:,}", stop=True)
        if connection.execute("select relkind from pg_class where relname = 'orders'").fetchone() != ("p",):
            raise Wrong("postgres/tune.sql: orders is not a table of partitions")
        connection.execute("vacuum (analyze) orders")
        _refuses_a_copy(connection)
        indexes = _index_bytes(connection)
        if indexes > INDEXES * table["bytes"]:
            raise Wrong(
                f"postgres/tune.sql: the indexes besides the primary key hold {indexes / table['bytes']:.0%} of the "
                f"table's bytes; allowed are {INDEXES:.0%}. Which of them says what the table's order says already?"
            )
        after = {name: _ask_postgres(work, connection, name, "tuned") for name in QUESTIONS}
        for name, share in PAGES.items():
            pages = after[name]["pages"]
            if pages > share * table["pages"]:
                raise Wrong(
                    f"postgres/tune.sql, {name}: it looks at {pages:,} pages, {pages / table['pages']:.1%} of the "
                    f"table; asked are {share:.0%} ({after[name]['plan']})"
                )
        work.measure("the table in PostgreSQL", table["bytes"] / 1e6, "MB")
        work.measure("its indexes besides the primary key", indexes / 1e6, "MB")
    return "\n".join(f"{name}: {before[name]['plan']}\n  -> {after[name]['plan']}" for name in QUESTIONS)


def check_clickhouse(work: Work) -> str:
    """clickhouse/schema.sql: an order and partitions that leave out what the questions do not want."""
    text = work.read("clickhouse/schema.sql").strip().rstrip(";")
    if all(not line.strip() or line.strip().startswith("--") for line in text.splitlines()):
        raise Wrong("clickhouse/schema.sql is still to be written")
    home = work.data / "clickhouse"
    shutil.rmtree(home, ignore_errors=True)
    server = session.Session(str(home))
    work.cleanup.callback(shutil.rmtree, home)  # the last callback runs first
    work.cleanup.callback(server.close)
    server.query("set session_timezone = 'UTC'")
    # it remembers which granules a filter found nothing in, and a question that is asked again reads fewer rows
    server.query("set use_query_condition_cache = 0")
    began = time.perf_counter()
    with work.running("clickhouse/schema.sql"):
        server.query(text)
        server.query(f"insert into orders select * from file('{_parquet(work)}', Parquet)")
    work.measure("loading ClickHouse", time.perf_counter() - began, "s")
    plans = []
    for name in QUESTIONS:
        found = _ask_clickhouse(work, server, name)
        share = found["rows"] / ROWS[work.size]
        if share > READ.get(name, 1.1):
            raise Wrong(
                f"clickhouse/schema.sql, {name}: it reads {share:.0%} of the rows; asked are {READ[name]:.0%} "
                f"({found['plan']})"
            )
        plans.append(f"{name}: {share:.1%} of the rows, {found['plan']}")
    ((size,),) = _rows(
        server.query("select sum(bytes_on_disk) from system.parts where active and table = 'orders'", "CSV")
    )
    work.measure("the table in ClickHouse", int(size) / 1e6, "MB")
    return "\n".join(plans)


def _ask_postgres(work: Work, connection: psycopg.Connection[Any], name: str, state: str) -> dict[str, Any]:
    """The pages, the seconds and the plan of a question; Wrong when its answer is."""
    query = QUESTIONS[name].format(month=MONTH["postgres"])
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        rows = connection.execute(query.encode()).fetchall()
        seconds.append(time.perf_counter() - began)
    _compare(work, name, [tuple(_plain(cell) for cell in row) for row in rows], f"PostgreSQL {state}")
    ((plans,),) = connection.execute(f"explain (analyze, buffers, format json) {query}".encode()).fetchall()
    top = plans[0]["Plan"]
    pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    work.measure(f"{name}, PostgreSQL {state}", statistics.median(seconds) * 1000, "ms")
    work.measure(f"{name}, PostgreSQL {state}, pages", pages, "pages")
    return {"pages": pages, "plan": f"{', '.join(dict.fromkeys(_scans(top)))}; {pages:,} pages"}


def _ask_clickhouse(work: Work, server: session.Session, name: str) -> dict[str, Any]:
    """The rows read, the seconds and the plan of a question; Wrong when its answer is."""
    query = QUESTIONS[name].format(month=MONTH["clickhouse"])
    seconds = []
    with work.running(f"{name} on ClickHouse"):
        for _ in range(RUNS):
            began = time.perf_counter()
            answer = server.query(query, "CSV")
            seconds.append(time.perf_counter() - began)
        plan = str(server.query(f"explain indexes = 1 {query}", "TSVRaw"))
    _compare(work, name, [tuple(row) for row in _rows(answer)], "ClickHouse")
    work.measure(f"{name}, ClickHouse", statistics.median(seconds) * 1000, "ms")
    work.measure(f"{name}, ClickHouse, rows read", answer.storage_rows_read(), "rows")
    steps = [line.strip() for line in plan.splitlines() if line.strip().startswith(("Parts:", "Granules:"))]
    return {"rows": answer.storage_rows_read(), "plan": "; ".join(dict.fromkeys(steps[-2:]))}


def _compare(work: Work, name: str, found: list[tuple[str, ...]], where: str) -> None:
    query = QUESTIONS[name].format(month="cast(date_trunc('month', ordered_at) as date)")
    source = query.replace("from orders", f"from '{_parquet(work)}'")
    asked = [tuple(_plain(cell) for cell in row) for row in duckdb.execute(source).fetchall()]
    if found != asked:
        raise Wrong(f"{name} on {where} gives another answer than the Parquet file: rows are missing, changed or twice")


def _plain(cell: Any) -> str:
    return str(cell.date()) if isinstance(cell, datetime) else str(cell)


def _rows(answer: Any) -> Iterator[list[str]]:
    for line in str(answer).strip().splitlines():
        yield [cell.strip('"') for cell in line.split(",")]


def _scans(node: dict[str, Any]) -> Iterator[str]:
    """The scans of a plan, as PostgreSQL names them."""
    if "Scan" in node["Node Type"]:
        yield node["Node Type"] + (" (lossy)" if node.get("Lossy Heap Blocks") else "")
    for below in node.get("Plans", ()):
        yield from _scans(below)


def _relation(connection: psycopg.Connection[Any]) -> dict[str, int]:
    ((size,),) = connection.execute("select pg_relation_size('orders')").fetchall()
    return {"bytes": size, "pages": size // 8192}


def _index_bytes(connection: psycopg.Connection[Any]) -> int:
    """The bytes of all indexes of orders and its partitions that are not their primary keys."""
    ((size,),) = connection.execute("""
        select coalesce(sum(pg_relation_size(indexrelid)), 0)::bigint
        from pg_index
        where not indisprimary and indrelid in (select relid from pg_partition_tree('orders'))
    """).fetchall()
    return size


def _refuses_a_copy(connection: psycopg.Connection[Any]) -> None:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("insert into orders select * from orders order by order_id limit 1")
    except psycopg.errors.UniqueViolation:
        return
    raise Wrong("postgres/tune.sql: the same order can be inserted twice; there is no primary key any more")


def _count(connection: psycopg.Connection[Any]) -> int | None:
    """The number of orders; None when there is no such table."""
    if connection.execute("select to_regclass('orders')").fetchone() == (None,):
        return None
    return connection.execute("select count(*) from orders").fetchall()[0][0]


def _parquet(work: Work) -> Path:
    return work.data / "orders.parquet"
