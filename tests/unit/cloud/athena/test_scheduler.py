"""Running statements: several at once, stopped at once, and no word of success before the effect."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from lakelab.cloud.athena import api
from lakelab.cloud.athena.errors import QueryCancelled
from lakelab.cloud.athena.scheduler import PLACES


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def obedient(session: Any) -> Any:
    """An engine's long statement that heeds a stop."""
    assert session.cancelled.wait(30)
    raise QueryCancelled


def test_a_running_statement_is_stopped_at_once(athena: Any) -> None:
    athena.engine.tell("select 1", obedient)
    execution_id = athena.start("select 1")
    began = time.monotonic()
    athena("StopQueryExecution", QueryExecutionId=execution_id)
    assert time.monotonic() - began < 0.5
    status = athena.execution(execution_id)["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query cancelled by user")
    assert "AthenaError" not in status
    refused = athena.refusal("GetQueryResults", QueryExecutionId=execution_id)
    assert (refused.message, refused.members["AthenaErrorCode"]) == ("Could not find results", "RESULT_NOT_FOUND")


def test_stopping_what_has_ended_changes_nothing(athena: Any) -> None:
    execution_id = athena.start("select 1")
    athena("StopQueryExecution", QueryExecutionId=execution_id)
    assert athena.execution(execution_id)["Status"]["State"] == "SUCCEEDED"


def test_a_queued_statement_that_is_stopped_never_runs(athena: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "HOLD_SECONDS", 0)
    athena.engine.tell("select 1", obedient)
    running = [athena.start("select 1") for _ in range(PLACES)]
    queued = athena.start("select 2")
    assert athena.execution(queued)["Status"]["State"] == "QUEUED"

    athena("StopQueryExecution", QueryExecutionId=queued)

    assert athena.execution(queued)["Status"]["State"] == "CANCELLED"
    for execution_id in running:
        athena("StopQueryExecution", QueryExecutionId=execution_id)
    assert ("select 2", []) not in athena.engine.ran


def test_a_stopped_query_that_ended_meanwhile_stores_no_result(athena: Any) -> None:
    def deaf(session: Any) -> Any:
        session.cancelled.wait(30)
        return athena.engine.run(session, "select 2")

    athena.engine.tell("select 1", deaf)
    execution_id = athena.start("select 1")
    athena("StopQueryExecution", QueryExecutionId=execution_id)
    assert athena.execution(execution_id)["Status"]["State"] == "CANCELLED"
    assert list(athena.s3.rglob("*.csv")) == []


def test_a_stopped_write_that_has_happened_is_a_success(athena: Any) -> None:
    sql = "insert into t values (1)"

    def deaf(session: Any) -> Any:
        from lakelab.cloud.athena.model import Outcome

        session.cancelled.wait(30)
        return Outcome("DML", "INSERT", update_count=1)

    athena.engine.tell(sql, deaf)
    execution_id = athena.start(sql)
    athena("StopQueryExecution", QueryExecutionId=execution_id)
    assert athena.execution(execution_id)["Status"]["State"] == "SUCCEEDED"


def test_eight_clients_at_once(athena: Any) -> None:
    together = threading.Barrier(PLACES)

    def meet(session: Any) -> Any:
        together.wait(10)  # passes only when all run at the same time
        return athena.engine.run(session, "select 2")

    athena.engine.tell("select 1", meet)
    ids: list[str] = []
    clients = [threading.Thread(target=lambda: ids.append(athena.start("select 1"))) for _ in range(PLACES)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    until(lambda: all(athena.execution(each)["Status"]["State"] == "SUCCEEDED" for each in ids))
    assert len(set(ids)) == PLACES


def test_scratch_files_are_removed(athena: Any) -> None:
    athena.run("select 1")
    athena.engine.tell("select 3", lambda session: 1 / 0)  # type: ignore[arg-type, return-value]
    athena.run("select 3")
    assert list((athena.state / "scratch").iterdir()) == []


def test_a_result_that_may_not_be_written_fails_the_query(athena: Any) -> None:
    athena.deny("s3:PutObject")
    execution = athena.run("select 1")
    status = execution["Status"]
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert status["State"] == "FAILED"
    # https://repost.aws/knowledge-center/access-denied-athena
    assert status["StateChangeReason"] == (
        f"Access denied when writing output to url: {location} . Please ensure you are allowed to access the S3 "
        "bucket. If you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key"
    )
    assert status["AthenaError"]["ErrorCategory"] == 2


@pytest.mark.fidelity(
    "athena",
    "output bucket that does not exist",
    "near",
    "the query fails, where AWS has been seen to answer SUCCEEDED without a result",
)
def test_an_output_bucket_that_does_not_exist_fails_the_query(athena: Any) -> None:
    execution = athena.run("select 1", ResultConfiguration={"OutputLocation": "s3://nowhere/x/"})
    status = execution["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("The S3 location provided to save your query results is invalid")
    assert status["AthenaError"]["ErrorType"] == 1306


def test_a_server_that_stops_ends_its_statements(athena: Any) -> None:
    athena.engine.tell("select 1", obedient)
    execution_id = athena.start("select 1")
    athena.service.close()
    status = athena.execution(execution_id)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("The local AWS was stopped while this query was queued or running.")
