"""rides_api: what it takes, what it refuses, and what it says when the stream is full."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.rides_api import handler as function

FOLDER = Path(__file__).parents[4] / "lambdas/rides_api"
EVENT = json.loads((FOLDER / "event.json").read_text())
RIDE = json.loads(EVENT["body"])

CONTEXT: Any = SimpleNamespace()


def post(body: Any) -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = function.handler({**EVENT, "body": text}, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def records(kinesis: Any) -> list[dict[str, Any]]:
    shard = kinesis.list_shards(StreamName="rides")["Shards"][0]["ShardId"]
    at = kinesis.get_shard_iterator(StreamName="rides", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]


def test_the_example_event_gives_the_example_response_and_a_record(kinesis: Any):
    assert function.handler(EVENT, CONTEXT) == json.loads((FOLDER / "response.json").read_text())
    [record] = records(kinesis)
    assert json.loads(record["Data"]) == RIDE
    assert record["PartitionKey"] == RIDE["driver_id"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("", "the body is not JSON", id="nothing"),
        pytest.param("{", "the body is not JSON", id="no JSON"),
        pytest.param([RIDE], "the event must be a JSON object", id="a list"),
        pytest.param({**RIDE, "tip": 1}, "unknown field 'tip'", id="unknown field"),
        pytest.param({**RIDE, "ride_id": None}, "ride_id is missing", id="missing"),
        pytest.param({**RIDE, "ride_id": "a b"}, "ride_id must match [A-Za-z0-9_-]{1,64}, got 'a b'", id="pattern"),
        pytest.param({**RIDE, "fare_cents": -1}, "fare_cents must be at least 0, got -1", id="below"),
        pytest.param({**RIDE, "fare_cents": "9"}, "fare_cents must be an integer, got '9'", id="a text"),
        pytest.param({**RIDE, "fare_cents": True}, "fare_cents must be an integer, got 'true'", id="a truth"),
        pytest.param(
            {**RIDE, "currency": "XYZ"}, "currency must be one of EUR, GBP, USD, got 'XYZ'", id="unknown value"
        ),
        pytest.param(
            {**RIDE, "ended_at": "2025-02-30T10:00:00Z"},
            "ended_at must be a moment in UTC (2025-01-31T10:00:00Z), got '2025-02-30T10:00:00Z'",
            id="no such day",
        ),
    ],
)
def test_an_event_that_breaks_the_contract_is_refused_with_the_reason(kinesis: Any, body: Any, reason: str):
    assert post(body) == (400, {"reason": reason})
    assert records(kinesis) == []


def test_a_cancelled_ride_needs_no_place_where_it_ended(kinesis: Any):
    assert post({**RIDE, "status": "cancelled", "dropoff_city": None})[0] == 202


@pytest.mark.parametrize(("code", "status"), [("ProvisionedThroughputExceededException", 429), ("Other", None)])
def test_a_full_stream_is_told_and_another_failure_is_raised(
    contract: Any, monkeypatch: pytest.MonkeyPatch, code: str, status: int | None
):
    def put_record(**request: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutRecord")

    monkeypatch.setenv("STREAM_NAME", "rides")
    monkeypatch.setattr(function, "_kinesis", lambda: SimpleNamespace(put_record=put_record))
    if status is None:
        with pytest.raises(ClientError):
            post(RIDE)
    else:
        assert post(RIDE) == (status, {"reason": "too many events for now; send it again"})
