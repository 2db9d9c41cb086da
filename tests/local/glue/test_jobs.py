from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

COPY = b"""
import sys
import boto3
from awsglue.utils import getResolvedOptions

options = getResolvedOptions(sys.argv, ["bucket", "suffix"])
s3 = boto3.client("s3")
body = s3.get_object(Bucket=options["bucket"], Key="in")["Body"].read()
s3.put_object(Bucket=options["bucket"], Key="out" + options["suffix"], Body=body.upper())
print(boto3.client("sts").get_caller_identity()["Arn"])
print("a warning", file=sys.stderr)
"""
SLEEP = b"import time\nprint('sleeping', flush=True)\ntime.sleep(60)\n"


def lines(cloud: Any, group: str, run_id: str) -> list[str]:
    events = cloud.client("logs").get_log_events(logGroupName=f"/aws-glue/python-jobs/{group}", logStreamName=run_id)
    return [event["message"] for event in events["events"]]


def test_a_job_does_its_work_as_its_role(cloud: Any, make_job: Any, ended: Any) -> None:
    name, bucket = make_job(COPY, DefaultArguments={"--suffix": ".default"})
    cloud.client("s3").put_object(Bucket=bucket, Key="in", Body=b"text")
    arguments = {"--bucket": bucket, "--suffix": ".txt"}
    run_id = cloud.client("glue").start_job_run(JobName=name, Arguments=arguments)["JobRunId"]
    run = ended(name, run_id)
    assert (run["JobRunState"], run.get("ErrorMessage")) == ("SUCCEEDED", None)
    assert cloud.client("s3").get_object(Bucket=bucket, Key="out.txt")["Body"].read() == b"TEXT"
    assert ":assumed-role/glue-" in lines(cloud, "output", run_id)[0]
    assert lines(cloud, "error", run_id) == ["a warning"]


@pytest.mark.parametrize(
    ("script", "actions", "message"),
    [
        pytest.param(b"raise ValueError('no good')", ("s3:*", "logs:*"), "ValueError: no good", id="exception"),
        pytest.param(b"raise SystemExit(3)", ("s3:*", "logs:*"), "Command failed with exit code 3", id="exit-code"),
        pytest.param(b"print(1)", ("logs:*",), "s3:GetObject", id="script-not-readable"),
        pytest.param(COPY, ("s3:*", "logs:*"), "GlueArgumentError", id="missing-argument"),
    ],
)
def test_a_job_that_fails(
    cloud: Any, make_job: Any, ended: Any, script: bytes, actions: tuple[str, ...], message: str
) -> None:
    name, _ = make_job(script, actions=actions)
    run = ended(name, cloud.client("glue").start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_a_failed_run_is_tried_again(cloud: Any, make_job: Any, ended: Any, wait_until: Any) -> None:
    name, _ = make_job(b"raise ValueError", MaxRetries=1)
    glue = cloud.client("glue")
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    wait_until(lambda: len(glue.get_job_runs(JobName=name)["JobRuns"]) == 2)
    again = ended(name, f"{run_id}_attempt_1")
    assert (again["Attempt"], again["PreviousRunId"], again["JobRunState"]) == (1, run_id, "FAILED")


def test_a_run_can_be_stopped_and_blocks_another(cloud: Any, make_job: Any, ended: Any, wait_until: Any) -> None:
    name, _ = make_job(SLEEP)
    glue = cloud.client("glue")
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match=f"Concurrent runs exceeded for {name}"):
        glue.start_job_run(JobName=name)
    wait_until(lambda: glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]["JobRunState"] == "RUNNING")
    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id, "jr_none"])
    assert [stopped["JobRunId"] for stopped in answer["SuccessfulSubmissions"]] == [run_id]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert ended(name, run_id)["JobRunState"] == "STOPPED"


def test_a_spark_job_says_that_it_cannot_run(cloud: Any, make_job: Any) -> None:
    name, _ = make_job(b"", Command={"Name": "glueetl", "ScriptLocation": "s3://b/s.py"})
    glue = cloud.client("glue")
    with pytest.raises(ClientError) as error:
        glue.start_job_run(JobName=name)
    found = error.value.response.get("Error", {})
    assert found.get("Code") == "NotImplementedException"
    assert "only pythonshell jobs run here" in found.get("Message", "")
    assert glue.get_job_runs(JobName=name)["JobRuns"] == []


@pytest.mark.fidelity(
    "glue", "job runs", "near", "logs are written at the end of a run; a run has the libraries of this server's Python"
)
def test_triggers_start_one_job_after_another(cloud: Any, make_job: Any, wait_until: Any) -> None:
    glue = cloud.client("glue")
    (first, _), (second, _) = make_job(b"print(1)"), make_job(b"print(2)")
    start, then = f"start-{first}", f"then-{second}"
    glue.create_trigger(Name=start, Type="ON_DEMAND", Actions=[{"JobName": first}])
    condition = {"LogicalOperator": "EQUALS", "JobName": first, "State": "SUCCEEDED"}
    glue.create_trigger(
        Name=then,
        Type="CONDITIONAL",
        StartOnCreation=True,
        Predicate={"Conditions": [condition]},
        Actions=[{"JobName": second, "Arguments": {"--a": "b"}}],
    )
    try:
        glue.start_trigger(Name=start)
        runs = wait_until(lambda: glue.get_job_runs(JobName=second)["JobRuns"])
        assert (runs[0]["TriggerName"], runs[0]["Arguments"]) == (then, {"--a": "b"})
        wait_until(lambda: glue.get_job_runs(JobName=second)["JobRuns"][0]["JobRunState"] == "SUCCEEDED")
    finally:
        glue.delete_trigger(Name=start)
        glue.delete_trigger(Name=then)
