"""Runs statements: as many at once as there are places, the others wait in their order; each can be stopped.

An execution has SUCCEEDED when its effects and its result are stored, and is CANCELLED when its work has ended.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from lakelab.cloud.athena.errors import Category, MalformedQuery, QueryCancelled, QueryError, of_aws
from lakelab.cloud.athena.executions import Executions, server_stopped
from lakelab.cloud.athena.model import Outcome, Session
from lakelab.cloud.athena.results import Results, Target
from lakelab.cloud.athena.store import Document
from lakelab.cloud.errors import AwsError

log = logging.getLogger(__name__)

PLACES = 8
STOP_SECONDS = 2.0


@dataclass
class Job:
    """One statement to run: `work` does it and says what it did."""

    session: Session
    target: Target
    work: Callable[[Session], Outcome]
    submitted: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    future: Future[None] | None = None


class Scheduler:
    def __init__(self, executions: Executions, results: Results):
        self._executions = executions
        self._results = results
        self._pool = ThreadPoolExecutor(max_workers=PLACES, thread_name_prefix="athena")
        self._jobs: dict[str, Job] = {}
        self._closing = False

    def submit(self, job: Job) -> None:
        self._jobs[job.session.execution_id] = job
        job.future = self._pool.submit(self._run, job)

    def wait(self, execution_id: str, seconds: float) -> None:
        """Return when the execution has ended, or after `seconds`."""
        job = self._jobs.get(execution_id)
        if job is not None:
            job.ended.wait(seconds)

    def stop(self, execution_id: str) -> None:
        """Ask a queued or running statement to end, and give it a moment to do so."""
        job = self._jobs.get(execution_id)
        if job is None:
            return
        job.session.cancelled.set()
        if job.future is not None and job.future.cancel():  # it was waiting for a place
            waited = _millis(job.submitted, time.monotonic())
            self._executions.cancel(execution_id, QueryCancelled().reason, {"QueryQueueTimeInMillis": waited})
            self._end(job)
        job.ended.wait(STOP_SECONDS)

    def close(self) -> None:
        """Stop all statements and wait: those that run fail now, those that wait for a place at the next start."""
        self._closing = True
        for job in list(self._jobs.values()):
            job.session.cancelled.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job) -> None:
        session, statistics = job.session, {}
        try:
            self._perform(job, statistics)
        except QueryCancelled as cancelled:
            if self._closing:
                self._executions.fail(session.execution_id, server_stopped(), statistics)
            else:
                self._executions.cancel(session.execution_id, cancelled.reason, statistics)
        except QueryError as error:
            self._executions.fail(session.execution_id, error, statistics)
        except MalformedQuery as error:
            self._executions.fail(session.execution_id, QueryError("", error.message), statistics)
        except AwsError as error:
            self._executions.fail(session.execution_id, of_aws(error), statistics)
        except Exception:
            # an unforeseen failure of ours has to end the execution too, or its client would poll for ever
            log.exception("execution %s failed", session.execution_id)
            text = f"Internal failure of the local AWS; the log has it under {session.execution_id}"
            error = QueryError("GENERIC_INTERNAL_ERROR", text, category=Category.SYSTEM)
            self._executions.fail(session.execution_id, error, statistics)
        finally:
            shutil.rmtree(session.scratch, ignore_errors=True)
            self._end(job)

    def _end(self, job: Job) -> None:
        self._jobs.pop(job.session.execution_id, None)
        job.ended.set()

    def _perform(self, job: Job, statistics: Document) -> None:
        session = job.session
        started = time.monotonic()
        statistics["QueryQueueTimeInMillis"] = _millis(job.submitted, started)
        _heed(session)
        self._executions.begin(session.execution_id)
        session.scratch.mkdir(parents=True)
        try:
            outcome = job.work(session)
        finally:
            worked = time.monotonic()
            statistics["EngineExecutionTimeInMillis"] = _millis(started, worked)
        statistics["DataScannedInBytes"] = outcome.scanned
        if job.target.kind.substatement_type == "SELECT":
            _heed(session)  # nothing has been done yet that a cancelled query must not do
        result, manifest = self._results.store(session.caller, job.target, outcome)
        statistics["DataManifestLocation"] = manifest
        statistics["ServiceProcessingTimeInMillis"] = _millis(worked, time.monotonic())
        self._executions.succeed(session.execution_id, statistics, result, outcome.substatement_type)


def _heed(session: Session) -> None:
    if session.cancelled.is_set():
        raise QueryCancelled


def _millis(start: float, end: float) -> int:
    return round((end - start) * 1000)
