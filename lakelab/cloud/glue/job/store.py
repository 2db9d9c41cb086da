"""Where job runs are kept."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.errors import EntityNotFound
from lakelab.cloud.wire import Params

SCHEMA = """
create table if not exists job_runs (
    id text primary key,
    job_id integer not null references entities on delete cascade,
    state text not null,
    document text not null,
    started real not null,
    modified real not null,
    completed real,
    error text
);
create index if not exists job_runs_by_job on job_runs (job_id, started);
"""

UNDER_WAY = ("STARTING", "RUNNING", "STOPPING")
_UNDER_WAY = "('STARTING', 'RUNNING', 'STOPPING')"


@dataclass(frozen=True)
class JobRun:
    """One run of a job: the JobRun members that were known at its start, and its state. Times: seconds since 1970."""

    id: str
    job_id: int
    state: str
    document: Params
    started: float
    modified: float
    completed: float | None
    error: str | None


class JobRunStore:
    """The runs of all jobs. A job is known by the id of its entity."""

    def __init__(self, file: SqliteFile):
        self._file = file
        now = time.time()
        with file.transaction() as connection:
            connection.execute(
                "update job_runs set state = 'ERROR', modified = ?, completed = ?, error = ?"
                f" where state in {_UNDER_WAY}",
                (now, now, "Internal service error: the local AWS was stopped during the run."),
            )

    def create(self, job_id: int, run_id: str, document: Params, *, most: int) -> bool:
        """Note a new run; False when `most` are under way."""
        now = time.time()
        with self._file.transaction() as connection:
            row = self._file.row(
                f"select count(*) as count from job_runs where job_id = ? and state in {_UNDER_WAY}", job_id
            )
            if row is not None and row["count"] >= most:
                return False
            connection.execute(
                "insert into job_runs (id, job_id, state, document, started, modified)"
                " values (?, ?, 'STARTING', ?, ?, ?)",
                (run_id, job_id, json.dumps(document), now, now),
            )
            return True

    def advance(self, run_id: str, state: str) -> bool:
        """Move a run that is under way to another such state; False when it is being stopped or has ended."""
        with self._file.transaction() as connection:
            done = connection.execute(
                "update job_runs set state = ?, modified = ? where id = ? and state in ('STARTING', 'RUNNING')",
                (state, time.time(), run_id),
            )
            return done.rowcount == 1

    def finish(self, run_id: str, state: str, error: str | None) -> None:
        """Note how a run has ended."""
        now = time.time()
        with self._file.transaction() as connection:
            connection.execute(
                "update job_runs set state = ?, modified = ?, completed = ?, error = ? where id = ?",
                (state, now, now, error, run_id),
            )

    def may_go_on(self, run_id: str) -> bool:
        """Whether a run is neither being stopped nor deleted together with its job."""
        row = self._file.row("select state from job_runs where id = ?", run_id)
        return row is not None and row["state"] in ("STARTING", "RUNNING")

    def get(self, job_id: int, run_id: str) -> JobRun:
        """Raises EntityNotFound."""
        row = self._file.row("select * from job_runs where id = ? and job_id = ?", run_id, job_id)
        if row is None:
            raise EntityNotFound(f"Job run {run_id} not found.")
        return _run(row)

    def list(self, job_id: int) -> list[JobRun]:
        """The runs of a job, the newest first."""
        rows = self._file.rows("select * from job_runs where job_id = ? order by started desc, id", job_id)
        return [_run(row) for row in rows]


def _run(row: sqlite3.Row) -> JobRun:
    return JobRun(
        row["id"],
        row["job_id"],
        row["state"],
        json.loads(row["document"]),
        row["started"],
        row["modified"],
        row["completed"],
        row["error"],
    )
