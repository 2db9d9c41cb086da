"""Run a Glue job and wait for its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lakelab.errors import LakelabError

POLL_SECONDS = 0.2
OUTPUT = "/aws-glue/python-jobs/output"  # the log group of what Python shell jobs print


class JobFailed(LakelabError):
    """The run did not succeed."""


@dataclass(frozen=True)
class JobRun:
    """A run that has succeeded: its id, the seconds that it took, and the lines that it printed."""

    id: str
    seconds: float
    lines: list[str]


def run(
    client: Callable[[str], Any], job: str, arguments: Mapping[str, str] | None = None, *, timeout: float = 1800
) -> JobRun:
    """Start a run of a job with a boto3 client of each service, and wait for what it prints.

    Raises:
        JobFailed: the run failed, or took longer than `timeout` seconds.
    """
    glue = client("glue")
    run_id = glue.start_job_run(JobName=job, Arguments=dict(arguments or {}))["JobRunId"]
    began = time.monotonic()
    while (found := glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]).get("CompletedOn") is None:
        if time.monotonic() - began > timeout:
            raise JobFailed(f"run {run_id} of {job} is still {found['JobRunState']} after {timeout:.0f} s")
        time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - began
    if found["JobRunState"] != "SUCCEEDED":
        said = f"run {run_id} of {job} {found['JobRunState']}: {found.get('ErrorMessage', '')}"
        raise JobFailed(said, fix="lakelab iam denials, if a right is missing")
    return JobRun(run_id, seconds, _lines(client("logs"), run_id))


def _lines(logs: Any, run_id: str) -> list[str]:
    try:
        events = logs.get_log_events(logGroupName=OUTPUT, logStreamName=run_id, startFromHead=True)["events"]
    except logs.exceptions.ResourceNotFoundException:  # it printed nothing, or its role may not write logs
        return []
    return [event["message"] for event in events]
