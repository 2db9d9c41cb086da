"""rides_to_lake from a batch of the stream to the objects and partitions that it leaves."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
import yaml
from moto import mock_aws

ROOT = Path(__file__).parents[4]
sys.path.insert(0, str(ROOT))  # the folder lambdas is no installed package

from lambdas.rides_api.contract import Contract  # noqa: E402
from lambdas.rides_to_lake import handler as function  # noqa: E402

EVENT = json.loads((ROOT / "lambdas/rides_to_lake/event.json").read_text())
RIDE = json.loads(base64.b64decode(EVENT["Records"][0]["kinesis"]["data"]))
FIRST = 49590338271490256608559692538361571095921575989136588898
POISON = {**RIDE, "ended_at": "2025-01-01T09:00:00Z"}

CONTEXT: Any = SimpleNamespace()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """moto with the curated bucket and the table; gives its S3."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LAKE_BUCKET": "curated-bucket",
        "GLUE_DATABASE": "lake",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    document = yaml.safe_load((ROOT / "glue/tables/rides.yaml").read_text())
    found = Contract.of(json.loads(json.dumps(document, default=str)))
    monkeypatch.setattr(function, "contract", lambda: found)
    with mock_aws():
        s3, glue = boto3.client("s3"), boto3.client("glue")
        s3.create_bucket(Bucket="curated-bucket")
        glue.create_database(DatabaseInput={"Name": "lake"})
        descriptor: Any = {"Location": "s3://curated-bucket/curated/rides/", "Columns": []}
        glue.create_table(DatabaseName="lake", TableInput={"Name": "rides", "StorageDescriptor": descriptor})
        function._lake.cache_clear()
        yield s3
        function._lake.cache_clear()


def batch(*rides: Any, start: int = 0) -> dict[str, Any]:
    """A batch with an event a ride; the numbers count from `start`."""
    records = []
    for number, ride in enumerate(rides, FIRST + start):
        data = ride if isinstance(ride, bytes) else json.dumps(ride).encode()
        kinesis = {"data": base64.b64encode(data).decode(), "sequenceNumber": str(number)}
        record = EVENT["Records"][0]
        records.append(
            {
                **record,
                "kinesis": {**record["kinesis"], **kinesis},
                "eventID": f"shardId-000000000000:{number}",
            }
        )
    return {"Records": records}


def run(event: dict[str, Any]) -> list[int]:
    """The places, from 0, of the records that the function reports."""
    failures = function.handler(event, CONTEXT)["batchItemFailures"]
    return [int(item["itemIdentifier"]) - FIRST for item in failures]


def rides(s3: Any) -> list[str]:
    """The ride ids of all rows in the lake, in the order of their keys."""
    found = []
    for item in s3.list_objects_v2(Bucket="curated-bucket").get("Contents", []):
        body = s3.get_object(Bucket="curated-bucket", Key=item["Key"])["Body"].read()
        found += pq.read_table(io.BytesIO(body))["ride_id"].to_pylist()
    return found


def named(*ids: str, day: int = 1) -> list[dict[str, Any]]:
    moments = {"requested_at": f"2025-01-{day:02}T10:00:00Z", "ended_at": f"2025-01-{day:02}T10:30:00Z"}
    return [{**RIDE, "ride_id": each, **moments} for each in ids]


def test_the_example_event_gives_the_example_response_and_a_row(aws: Any):
    response = json.loads((ROOT / "lambdas/rides_to_lake/response.json").read_text())
    assert function.handler(EVENT, CONTEXT) == response
    key = f"curated/rides/ride_date=2025-01-01/shardId-000000000000-{FIRST}-{FIRST}.parquet"
    body = aws.get_object(Bucket="curated-bucket", Key=key)["Body"].read()
    [row] = pq.read_table(io.BytesIO(body)).to_pylist()
    assert (row["ride_id"], row["fare_cents"], str(row["ended_at"])) == ("r-0000001", 1290, "2025-01-01 10:17:30")
    assert (row["shard_id"], row["sequence_number"]) == ("shardId-000000000000", str(FIRST))


def test_a_day_is_a_partition_that_glue_knows(aws: Any):
    run(batch(*named("a", day=1), *named("b", day=2)))
    found = boto3.client("glue").get_partitions(DatabaseName="lake", TableName="rides")["Partitions"]
    assert {(p["Values"][0], p["StorageDescriptor"]["Location"]) for p in found} == {
        (f"2025-01-0{day}", f"s3://curated-bucket/curated/rides/ride_date=2025-01-0{day}/") for day in (1, 2)
    }


@pytest.mark.parametrize(
    "poison",
    [pytest.param(POISON, id="ended too early"), pytest.param(b"\xff", id="no text"), pytest.param({}, id="no fields")],
)
def test_what_comes_after_a_bad_record_waits_for_its_own_delivery(aws: Any, poison: Any):
    assert run(batch(*named("a", "b"), poison, *named("d"))) == [2]
    assert rides(aws) == ["a", "b"]
    assert run(batch(*named("d"), start=3)) == []
    assert rides(aws) == ["a", "b", "d"]


def test_a_batch_of_bad_records_reports_them_and_writes_nothing(aws: Any):
    assert run(batch(POISON, POISON)) == [0, 1]
    assert rides(aws) == []


def test_a_batch_that_comes_again_replaces_what_it_wrote(aws: Any):
    every = [*named("a", "b", "c", day=1), *named("d", "e", day=2)]
    for _ in range(2):
        run(batch(*every))
    assert rides(aws) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([(0, 2), (2, 6)], id="a shorter one and the rest"),
        pytest.param([(0, 4), (4, 6), (0, 2)], id="and a late writer"),
        pytest.param([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)], id="one by one"),
    ],
)
def test_a_batch_that_comes_again_in_another_size_loses_nothing(aws: Any, sizes: list[tuple[int, int]]):
    every = [*named("a", "b", "c", day=1), *named("d", "e", day=2), *named("f", day=1)]
    run(batch(*every))
    for start, end in sizes:
        run(batch(*every[start:end], start=start))
    assert sorted(set(rides(aws))) == ["a", "b", "c", "d", "e", "f"]
