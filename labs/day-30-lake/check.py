"""What lab 30 asks for: a lake out of the feed's files, the kit's models on DuckDB as on Athena, and a page of them."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from playwright.sync_api import TimeoutError as PageTimeout

from lakelab.pipeline import feed, orders
from lakelab.pipeline.dashboard import NotServed, start_app, wait_for_app
from lakelab.practice import Work, Wrong
from lakelab.practice.browser import page
from lakelab.processes import free_port

COLUMNS = ("order_id", "customer_id", "order_total_cents", "currency", "status", "city", "source_key", "source_line")
REPORT = "reports/orders/load.json"
# what the engines have to agree on: table and columns
MODELS = {
    "clean_orders": "order_id, customer_id, status, is_revenue, pickup_city, currency, order_total_cents, order_total, "
    "order_date, order_month",
    "monthly_revenue": "order_month, currency, orders, customers, revenue",
}
SCHEMA = "lakelab_local_analytics"
PAGE_SECONDS = 30


def prepare(work: Work) -> None:
    """Fetch the files that the kit's own pipeline was fed."""
    folder, s3, bucket = work.data / "orders", work.client("s3"), work.output("lake", "raw_bucket")
    folder.mkdir(parents=True, exist_ok=True)
    names = set()
    for found in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=feed.PREFIX):
        for item in found.get("Contents", ()):
            names.add(item["Key"].removeprefix(feed.PREFIX))
            file = folder / item["Key"].removeprefix(feed.PREFIX)
            file.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
    for file in folder.iterdir():
        if file.name not in names:
            file.unlink()


def check_extract(work: Work) -> str:
    """extract() uploads each file as UTF-8, and only what differs."""
    folder, bucket, s3 = work.data / "orders", work.bucket("lake"), work.client("s3")
    files = sorted(folder.glob("*.csv"))
    began = time.perf_counter()
    _expect(work.call("pipeline.py", "extract", folder, s3, bucket), len(files), "extract() of an empty bucket")
    work.measure("extract", time.perf_counter() - began, "s")
    objects = _objects(work, bucket, feed.PREFIX)
    work.measure("raw", sum(map(len, objects.values())) / 1e6, "MB")
    wanted = {feed.PREFIX + file.name: _text(file) for file in files}
    if objects.keys() != wanted.keys():
        raise Wrong(f"extract() leaves {len(objects)} objects below {feed.PREFIX} for {len(files)} files", stop=True)
    for key, text in wanted.items():
        try:
            found = objects[key].decode()
        except UnicodeDecodeError as error:
            raise Wrong(f"{key} is not UTF-8: {error.reason} at byte {error.start}", stop=True) from error
        if found != text:
            raise Wrong(f"{key} is not the text of its file: is there a byte order mark, or a CR?", stop=True)
    _expect(work.call("pipeline.py", "extract", folder, s3, bucket), 0, "extract() once more, with nothing new,")
    s3.put_object(Bucket=bucket, Key=feed.PREFIX + files[0].name, Body=b"another text")
    _expect(work.call("pipeline.py", "extract", folder, s3, bucket), 1, "extract() after one object was changed")
    return f"{len(files)} files"


def check_load(work: Work) -> str:
    """load() accounts for every line: each good order once, as Parquet by day, and a report."""
    began = time.perf_counter()
    _load(work)
    work.measure("load", time.perf_counter() - began, "s")
    rows, objects = _loaded(work)
    truth = _truth(work.data / "orders")
    work.measure("curated", sum(map(len, objects.values())) / 1e6, "MB")
    for order, number in Counter(row["order_id"] for row in rows).most_common(1):
        if number > 1:
            raise Wrong(f"order {order} has {number} rows in curated/orders", stop=True)
    found = {row["order_id"]: row for row in rows}
    if found.keys() != truth.orders.keys():
        raise Wrong(f"curated/orders has {len(found):,} orders, and the files {len(truth.orders):,}", stop=True)
    for order, wanted in truth.orders.items():
        for column, value in wanted.items():
            if found[order].get(column) != value:
                raise Wrong(f"order {order} in curated/orders: {column} is {found[order].get(column)!r}", stop=True)
        where = (found[order].get("source_key"), found[order].get("source_line"))
        if where not in truth.lines[order]:
            raise Wrong(f"order {order} in curated/orders: no line of it is at {where[0]}, line {where[1]}", stop=True)
    report = _report(work)
    wanted = {
        "rows_in": truth.rows,
        "clean": len(truth.orders),
        "quarantined": truth.bad,
        "duplicate": truth.rows - truth.bad - len(truth.orders),
    }
    if {name: report.get(name) for name in wanted} != wanted:
        raise Wrong(f"{REPORT} says {report}, which is not what became of the lines", stop=True)
    _load(work)
    again = len(_loaded(work)[0])
    if again != len(rows):
        raise Wrong(f"a second load makes {again:,} rows in curated/orders out of {len(rows):,}", stop=True)
    return " + ".join(f"{wanted[name]:,} {name}" for name in ("clean", "quarantined", "duplicate"))


def check_transform(work: Work) -> str:
    """transform() builds the kit's models, with the rows that dbt-athena has built."""
    database = _database(work)
    shutil.rmtree(database.parent, ignore_errors=True)
    database.parent.mkdir()
    began = time.perf_counter()
    work.call("pipeline.py", "transform", _bucket(work), database)
    work.measure("transform", time.perf_counter() - began, "s")
    if not database.exists():
        raise Wrong(f"transform() leaves no file {database.name}", stop=True)
    with duckdb.connect(str(database), read_only=True) as connection:
        for model, columns in MODELS.items():
            with work.running(f"{model} on DuckDB"):
                ours = connection.execute(f"select {columns} from {SCHEMA}.{model}").fetchall()
            _compare(model, Counter(map(_as_text, ours)), Counter(map(tuple, _athena(work, model, columns))))
    return "row by row"


def check_page(work: Work) -> str:
    """The page shows the revenue that Athena answers, and a chart."""
    if not _database(work).exists():
        raise Wrong("there are no models to show yet: transform() has left no file", stop=True)
    wanted = sorted(_athena(work, "monthly_revenue", MODELS["monthly_revenue"]))
    port = free_port()
    process = start_app(work.path("app.py"), port, os.environ | {"DATABASE": str(_database(work))})
    work.cleanup.callback(process.kill)
    try:
        with page(work.config.state) as browser, work.running("app.py"):
            browser.set_default_timeout(PAGE_SECONDS * 1000)
            browser.goto(wait_for_app(process, port))
            try:
                browser.locator("[data-testid=stTable] tbody tr, [data-testid=stException]").first.wait_for()
            except PageTimeout as error:
                raise Wrong(f"app.py shows no table within {PAGE_SECONDS} s") from error
            failed = browser.get_by_test_id("stException").all_inner_texts()
            if failed:
                raise Wrong(f"app.py shows an error: {failed[0][:300]}")
            rows = [row.locator("th, td").all_inner_texts() for row in browser.locator("tbody tr").all()]
            charts = browser.get_by_test_id("stVegaLiteChart").locator("canvas, svg")
            if not charts.count():
                raise Wrong("app.py shows no chart")
            charts.first.wait_for()
    except NotServed as error:
        raise Wrong(f"app.py: {error.message}") from error
    shown = [set(row) for row in rows]
    for month, currency, number, customers, revenue in wanted:
        if not any({currency, number, customers, f"{Decimal(revenue):,.2f}"} <= row for row in shown):
            raise Wrong(f"the page does not show {currency} in {month[:7]} as the model has it: {number} orders, …")
    if len(shown) != len(wanted):
        raise Wrong(f"the table of the page has {len(shown)} rows, and the model {len(wanted)}")
    return f"{len(wanted)} rows and a chart"


class Truth:
    """What becomes of the lines of the files, by plain Python."""

    def __init__(self, folder: Path):
        self.rows = self.bad = 0
        self.orders: dict[str, dict[str, Any]] = {}
        self.lines: dict[str, set[tuple[str, int]]] = {}
        for file in sorted(folder.glob("*.csv")):
            for number, line in enumerate(_text(file).splitlines()[1:], start=2):
                self.rows += 1
                fields = line.split(",")
                if not _good(fields):
                    self.bad += 1
                    continue
                order, customer, day, cents, currency, status, city = fields
                self.orders[order] = {
                    "customer_id": customer,
                    "order_total_cents": int(cents),
                    "currency": currency,
                    "status": status,
                    "city": city or None,
                    "order_date": day,
                }
                self.lines.setdefault(order, set()).add((feed.PREFIX + file.name, number))


@cache
def _truth(folder: Path) -> Truth:
    return Truth(folder)


def _good(fields: list[str]) -> bool:
    if len(fields) != 7:
        return False
    order, customer, day, cents, currency, status, _ = fields
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    known = currency in orders.CURRENCIES and status in orders.STATUSES
    return bool(order and customer and cents.isdigit() and known)


def _text(file: Path) -> str:
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n")


def _bucket(work: Work) -> str:
    """The bucket that check_extract has emptied, and that extract() has filled."""
    return f"lab-{work.name}-lake"


def _load(work: Work) -> None:
    bucket = _bucket(work)
    work.call("pipeline.py", "load", work.call("lake.py", "connect", bucket), work.client("s3"), bucket)


def _loaded(work: Work) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The rows of curated/orders with their order_date as text, and the objects."""
    objects = _objects(work, _bucket(work), "curated/orders/")
    rows = []
    for key, body in objects.items():
        folder = key.split("/")[2]
        if not folder.startswith("order_date=") or not key.endswith(".parquet"):
            raise Wrong(f"{key} is not curated/orders/order_date=<day>/….parquet", stop=True)
        table = pq.read_table(io.BytesIO(body))
        missing = [column for column in COLUMNS if column not in table.column_names]
        if missing:
            raise Wrong(f"{key} has no column {', '.join(missing)}", stop=True)
        rows += [row | {"order_date": folder.removeprefix("order_date=")} for row in table.to_pylist()]
    return rows, objects


def _report(work: Work) -> dict[str, Any]:
    objects = _objects(work, _bucket(work), REPORT)
    if REPORT not in objects:
        raise Wrong(f"load() leaves no {REPORT}", stop=True)
    with work.running(REPORT):
        return json.loads(objects[REPORT])


def _objects(work: Work, bucket: str, prefix: str) -> dict[str, bytes]:
    s3 = work.client("s3")
    return {
        item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        for found in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for item in found.get("Contents", ())
    }


def _athena(work: Work, model: str, columns: str) -> list[list[str | None]]:
    return work.athena(f"select {columns} from {model}", work.output("catalog", "analytics_database")).rows


def _as_text(row: tuple[Any, ...]) -> tuple[str | None, ...]:
    """A row as Athena writes it."""
    return tuple(str(value).lower() if isinstance(value, bool) else value and str(value) for value in row)


def _compare(model: str, ours: Counter[Any], theirs: Counter[Any]) -> None:
    if ours != theirs:
        mine, other = next(iter(ours - theirs), "no such row"), next(iter(theirs - ours), "no such row")
        raise Wrong(
            f"{model} has {ours.total():,} rows on DuckDB and {theirs.total():,} on Athena; "
            f"on DuckDB: {mine}; on Athena: {other}",
            stop=True,
        )


def _database(work: Work) -> Path:
    return work.workspace / "checked" / "lake.duckdb"


def _expect(found: Any, wanted: int, what: str) -> None:
    if found != wanted:
        raise Wrong(f"{what} gives {found!r} uploaded files, not {wanted}", stop=True)
