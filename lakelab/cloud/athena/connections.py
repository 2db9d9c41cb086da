"""DuckDB connections for statements: one each, fenced in, limited, and stopped when the client says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lakelab.cloud.athena.catalog import CATALOG
from lakelab.cloud.athena.errors import Category, QueryCancelled, QueryError
from lakelab.cloud.athena.formats.readers import text_literal
from lakelab.cloud.athena.model import Session
from lakelab.cloud.athena.sql import Translated, prepare_connection

_SPARES = 2  # connections that are held ready
_POLL = 0.02  # seconds between looks at whether a statement was cancelled


@dataclass(frozen=True)
class Limits:
    """What one statement may use.

    `memory` and `disk` as DuckDB writes sizes (`1GB`); `seconds` is Athena's own limit of a DML statement.
    """

    memory: str = "1GB"
    disk: str = "10GB"
    threads: int = 2
    seconds: float = 1800
    result_bytes: int = 8 * 2**30


class Connections:
    """Gives connections that are made and prepared ahead: making one costs more than most small queries."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._spare: list[duckdb.DuckDBPyConnection] = []
        self._lock = threading.Lock()
        self._keeper = ThreadPoolExecutor(1, "athena-connections")

    def take(self) -> duckdb.DuckDBPyConnection:
        """A new connection to an empty in-memory database with Trino's settings."""
        with self._lock:
            con = self._spare.pop() if self._spare else None
            last = not self._spare
        if last:  # else the next is made when the statement has ended, and takes no time from it
            self._later(self._refill)
        return con or self._open()

    def release(self, con: duckdb.DuckDBPyConnection) -> None:
        """Close a connection that was taken, while the caller goes on."""
        self._later(con.close)
        self._later(self._refill)

    def _later(self, work: Callable[[], None]) -> None:
        try:
            self._keeper.submit(work)
        except RuntimeError:  # closed: nothing is held ready any more, but what was taken is still given back
            if work != self._refill:
                work()

    def close(self) -> None:
        """Close the connections that nobody has taken."""
        self._keeper.shutdown()
        with self._lock:
            while self._spare:
                self._spare.pop().close()

    def _refill(self) -> None:
        with self._lock:
            if len(self._spare) >= _SPARES:
                return
        con = self._open()
        with self._lock:
            self._spare.append(con)

    def _open(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect(
            ":memory:",
            config={
                "threads": self._limits.threads,
                "memory_limit": self._limits.memory,
                "max_temp_directory_size": self._limits.disk,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "python_enable_replacements": "false",
                "preserve_insertion_order": "true",
            },
        )
        # a statement is bound several times, and none of its files changes meanwhile
        con.execute("SET parquet_metadata_cache = true")
        con.execute("SET enable_external_file_cache = false")  # which only a later statement would gain from
        con.execute(f"ATTACH ':memory:' AS {CATALOG}")
        prepare_connection(con)
        return con

    @contextmanager
    def running(self, con: duckdb.DuckDBPyConnection, session: Session) -> Iterator[None]:
        """Let the statements of the block be interrupted: when the session is cancelled or a limit is passed.

        Raises:
            QueryCancelled: the session was cancelled.
            QueryError: EXCEEDED_TIME_LIMIT, or the result has grown beyond the limit.
        """
        done = threading.Event()
        stopped: list[Exception] = []
        deadline = time.monotonic() + self._limits.seconds

        def watch() -> None:
            while not done.wait(_POLL):
                if not stopped:
                    stopped.extend(self._reasons(session, deadline))
                if stopped:
                    con.interrupt()

        watcher = threading.Thread(target=watch, name=f"athena-watch-{session.execution_id}", daemon=True)
        watcher.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise (stopped[0] if stopped else QueryCancelled()) from error
        finally:
            done.set()
            watcher.join()

    def _reasons(self, session: Session, deadline: float) -> Iterator[Exception]:
        if session.cancelled.is_set():
            yield QueryCancelled()
        if time.monotonic() > deadline:
            yield QueryError("EXCEEDED_TIME_LIMIT", "Query exceeded maximum time limit", category=Category.OTHER)
        if _size(session.scratch.glob("result*")) > self._limits.result_bytes:
            yield QueryError(
                "EXCEEDED_LOCAL_DISK_LIMIT",
                f"The result is larger than the {self._limits.result_bytes} bytes that the local Athena writes",
                category=Category.OTHER,
            )


def add_functions(con: duckdb.DuckDBPyConnection, statements: Iterable[Translated]) -> None:
    """Make the Python functions that statements call known to a connection that was taken from Connections."""
    calling = [statement for statement in statements if statement.functions]
    if calling:  # the settings, which are what takes time, are in force already
        prepare_connection(con, *calling)


def _size(files: Iterable[Path]) -> int:
    """The bytes of files, of which some may be gone by now."""
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def fence(con: duckdb.DuckDBPyConnection, files: Iterable[Path], scratch: Path) -> None:
    """Let the connection read these files, read and write in `scratch`, and touch nothing else; for good."""
    allowed = ", ".join(text_literal(str(file)) for file in files)
    con.execute(f"SET temp_directory = {text_literal(str(scratch / 'spill'))}")
    con.execute(f"SET allowed_paths = [{allowed}]")
    con.execute(f"SET allowed_directories = [{text_literal(str(scratch) + '/')}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
