"""Waiting for the ingest: every file has its report, and what got lost is handed in again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakelab.pipeline import ingest
from lakelab.pipeline.ingest import Counts, Ingest, IngestStuck


class Functions:
    """Lambda, of which a test says what an invocation does."""

    def __init__(self, work: Callable[[dict[str, Any]], None]):
        self.work = work
        self.invocations: list[str] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: str) -> None:
        assert (FunctionName, InvocationType) == ("orders-ingest", "Event")
        thing = json.loads(Payload)["Records"][0]["s3"]["object"]
        self.invocations.append(thing["key"])
        self.work(thing)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(ingest, "QUIET_SECONDS", 0.0)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_bucket(Bucket="raw")
        client.create_bucket(Bucket="curated")
        yield client


def put(s3: Any, name: str) -> str:
    return s3.put_object(Bucket="raw", Key=f"raw/orders/{name}", Body=name.encode())["ETag"].strip('"')


def write_report(s3: Any, name: str, etag: str, status: str = "ingested", **rows: int) -> None:
    counts = {"rows_in": 0, "clean": 0, "quarantined": 0, "duplicate": 0} | rows
    report = {"source_key": f"raw/orders/{name}", "source_etag": etag, "status": status, **counts}
    s3.put_object(Bucket="curated", Key=f"reports/orders/{name}.json", Body=json.dumps(report))


def waiting(s3: Any, work: Callable[[dict[str, Any]], None]) -> tuple[Ingest, Functions]:
    functions = Functions(work)
    return Ingest(s3, functions, "raw", "curated", "orders-ingest"), functions


def refuse(thing: dict[str, Any]) -> None:
    raise AssertionError(f"nothing was lost, yet {thing} is handed in again")


def test_the_counts_are_the_sums_of_the_reports(s3):
    write_report(s3, "a.csv", put(s3, "a.csv"), rows_in=10, clean=7, quarantined=2, duplicate=1)
    write_report(s3, "b.csv", put(s3, "b.csv"), rows_in=5, clean=5)
    write_report(s3, "c.csv", put(s3, "c.csv"), status="unreadable")
    counts = waiting(s3, refuse)[0].wait(lambda progress: None)
    assert counts == Counts(files=3, unreadable=1, rows_in=15, clean=12, quarantined=2, duplicate=1)
    assert counts.reconciled


def test_directory_markers_and_other_files_are_not_waited_for(s3):
    s3.put_object(Bucket="raw", Key="raw/orders/", Body=b"")
    s3.put_object(Bucket="raw", Key="raw/orders/readme.txt", Body=b"hello")
    assert waiting(s3, refuse)[0].wait(lambda progress: None).files == 0


def test_a_report_of_older_bytes_of_the_key_does_not_count(s3):
    write_report(s3, "a.csv", "0" * 32, rows_in=99, clean=99)
    etag = put(s3, "a.csv")
    job, functions = waiting(s3, refuse)

    def ingest_it(thing: dict[str, Any]) -> None:
        report = {"source_key": "raw/orders/a.csv", "source_etag": etag, "status": "ingested"}
        counts = {"rows_in": 1, "clean": 1, "quarantined": 0, "duplicate": 0}
        s3.put_object(Bucket="curated", Key="reports/orders/new.json", Body=json.dumps(report | counts))

    functions.work = ingest_it
    assert job.wait(lambda progress: None).clean == 1
    assert functions.invocations == ["raw%2Forders%2Fa.csv"]


def test_a_file_that_nothing_ingests_is_named(s3):
    put(s3, "a b.csv")
    job, functions = waiting(s3, lambda thing: None)
    with pytest.raises(IngestStuck, match=r"1 of 1 files were not ingested, for example raw/orders/a b.csv") as stuck:
        job.wait(lambda progress: None)
    assert "aws logs filter-log-events --log-group-name" in stuck.value.fix
    assert functions.invocations == ["raw%2Forders%2Fa+b.csv"] * ingest.REDRIVES


def test_counts_that_do_not_add_up_say_so():
    assert not Counts(files=1, unreadable=0, rows_in=3, clean=1, quarantined=1, duplicate=0).reconciled
