"""Job runs in the background, each in the name of its job's role."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from botocore.exceptions import ClientError

from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError, NotImplementedHere
from lakelab.cloud.glue.entities import Entity
from lakelab.cloud.glue.errors import ConcurrentRunsExceeded
from lakelab.cloud.glue.job.process import Ending, resolve_arguments, run_script
from lakelab.cloud.glue.job.store import JobRunStore
from lakelab.cloud.glue.logs import write_lines
from lakelab.cloud.glue.role import role_arn, role_caller
from lakelab.cloud.objects import Objects
from lakelab.cloud.wire import Params

log = logging.getLogger(__name__)

LOG_GROUP = "/aws-glue/python-jobs"
PYTHON_SHELL = "pythonshell"
DEFAULT_TIMEOUT = 2880  # minutes
MINUTE = 60.0  # seconds


class JobRunner:
    """Starts the runs of Python shell jobs.

    Args:
        ended: told the job, the run's state and the name of the trigger that had started it, if one had.
    """

    def __init__(self, runs: JobRunStore, folder: Path, ended: Callable[[Entity, str, str, Core], None]):
        self._runs = runs
        self._folder = folder
        self._ended = ended
        shutil.rmtree(folder, ignore_errors=True)  # of runs that a killed process had

    def start(self, job: Entity, core: Core, params: Params, *, trigger: str = "", attempt: int = 0) -> str:
        """Begin a run in the background and answer its id.

        Raises:
            NotImplementedHere: the job is a Spark, streaming or Ray job.
            ConcurrentRunsExceeded: as many runs as the job allows are under way.
        """
        command = job.document["Command"]["Name"]
        if command != PYTHON_SHELL:
            raise NotImplementedHere(
                f"Job {job.name} is a {command} job, and the local AWS has no Spark: only pythonshell jobs run here."
            )
        previous = params.get("PreviousRunId", "")
        run_id = f"{previous.partition('_attempt_')[0]}_attempt_{attempt}" if attempt else f"jr_{uuid4().hex}"
        document = {
            "Attempt": attempt,
            "JobName": job.name,
            "TriggerName": trigger or None,
            "PreviousRunId": previous or None,
            "Arguments": params.get("Arguments", {}),
            "Timeout": params.get("Timeout") or job.document.get("Timeout", DEFAULT_TIMEOUT),
            "MaxCapacity": params.get("MaxCapacity") or job.document.get("MaxCapacity", 0.0625),
        }
        most = job.document.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
        if not self._runs.create(job.id, run_id, document, most=most):
            raise ConcurrentRunsExceeded(f"Concurrent runs exceeded for {job.name}")
        thread = threading.Thread(
            target=self._run, args=(job, core, run_id, document), name=f"job run {run_id}", daemon=True
        )
        thread.start()
        return run_id

    def _run(self, job: Entity, core: Core, run_id: str, run: Params) -> None:
        folder = self._folder / run_id
        folder.mkdir(parents=True)
        try:
            ending = self._execute(job, core, run_id, run, folder)
        except (AwsError, ClientError, ValueError) as failure:
            ending = Ending("FAILED", str(failure), [], [])
        except Exception:
            # a run has no client that would see the failure: it must end in its record
            log.exception("the run %s of %s failed", run_id, job.name)
            ending = Ending("FAILED", f"Internal service error; the local AWS's log has it under {run_id}.", [], [])
        shutil.rmtree(folder, ignore_errors=True)
        self._runs.finish(run_id, ending.state, ending.error)
        if ending.state in ("FAILED", "TIMEOUT") and run["Attempt"] < job.document.get("MaxRetries", 0):
            again = {**run, "PreviousRunId": run_id}
            self.start(job, core, again, trigger=run["TriggerName"] or "", attempt=run["Attempt"] + 1)
            return
        self._ended(job, ending.state, run["TriggerName"] or "", core)

    def _execute(self, job: Entity, core: Core, run_id: str, run: Params, folder: Path) -> Ending:
        role = role_caller(core, job.scope, role_arn(job.scope, job.document["Role"]), "GlueJobRunnerSession")
        if not self._runs.advance(run_id, "RUNNING"):
            return Ending("STOPPED", None, [], [])
        ending = run_script(
            folder,
            job.document["Command"]["ScriptLocation"],
            resolve_arguments(job.document, run),
            role,
            Objects(role, folder / "spool"),
            seconds=run["Timeout"] * MINUTE,
            stopped=lambda: not self._runs.may_go_on(run_id),
        )
        write_lines(role, f"{LOG_GROUP}/output", run_id, ending.output)
        write_lines(role, f"{LOG_GROUP}/error", run_id, ending.errors)
        return ending
