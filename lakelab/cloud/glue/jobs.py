"""Operations on jobs and their runs."""

from __future__ import annotations

import time
from typing import Any

from lakelab.cloud.glue.entities import Entity
from lakelab.cloud.glue.errors import EntityNotFound, InvalidInput, detail
from lakelab.cloud.glue.job.runner import DEFAULT_TIMEOUT, LOG_GROUP, PYTHON_SHELL, JobRunner
from lakelab.cloud.glue.job.store import UNDER_WAY, JobRun, JobRunStore
from lakelab.cloud.glue.model import Scope, moment
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.glue.role import role_arn, role_caller
from lakelab.cloud.objects import split_uri
from lakelab.cloud.wire import Call, Params

COMMANDS = (PYTHON_SHELL, "glueetl", "gluestreaming", "glueray")


class JobOperations(Operations):
    job_runs: JobRunStore
    job_runner: JobRunner

    def create_job(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, {}), params["Name"]
        definition = {key: value for key, value in params.items() if key not in ("Name", "Tags")}
        self._check_job(call, definition)
        with self.file.transaction():
            self.entities.create(scope, "Job", name, definition)
            self.tag(scope, f"job/{name}", params.get("Tags", {}))
        return {"Name": name}

    def update_job(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, {}), params["JobName"]
        existing = self.entities.get(scope, "Job", name).document
        # an update replaces the definition, but for its role and command
        kept = {key: existing[key] for key in ("Role", "Command")}
        definition = {**kept, **params["JobUpdate"]}
        self._check_job(call, definition)
        self.entities.update(scope, "Job", name, definition)
        return {"JobName": name}

    def get_job(self, call: Call, params: Params) -> Params:
        return {"Job": _answer(self.entities.get(Scope.of(call.caller, {}), "Job", params["JobName"]))}

    def get_jobs(self, call: Call, params: Params) -> Params:
        jobs, token = self._job_page(call, params)
        return {"Jobs": [_answer(job) for job in jobs], "NextToken": token}

    def list_jobs(self, call: Call, params: Params) -> Params:
        jobs, token = self._job_page(call, params)
        scope, wanted = Scope.of(call.caller, {}), params.get("Tags", {})
        names = [job.name for job in jobs if wanted.items() <= self.tags_of(scope, f"job/{job.name}").items()]
        return {"JobNames": names, "NextToken": token}

    def batch_get_jobs(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        found = {name: self.entities.find(scope, "Job", name) for name in params["JobNames"]}
        return {
            "Jobs": [_answer(job) for job in found.values() if job],
            "JobsNotFound": [name for name, job in found.items() if not job],
        }

    def delete_job(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, {}), params["JobName"]
        with self.file.transaction():
            job = self.entities.find(scope, "Job", name)
            if job is not None:  # AWS: no error for a job that does not exist
                for run in self.job_runs.list(job.id):
                    self.job_runs.advance(run.id, "STOPPING")
                self.entities.delete(scope, "Job", name)
                self.untag(scope, f"job/{name}")
        return {"JobName": name}

    def start_job_run(self, call: Call, params: Params) -> Params:
        job = self.entities.find(Scope.of(call.caller, {}), "Job", params["JobName"])
        if job is None:
            raise EntityNotFound("Failed to start job run due to missing metadata.")
        if "JobRunId" not in params:
            return {"JobRunId": self.job_runner.start(job, call.caller.core, params)}
        previous = self.job_runs.get(job.id, params["JobRunId"])
        again = {**previous.document, **params, "PreviousRunId": previous.id}
        attempt = previous.document["Attempt"] + 1
        return {"JobRunId": self.job_runner.start(job, call.caller.core, again, attempt=attempt)}

    def get_job_run(self, call: Call, params: Params) -> Params:
        job = self.entities.get(Scope.of(call.caller, {}), "Job", params["JobName"])
        return {"JobRun": self._run_answer(self.job_runs.get(job.id, params["RunId"]))}

    def get_job_runs(self, call: Call, params: Params) -> Params:
        job = self.entities.get(Scope.of(call.caller, {}), "Job", params["JobName"])
        start, limit = decode(params.get("NextToken"), 0), params.get("MaxResults", 200)
        numbered = list(enumerate(self.job_runs.list(job.id), 1))[start:]
        runs, token = page(numbered, limit, lambda pair: pair[0])
        return {"JobRuns": [self._run_answer(run) for _, run in runs], "NextToken": token}

    def batch_stop_job_run(self, call: Call, params: Params) -> Params:
        job = self.entities.get(Scope.of(call.caller, {}), "Job", params["JobName"])
        stopping, errors = [], []
        for run_id in params["JobRunIds"]:
            submission = {"JobName": job.name, "JobRunId": run_id}
            try:
                run = self.job_runs.get(job.id, run_id)
                if not self.job_runs.advance(run.id, "STOPPING"):
                    raise InvalidInput(f"Job run {run_id} is in the state {run.state} and cannot be stopped.")
                stopping.append(submission)
            except (EntityNotFound, InvalidInput) as error:
                errors.append({**submission, "ErrorDetail": detail(error)})
        return {"SuccessfulSubmissions": stopping, "Errors": errors}

    def get_job_bookmark(self, call: Call, params: Params) -> Params:
        # only Spark jobs keep bookmarks, on AWS too
        self.entities.get(Scope.of(call.caller, {}), "Job", params["JobName"])
        raise EntityNotFound(f"Continuation for job {params['JobName']} not found")

    def reset_job_bookmark(self, call: Call, params: Params) -> Params:
        return self.get_job_bookmark(call, params)

    def _check_job(self, call: Call, definition: Params) -> None:
        command = definition["Command"]
        if command.get("Name") not in COMMANDS:
            raise InvalidInput(f"The command name must be one of {', '.join(COMMANDS)}.")
        try:
            split_uri(command.get("ScriptLocation", ""))
        except ValueError as error:
            raise InvalidInput("The script location must be an S3 location.") from error
        if "MaxCapacity" in definition and ("WorkerType" in definition or "NumberOfWorkers" in definition):
            raise InvalidInput("Please do not set Max Capacity if using Worker Type and Number of Workers.")
        if command["Name"] == PYTHON_SHELL and definition.get("MaxCapacity", 1.0) not in (0.0625, 1.0):
            raise InvalidInput("MaxCapacity of a pythonshell job must be 0.0625 or 1.0.")
        scope = Scope.of(call.caller, {})
        role_caller(call.caller.core, scope, role_arn(scope, definition["Role"]), "GlueJobRunnerSession")

    def _job_page(self, call: Call, params: Params) -> tuple[Any, str | None]:
        limit, after = params.get("MaxResults", 100), decode(params.get("NextToken"), "")
        found = self.entities.list(Scope.of(call.caller, {}), "Job", after=after, limit=limit + 1)
        return page(found, limit, lambda job: job.name)

    def _run_answer(self, run: JobRun) -> Params:
        end = run.completed if run.completed is not None else time.time()
        return {
            **run.document,
            "Id": run.id,
            "JobRunState": run.state,
            "StartedOn": moment(run.started),
            "LastModifiedOn": moment(run.modified),
            "CompletedOn": None if run.completed is None else moment(run.completed),
            "ExecutionTime": int(end - run.started) if run.state not in UNDER_WAY else 0,
            "ErrorMessage": run.error,
            "LogGroupName": LOG_GROUP,
            "PredecessorRuns": [],
        }


def _answer(job: Entity) -> Params:
    return {
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": DEFAULT_TIMEOUT,
        "DefaultArguments": {},
        **({"MaxCapacity": 0.0625} if job.document["Command"]["Name"] == PYTHON_SHELL else {}),
        **job.document,
        "Name": job.name,
        "CreatedOn": moment(job.created),
        "LastModifiedOn": moment(job.updated),
    }
