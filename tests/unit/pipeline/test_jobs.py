"""Running a Glue job: waiting for its end, and what it printed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lakelab.pipeline import jobs


class NoStream(Exception):
    """There is no log stream of that name."""


class Glue:
    """A job whose run has these states, one after the other."""

    def __init__(self, *states: str, error: str = ""):
        self._states = list(states)
        self._error = error
        self.arguments: dict[str, str] = {}

    def start_job_run(self, JobName: str, Arguments: dict[str, str]) -> dict[str, str]:  # boto3's names
        self.arguments = Arguments
        return {"JobRunId": "jr_1"}

    def get_job_run(self, JobName: str, RunId: str) -> dict[str, Any]:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        ended = {} if state in ("STARTING", "RUNNING") else {"CompletedOn": 1}
        return {"JobRun": {"JobRunState": state, "ErrorMessage": self._error, **ended}}


class Logs:
    exceptions = SimpleNamespace(ResourceNotFoundException=NoStream)

    def __init__(self, *lines: str):
        self._lines = lines

    def get_log_events(self, **params: Any) -> dict[str, Any]:
        if not self._lines:
            raise NoStream
        assert params["logStreamName"] == "jr_1"
        return {"events": [{"message": line} for line in self._lines]}


def run(glue: Glue, logs: Logs, **options: Any) -> jobs.JobRun:
    return jobs.run(lambda service: {"glue": glue, "logs": logs}[service], "compact", **options)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 0)


def test_a_run_is_waited_for_and_what_it_printed_is_given():
    glue = Glue("STARTING", "RUNNING", "SUCCEEDED")
    done = run(glue, Logs("one", "two"), arguments={"--a": "b"})
    assert (done.id, done.lines, glue.arguments) == ("jr_1", ["one", "two"], {"--a": "b"})


def test_a_run_that_printed_nothing():
    assert run(Glue("SUCCEEDED"), Logs()).lines == []


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR"])
def test_a_run_that_did_not_succeed_says_why(state: str):
    with pytest.raises(jobs.JobFailed) as failed:
        run(Glue(state, error="no good"), Logs())
    assert failed.value.message == f"run jr_1 of compact {state}: no good"


def test_a_run_that_takes_too_long():
    with pytest.raises(jobs.JobFailed, match="is still RUNNING after 0 s"):
        run(Glue("RUNNING"), Logs(), timeout=0)
