from __future__ import annotations

from typing import Any

import pytest

SCRIPT = {"Name": "pythonshell", "ScriptLocation": "s3://b/s.py"}
JOB: dict[str, Any] = {"Name": "compact", "Role": "job", "Command": SCRIPT}


@pytest.fixture
def job(glue: Any) -> Any:
    glue("CreateJob", **JOB, DefaultArguments={"--a": "1"})
    return glue


@pytest.mark.fidelity(
    "glue",
    "jobs",
    "near",
    "Python shell jobs run in the Python of this server; Spark, streaming and Ray jobs say that they cannot run",
)
def test_a_job_comes_back_as_it_was_made(job: Any) -> None:
    found = job("GetJob", JobName="compact")["Job"]
    assert found.pop("CreatedOn") == found.pop("LastModifiedOn")
    assert found == {
        **JOB,
        "DefaultArguments": {"--a": "1"},
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": 2880,
        "MaxCapacity": 0.0625,
    }


def test_an_update_replaces_all_but_role_and_command(job: Any) -> None:
    job("UpdateJob", JobName="compact", JobUpdate={"Timeout": 5})
    found = job("GetJob", JobName="compact")["Job"]
    assert (found["Timeout"], found["DefaultArguments"], found["Command"]) == (5, {}, SCRIPT)


def test_listings(job: Any) -> None:
    job("CreateJob", **{**JOB, "Name": "other"}, Tags={"team": "a"})
    assert job("ListJobs")["JobNames"] == ["compact", "other"]
    assert job("ListJobs", Tags={"team": "a"})["JobNames"] == ["other"]
    assert [found["Name"] for found in job("GetJobs", MaxResults=1)["Jobs"]] == ["compact"]
    answer = job("BatchGetJobs", JobNames=["other", "none"])
    assert ([found["Name"] for found in answer["Jobs"]], answer["JobsNotFound"]) == (["other"], ["none"])
    for _ in range(2):  # deleting what has gone is no error
        assert job("DeleteJob", JobName="other") == {"JobName": "other"}
    assert job("ListJobs")["JobNames"] == ["compact"]


@pytest.mark.fidelity(
    "glue", "job bookmarks", "exact", "Python shell jobs have none; Spark jobs, which have, do not run"
)
@pytest.mark.parametrize("operation", ["GetJobBookmark", "ResetJobBookmark"])
@pytest.mark.parametrize("command", ["pythonshell", "glueetl"])
def test_a_job_has_no_bookmark_though_it_asks_for_one(glue: Any, operation: str, command: str) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/add-job-python.html, "Limitations"."""
    arguments = {"--job-bookmark-option": "job-bookmark-enable"}
    glue("CreateJob", **{**JOB, "Command": {**SCRIPT, "Name": command}}, DefaultArguments=arguments)
    with glue.fails("EntityNotFoundException", "Continuation for job compact not found"):
        glue(operation, JobName="compact")
    with glue.fails("EntityNotFoundException", "Job x not found."):
        glue(operation, JobName="x")


def test_a_run_that_the_server_did_not_outlive_has_an_error(job: Any) -> None:
    from lakelab.cloud.glue.job.store import JobRunStore

    entity = job.service.entities.everywhere("Job")[0]
    job.service.job_runs.create(entity.id, "jr_1", {"Attempt": 0, "JobName": "compact"}, most=1)
    JobRunStore(job.service.file)  # as the next server does
    run = job("GetJobRun", JobName="compact", RunId="jr_1")["JobRun"]
    assert run["JobRunState"] == "ERROR"
    assert "was stopped during the run" in run["ErrorMessage"]


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param("CreateJob", JOB, "AlreadyExistsException", "Job already exists.", id="create-twice"),
        pytest.param(
            "CreateJob",
            {**JOB, "Role": "missing"},
            "InvalidInputException",
            "Service is unable to assume provided role. Please verify role's TrustPolicy",
            id="role",
        ),
        pytest.param(
            "CreateJob",
            {**JOB, "Command": {"Name": "perl", "ScriptLocation": "s3://b/s"}},
            "InvalidInputException",
            "The command name must be one of pythonshell, glueetl, gluestreaming, glueray.",
            id="command",
        ),
        pytest.param(
            "CreateJob",
            {**JOB, "Command": {"Name": "pythonshell", "ScriptLocation": "/tmp/s.py"}},
            "InvalidInputException",
            "The script location must be an S3 location.",
            id="script",
        ),
        pytest.param(
            "CreateJob",
            {**JOB, "MaxCapacity": 2.0},
            "InvalidInputException",
            "MaxCapacity of a pythonshell job must be 0.0625 or 1.0.",
            id="capacity",
        ),
        pytest.param(
            "CreateJob",
            {**JOB, "MaxCapacity": 1.0, "NumberOfWorkers": 2},
            "InvalidInputException",
            "Please do not set Max Capacity if using Worker Type and Number of Workers.",
            id="capacity-and-workers",
        ),
        pytest.param("GetJob", {"JobName": "x"}, "EntityNotFoundException", "Job x not found.", id="get"),
        pytest.param(
            "UpdateJob", {"JobName": "x", "JobUpdate": {}}, "EntityNotFoundException", "Job x not found.", id="update"
        ),
        pytest.param(
            "StartJobRun",
            {"JobName": "x"},
            "EntityNotFoundException",
            "Failed to start job run due to missing metadata.",
            id="start",
        ),
        pytest.param(
            "GetJobRun",
            {"JobName": "compact", "RunId": "jr_x"},
            "EntityNotFoundException",
            "Job run jr_x not found.",
            id="run",
        ),
    ],
)
def test_errors(job: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with job.fails(code, message):
        job(operation, **params)
