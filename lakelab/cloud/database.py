"""SQLite files of the lake services: transactional, and safe against a kill at any moment."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Database:
    """One SQLite file in WAL mode, with a connection per thread.

    What a transaction has committed survives kill -9 of the process; a half-done one leaves no trace.

    Args:
        path: the file; its folder is made.
        schema: `create table if not exists …` statements, run at every opening.
    """

    def __init__(self, path: Path, schema: str):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._local = threading.local()
        self._writer = threading.RLock()
        self._open().executescript(schema)

    def _open(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.executescript("pragma journal_mode=wal; pragma synchronous=normal; pragma foreign_keys=on;")
            self._local.connection = connection
        return connection

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """The rows of a query."""
        return self._open().execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        return self._open().execute(sql, values).fetchone()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back on an error. Nested blocks join it."""
        connection = self._open()
        with self._writer:
            if connection.in_transaction:
                yield connection
                return
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
