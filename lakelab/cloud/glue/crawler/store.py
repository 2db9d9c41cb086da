"""Where crawls are kept: the history of each crawler, and the folders it has seen."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.wire import Params

SCHEMA = """
create table if not exists crawls (
    id text primary key,
    crawler_id integer not null references entities on delete cascade,
    state text not null,
    started real not null,
    ended real,
    summary text not null default '{}',
    error text
);
create index if not exists crawls_by_crawler on crawls (crawler_id, started);
create table if not exists crawled_folders (
    crawler_id integer not null references entities on delete cascade,
    folder text not null,
    primary key (crawler_id, folder)
) without rowid;
"""


@dataclass(frozen=True)
class CrawlRecord:
    """One run. `state` is RUNNING, STOPPING, COMPLETED, FAILED or STOPPED; times are seconds since 1970."""

    id: str
    state: str
    started: float
    ended: float | None
    summary: Params
    error: str | None


class CrawlStore:
    """The crawls of all crawlers. A crawler is known by the id of its entity."""

    def __init__(self, file: SqliteFile):
        self._file = file
        with file.transaction() as connection:
            connection.execute(
                "update crawls set state = 'FAILED', ended = ?, error = ? where state in ('RUNNING', 'STOPPING')",
                (time.time(), "Internal Service Exception: the local AWS was stopped during the crawl."),
            )

    def start(self, crawler: int, crawl: str) -> bool:
        """Note a new run; False when another one is under way."""
        with self._file.transaction() as connection:
            if self.running(crawler) is not None:
                return False
            connection.execute(
                "insert into crawls (id, crawler_id, state, started) values (?, ?, 'RUNNING', ?)",
                (crawl, crawler, time.time()),
            )
            return True

    def stop(self, crawl: str) -> None:
        """Note that a run is to stop."""
        with self._file.transaction() as connection:
            connection.execute("update crawls set state = 'STOPPING' where id = ? and state = 'RUNNING'", (crawl,))

    def finish(
        self, crawler: int, crawl: str, state: str, *, summary: Params, error: str | None, folders: Iterable[str]
    ) -> None:
        """Note the end of a run, and the folders it has seen if it has seen all."""
        with self._file.transaction() as connection:
            connection.execute(
                "update crawls set state = ?, ended = ?, summary = ?, error = ? where id = ?",
                (state, time.time(), json.dumps(summary), error, crawl),
            )
            connection.executemany(
                "insert or ignore into crawled_folders (crawler_id, folder) values (?, ?)",
                ((crawler, folder) for folder in folders),
            )

    def running(self, crawler: int) -> CrawlRecord | None:
        """The run that is under way, or None."""
        row = self._file.row("select * from crawls where crawler_id = ? and state in ('RUNNING', 'STOPPING')", crawler)
        return None if row is None else _record(row)

    def history(self, crawler: int) -> list[CrawlRecord]:
        """The runs of a crawler, the newest first."""
        rows = self._file.rows("select * from crawls where crawler_id = ? order by started desc, id", crawler)
        return [_record(row) for row in rows]

    def folders(self, crawler: int) -> frozenset[str]:
        """The folders that the crawler has seen."""
        rows = self._file.rows("select folder from crawled_folders where crawler_id = ?", crawler)
        return frozenset(row["folder"] for row in rows)


def _record(row: sqlite3.Row) -> CrawlRecord:
    return CrawlRecord(row["id"], row["state"], row["started"], row["ended"], json.loads(row["summary"]), row["error"])
