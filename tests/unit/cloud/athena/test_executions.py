"""Query executions: their states and lists, and what a killed process leaves behind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud.athena.errors import BytesScannedCutoff, Category, QueryError
from lakelab.cloud.athena.exceptions import TooManyRequests
from lakelab.cloud.athena.executions import MOST_ACTIVE, Executions
from lakelab.cloud.athena.store import SCHEMA, Scope, now
from lakelab.cloud.database import Database
from lakelab.cloud.errors import AwsError

HERE = Scope("000000000000", "us-east-1")


def raising(error: Exception) -> Any:
    def work(session: object) -> Any:
        raise error

    return work


def document(execution_id: str, workgroup: str = "primary", submitted: float | None = None) -> dict[str, Any]:
    return {
        "QueryExecutionId": execution_id,
        "WorkGroup": workgroup,
        "Status": {"State": "QUEUED", "SubmissionDateTime": submitted or now()},
        "Statistics": {"DataScannedInBytes": 0},
    }


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "athena.sqlite", SCHEMA)


def test_a_failure_shows_its_name_position_category_and_type(athena: Any) -> None:
    error = QueryError("ICEBERG_COMMIT_ERROR", "line 1:8: lost", category=Category.SYSTEM, type=233, retryable=True)
    athena.engine.tell("select 1", raising(error))
    execution = athena.run("select 1")
    assert execution["Status"]["State"] == "FAILED"
    assert execution["Status"]["StateChangeReason"] == "ICEBERG_COMMIT_ERROR: line 1:8: lost"
    assert execution["Status"]["AthenaError"] == {
        "ErrorCategory": 1,
        "ErrorType": 233,
        "Retryable": True,
        "ErrorMessage": "ICEBERG_COMMIT_ERROR: line 1:8: lost",
    }
    refused = athena.refusal("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert refused.message == "Query did not finish successfully. Final query state: FAILED"
    assert refused.members["AthenaErrorCode"] == "INVALID_QUERY_EXECUTION_STATE"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(
            AwsError("may not", code="AccessDenied"), "PERMISSION_DENIED: may not", id="refused by S3 or Glue"
        ),
        pytest.param(ZeroDivisionError("oops"), "GENERIC_INTERNAL_ERROR: Internal failure of the local AWS", id="ours"),
    ],
)
def test_whatever_an_engine_raises_fails_the_execution(athena: Any, error: Exception, reason: str) -> None:
    athena.engine.tell("select 1", raising(error))
    status = athena.run("select 1")["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(reason)


def test_the_scanned_bytes_limit_cancels(athena: Any) -> None:
    athena.engine.tell("select 1", raising(BytesScannedCutoff()))
    status = athena.run("select 1")["Status"]
    # the state and text that users report: https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")


def test_the_list_is_newest_first_in_pages_by_workgroup(athena: Any) -> None:
    athena("CreateWorkGroup", Name="team", Configuration={"EnforceWorkGroupConfiguration": False})
    athena.start("select 0", WorkGroup="team")
    started = [athena.start(f"select {number}") for number in range(5)]

    first = athena("ListQueryExecutions", MaxResults=2)
    second = athena("ListQueryExecutions", MaxResults=2, NextToken=first["NextToken"])
    third = athena("ListQueryExecutions", MaxResults=2, NextToken=second["NextToken"])

    pages = [page["QueryExecutionIds"] for page in (first, second, third)]
    assert pages == [[started[4], started[3]], [started[2], started[1]], [started[0]]]
    assert "NextToken" not in third
    assert len(athena("ListQueryExecutions", WorkGroup="team")["QueryExecutionIds"]) == 1


def test_a_token_of_no_page(athena: Any) -> None:
    refused = athena.refusal("ListQueryExecutions", NextToken="nonsense")
    assert (refused.code, refused.message) == (
        "InvalidRequestException",
        "The nextPageToken is malformed: nonsense",
    )


def test_batch_get_answers_what_it_has(athena: Any) -> None:
    execution_id = athena.start("select 1")
    answer = athena("BatchGetQueryExecution", QueryExecutionIds=[execution_id, "nothing"])
    assert [execution["QueryExecutionId"] for execution in answer["QueryExecutions"]] == [execution_id]
    assert answer["UnprocessedQueryExecutionIds"] == [
        {
            "QueryExecutionId": "nothing",
            "ErrorCode": "QUERY_EXECUTION_NOT_FOUND",
            "ErrorMessage": "QueryExecution nothing was not found",
        }
    ]


@pytest.mark.parametrize("operation", ["GetQueryExecution", "GetQueryResults", "StopQueryExecution"])
def test_an_unknown_execution(athena: Any, operation: str) -> None:
    refused = athena.refusal(operation, QueryExecutionId="nothing")
    assert (refused.code, refused.message) == ("InvalidRequestException", "QueryExecution nothing was not found")
    assert refused.members["AthenaErrorCode"] == "QUERY_EXECUTION_NOT_FOUND"


def test_what_a_killed_process_was_running_has_failed(database: Database) -> None:
    before = Executions(database)
    for execution_id in ("queued", "running", "done"):
        before.add(HERE, document(execution_id), execution_id, "")
    before.begin("running")
    before.begin("done")
    before.succeed("done", {}, {"rows": 1}, "SELECT")

    after = Executions(database)

    for execution_id in ("queued", "running"):
        status = after.get(HERE, execution_id)["Status"]
        assert status["State"] == "FAILED"
        assert "was stopped while this query was queued or running" in status["StateChangeReason"]
        assert status["AthenaError"]["Retryable"] is True
    assert after.get(HERE, "done")["Status"]["State"] == "SUCCEEDED"
    assert after.result("done") == {"rows": 1}


def test_an_ended_execution_never_changes(database: Database) -> None:
    executions = Executions(database)
    executions.add(HERE, document("one"), "token", "")
    executions.cancel("one", "Query cancelled by user", {})
    executions.succeed("one", {}, {"rows": 1}, "SELECT")
    assert executions.get(HERE, "one")["Status"]["State"] == "CANCELLED"
    assert executions.result("one") == {}


def test_history_is_kept_for_45_days(database: Database) -> None:
    executions = Executions(database)
    executions.add(HERE, document("old", submitted=now() - 46 * 86400), "old", "")
    executions.add(HERE, document("young", submitted=now() - 44 * 86400), "young", "")
    after = Executions(database)
    assert after.find(HERE, "old") is None
    assert after.find(HERE, "young") is not None


def test_one_token_at_the_same_moment_is_one_execution(database: Database) -> None:
    executions = Executions(database)
    answers: list[str | None] = []
    barrier = threading.Barrier(8)

    def add(number: int) -> None:
        barrier.wait()
        answers.append(executions.add(HERE, document(str(number)), "token", "same"))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(None) == 1
    assert len(set(answers) - {None}) == 1


@pytest.mark.fidelity("athena", "quota of active queries", "near", "200 of all kinds together")
def test_the_quota_of_active_queries(database: Database) -> None:
    executions = Executions(database)
    for number in range(MOST_ACTIVE):
        executions.add(HERE, document(str(number)), str(number), "")
    with pytest.raises(TooManyRequests) as refused:
        executions.add(HERE, document("more"), "more", "")
    assert refused.value.code == "TooManyRequestsException"
    assert refused.value.message.startswith("You have exceeded the limit for the number of queries you can run")
    assert refused.value.members == {"Reason": "CONCURRENT_QUERY_LIMIT_EXCEEDED"}
    executions.cancel("0", "", {})
    assert executions.add(HERE, document("more"), "more", "") is None
