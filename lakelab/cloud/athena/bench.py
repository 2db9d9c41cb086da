"""Measures Athena on TPC-H against plain DuckDB and MiniStack's own Athena, all on the same files: `make bench-athena`.

A query's time is what a client waits: StartQueryExecution, GetQueryExecution until the end, the first page of results.
The fixed cost is the time of a query of one small table over DuckDB's time for it. Memory is the resident size of the
server's process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import duckdb
import psutil
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from lakelab.cloud.athena import tpch
from lakelab.cloud.environment import ROOT_KEY, ROOT_SECRET
from lakelab.cloud.server import Server
from lakelab.errors import LakelabError
from lakelab.processes import free_port
from lakelab.settings import Settings, settings

RUNS = 3  # of each query; the best counts
SMALL = "SELECT r_name FROM region"
SMALL_RUNS = 40
CLIENTS = 8
PAGED_ROWS = 1_000_000
PARTS = ("queries", "ministack", "clients", "paging")  # MiniStack's queries are compared with ours
TARGETS = {"total": 1.15, "fixed": 40.0, "memory": 1.5}  # ratio, milliseconds, GB
BUCKET, DATABASE = "tpch", "tpch"


class QueryFailed(Exception):
    """A query did not succeed; the text is the reason."""


class Athena:
    """A client of one server that speaks Athena's API."""

    def __init__(self, endpoint: str):
        self._endpoint = endpoint
        self._athena = self._client("athena")

    def load(self, files: dict[str, Path]) -> None:
        """Upload the tables and register them with Glue."""
        s3 = self._client("s3")
        s3.create_bucket(Bucket=BUCKET)
        self._client("glue").create_database(DatabaseInput={"Name": DATABASE})
        for table, file in files.items():
            s3.upload_file(str(file), BUCKET, f"{table}/{file.name}")
            self.run(tpch.create_table(table, file, f"s3://{BUCKET}/{table}/"))

    def run(self, sql: str) -> str:
        """Run a statement and answer its id.

        Raises:
            QueryFailed: it did not succeed.
        """
        try:
            started = self._athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": DATABASE},
                ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
            )
            while True:
                execution = self._athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
                status = execution["QueryExecution"]["Status"]
                if status["State"] not in ("QUEUED", "RUNNING"):
                    break
                time.sleep(0.005)
        except (ClientError, BotoCoreError) as error:
            raise QueryFailed(str(error)) from error
        if status["State"] != "SUCCEEDED":
            raise QueryFailed(status.get("StateChangeReason", status["State"]))
        return started["QueryExecutionId"]

    def query(self, sql: str) -> int:
        """Run a query, fetch the first page of its results, and answer the rows of that page."""
        page = self._athena.get_query_results(QueryExecutionId=self.run(sql))
        return len(page["ResultSet"]["Rows"])

    def pages(self, execution_id: str) -> Iterator[int]:
        """The number of rows of each page of a result."""
        for page in self._athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id):
            yield len(page["ResultSet"]["Rows"])

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._endpoint,
            region_name="us-east-1",
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key=ROOT_SECRET,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 1},
                read_timeout=300,
                max_pool_connections=CLIENTS,
            ),
        )


class Memory:
    """The largest resident size of a process while the block runs, in GB."""

    def __init__(self, pid: int):
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self.before = self.peak = self._now()

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, self._now())

    def _now(self) -> float:
        return self._process.memory_info().rss / 1e9


def main() -> None:
    """Print the tables of one run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1, help="TPC-H's scale factor")
    parser.add_argument("--data", type=Path, help="a folder that keeps the generated files for the next run")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="measure these parts alone")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        data = (options.data or Path(folder) / "data") / f"sf{options.scale:g}"
        files = _files(data, options.scale)
        config = Settings(root=settings().root, state=Path(folder) / "state", port=free_port())
        server = Server(config)
        pid = server.start().pid
        try:
            console.print(f"TPC-H at scale factor {options.scale:g}, {os.cpu_count()} cores, best of {RUNS} runs")
            ours = Athena(config.endpoint)
            ours.load(files)
            plain = _plain(files)
            if "queries" in options.only:
                with Memory(pid) as memory:
                    own, native = _queries(ours, plain)
                theirs = _ministack(Path(folder) / "ministack", files) if "ministack" in options.only else {}
                _print_queries(console, own, native, theirs)
                _print_summary(console, own, native, theirs, _fixed_cost(ours, plain), memory)
            if "clients" in options.only:
                _clients(console, ours, plain, pid)
            if "paging" in options.only:
                _paging(console, ours, pid)
        finally:
            server.stop()


def _files(folder: Path, scale: float) -> dict[str, Path]:
    files = {table: folder / f"{table}.parquet" for table in tpch.TABLES}
    return files if all(file.exists() for file in files.values()) else tpch.generate(folder, scale)


def _plain(files: dict[str, Path]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 2})
    for table, file in files.items():
        con.execute(f"CREATE VIEW {table} AS SELECT * FROM '{file}'")
    return con


# ---- what is measured ----------------------------------------------------------------------------------------------


def _queries(ours: Athena, plain: duckdb.DuckDBPyConnection) -> tuple[dict[int, float], dict[int, float]]:
    """Seconds by query, ours and DuckDB's, run in turns so that both meet the same machine."""
    queries, native_queries = tpch.queries(), tpch.native_queries()
    own, native = {}, {}
    for number, sql in queries.items():
        times = [
            (
                _seconds(lambda sql=sql: ours.query(sql)),
                _seconds(lambda number=number: plain.execute(native_queries[number]).fetchall()),
            )
            for _ in range(RUNS)
        ]
        own[number], native[number] = (min(column) for column in zip(*times, strict=True))
    return own, native


def _fixed_cost(ours: Athena, plain: duckdb.DuckDBPyConnection) -> float:
    """Milliseconds that a small query takes longer than in DuckDB, the median."""
    own = statistics.median(_seconds(lambda: ours.query(SMALL)) for _ in range(SMALL_RUNS))
    native = statistics.median(_seconds(lambda: plain.execute(SMALL).fetchall()) for _ in range(SMALL_RUNS))
    return (own - native) * 1000


def _ministack(folder: Path, files: dict[str, Path]) -> dict[int, float | str]:
    """Seconds by query on MiniStack's own Athena, or why it fails; one run each."""
    with _ministack_server(folder) as endpoint:
        theirs = Athena(endpoint)
        theirs.load(files)
        found: dict[int, float | str] = {}
        for number, sql in tpch.queries().items():
            try:
                found[number] = _seconds(lambda sql=sql: theirs.query(sql))
            except QueryFailed as failed:
                found[number] = str(failed).splitlines()[0]
        return found


def _clients(console: Console, ours: Athena, plain: duckdb.DuckDBPyConnection, pid: int) -> None:
    """All queries by 8 clients at once, each in an order of its own."""
    queries = list(tpch.queries().items())
    native = tpch.native_queries()

    def each(run: Callable[[int, str], object]) -> float:
        def client(shift: int) -> None:
            for number, sql in queries[shift:] + queries[:shift]:
                run(number, sql)

        with ThreadPoolExecutor(CLIENTS) as pool:
            return _seconds(lambda: list(pool.map(client, range(0, 2 * CLIENTS, 2))))

    with Memory(pid) as memory:
        own = each(lambda _, sql: ours.query(sql))
    alone = each(lambda number, _: plain.cursor().execute(native[number]).fetchall())
    count = CLIENTS * len(queries)
    table = _table(f"{CLIENTS} clients at once, {count} queries", "", "seconds", "queries/s", "peak GB")
    table.add_row("lakelab", f"{own:.1f}", f"{count / own:.1f}", f"{memory.peak:.2f}")
    table.add_row("DuckDB", f"{alone:.1f}", f"{count / alone:.1f}", "")
    table.add_row("lakelab / DuckDB", f"{own / alone:.2f}", "", "")
    console.print(table)


def _paging(console: Console, ours: Athena, pid: int) -> None:
    """A result of a million rows, fetched page by page."""
    sql = (
        "SELECT l_orderkey, l_partkey, l_extendedprice, l_shipdate, l_comment FROM lineitem "
        f"CROSS JOIN UNNEST(sequence(1, 2)) AS t (copy) LIMIT {PAGED_ROWS}"
    )
    began = time.monotonic()
    with Memory(pid) as writing:
        execution_id = ours.run(sql)
    written = time.monotonic()
    with Memory(pid) as reading:
        rows = sum(ours.pages(execution_id)) - 1
    taken = time.monotonic() - written
    table = _table("A large result", "rows", "query s", "paging s", "rows/s", "peak GB query", "paging adds GB")
    table.add_row(
        f"{rows:,}",
        f"{written - began:.1f}",
        f"{taken:.1f}",
        f"{rows / taken:,.0f}",
        f"{writing.peak:.2f}",
        f"{reading.peak - reading.before:.3f}",
    )
    console.print(table)


# ---- printing ------------------------------------------------------------------------------------------------------


def _print_queries(
    console: Console, own: dict[int, float], native: dict[int, float], theirs: dict[int, float | str]
) -> None:
    table = _table("Milliseconds by query", "query", "DuckDB", "lakelab", "ratio", "MiniStack", "MiniStack / lakelab")
    for number, seconds in own.items():
        their = theirs.get(number, "")
        shown = (their[:60], "") if isinstance(their, str) else (f"{their * 1000:.0f}", f"{their / seconds:.1f}")
        ratio = f"{seconds / native[number]:.2f}"
        table.add_row(str(number), f"{native[number] * 1000:.0f}", f"{seconds * 1000:.0f}", ratio, *shown)
    console.print(table)


def _print_summary(
    console: Console,
    own: dict[int, float],
    native: dict[int, float],
    theirs: dict[int, float | str],
    fixed: float,
    memory: Memory,
) -> None:
    ran = {number: seconds for number, seconds in theirs.items() if not isinstance(seconds, str)}
    table = _table("In total", "", "measured", "target")
    total = sum(own.values()) / sum(native.values())
    table.add_row("lakelab / DuckDB, 22 queries", f"{total:.2f}", f"{TARGETS['total']}")
    table.add_row("fixed cost of a query, ms", f"{fixed:.0f}", f"{TARGETS['fixed']:.0f}")
    table.add_row("peak memory of the server, GB", f"{memory.peak:.2f}", f"{TARGETS['memory']}")
    if ran:
        faster = sum(ran.values()) / sum(own[number] for number in ran)
        table.add_row(f"MiniStack / lakelab, the {len(ran)} queries that it runs", f"{faster:.1f}", "")
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    return table


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@contextmanager
def _ministack_server(folder: Path) -> Iterator[str]:
    """MiniStack alone, with all that it has in memory; its endpoint."""
    folder.mkdir(parents=True)
    port = free_port()
    variables = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR", "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=os.environ | variables, cwd=folder, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 30
        while not any(found.laddr[1] == port for found in psutil.Process(process.pid).net_connections("tcp")):
            if process.poll() is not None or time.monotonic() > deadline:
                raise LakelabError("MiniStack did not start", fix=f"see {folder / 'log'}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
