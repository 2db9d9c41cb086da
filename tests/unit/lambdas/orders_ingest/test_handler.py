"""orders_ingest from an S3 event to the objects and partitions that it leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from lambdas.orders_ingest import handler as function
from lambdas.orders_ingest.contract import Contract
from lambdas.orders_ingest.feed import UnreadableFile

FOLDER = Path(__file__).parents[4] / "lambdas/orders_ingest"
RAW, CURATED, DATABASE = "raw-bucket", "curated-bucket", "lakelab_test"
HEADER = "order_id,customer_id,order_date,order_total_cents,currency,status,city\n"
CONTEXT = SimpleNamespace(
    function_name="orders-ingest",
    memory_limit_in_mb=1024,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:orders-ingest",
    aws_request_id="b4f3c5a0-0000-4000-8000-000000000000",
)


def line(order_id: str, day: str = "2025-01-01", cents: int | str = 100, city: str = "Berlin") -> str:
    """A good line of the feed."""
    return f"{order_id},c-1,{day},{cents},EUR,completed,{city}\n"


@dataclass(frozen=True)
class Lab:
    """The mocked AWS."""

    s3: Any
    glue: Any

    def upload(self, key: str, content: str | bytes) -> dict[str, Any]:
        """Put a file into the raw bucket; the event that S3 sends for it."""
        body = content.encode() if isinstance(content, str) else content
        answer = self.s3.put_object(Bucket=RAW, Key=key, Body=body)
        event = json.loads((FOLDER / "event.json").read_text())
        event["Records"][0]["s3"]["bucket"]["name"] = RAW
        event["Records"][0]["s3"]["object"] = {
            "key": quote_plus(key, safe="/"),
            "size": len(body),
            "eTag": answer["ETag"].strip('"'),
            "versionId": answer["VersionId"],
            "sequencer": "0A1B2C3D4E5F678901",
        }
        return event

    def deliver(self, event: dict[str, Any]) -> dict[str, Any]:
        """Run the function on an event; the report of its one file."""
        [report] = function.handler(event, CONTEXT)["files"]  # type: ignore[arg-type]
        return report

    def ingest(self, key: str, content: str | bytes) -> dict[str, Any]:
        return self.deliver(self.upload(key, content))

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=CURATED, Prefix=prefix).get("Contents", ())]

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=CURATED, Key=key)["Body"].read()

    def orders(self) -> list[dict[str, Any]]:
        """All rows of the table orders, as Athena would see them."""
        rows = []
        for key in self.keys("curated/orders/"):
            day = key.split("order_date=")[1].partition("/")[0]
            rows += [row | {"order_date": day} for row in pq.read_table(io.BytesIO(self.read(key))).to_pylist()]
        return sorted(rows, key=lambda row: row["order_id"])

    def quarantine(self) -> list[dict[str, Any]]:
        return self._json("quarantine/orders/")

    def reports(self) -> list[dict[str, Any]]:
        return self._json("reports/orders/")

    def partitions(self) -> list[str]:
        found = self.glue.get_partitions(DatabaseName=DATABASE, TableName="orders")["Partitions"]
        return sorted(partition["StorageDescriptor"]["Location"] for partition in found)

    def _json(self, prefix: str) -> list[dict[str, Any]]:
        return [json.loads(row) for key in self.keys(prefix) for row in self.read(key).decode().splitlines()]


@pytest.fixture
def lab(aws: None, monkeypatch: pytest.MonkeyPatch, contract: Contract) -> Iterator[Lab]:
    monkeypatch.setenv("LAKE_BUCKET", CURATED)
    monkeypatch.setenv("GLUE_DATABASE", DATABASE)
    monkeypatch.setattr(function, "_contract", lambda: contract)
    function._lake.cache_clear()
    s3, glue = boto3.client("s3"), boto3.client("glue")
    s3.create_bucket(Bucket=RAW)
    s3.put_bucket_versioning(Bucket=RAW, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=CURATED)
    glue.create_database(DatabaseInput={"Name": DATABASE})
    glue.create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": "orders",
            "PartitionKeys": [{"Name": "order_date", "Type": "date"}],
            "StorageDescriptor": {"Location": f"s3://{CURATED}/curated/orders/"},
        },
    )
    yield Lab(s3, glue)
    function._lake.cache_clear()


def test_a_clean_file_becomes_rows_in_the_partition_of_their_day(lab: Lab):
    report = lab.ingest("raw/orders/a.csv", HEADER + line("o-1") + line("o-2", "2025-01-02", 250, "Köln"))
    assert (report["rows_in"], report["clean"], report["quarantined"], report["duplicate"]) == (2, 2, 0, 0)
    assert lab.orders() == [
        {
            "order_id": "o-1",
            "customer_id": "c-1",
            "order_total_cents": 100,
            "currency": "EUR",
            "status": "completed",
            "city": "Berlin",
            "source_key": "raw/orders/a.csv",
            "source_line": 2,
            "order_date": "2025-01-01",
        },
        {
            "order_id": "o-2",
            "customer_id": "c-1",
            "order_total_cents": 250,
            "currency": "EUR",
            "status": "completed",
            "city": "Köln",
            "source_key": "raw/orders/a.csv",
            "source_line": 3,
            "order_date": "2025-01-02",
        },
    ]
    assert lab.partitions() == [
        f"s3://{CURATED}/curated/orders/order_date=2025-01-01/",
        f"s3://{CURATED}/curated/orders/order_date=2025-01-02/",
    ]
    assert lab.reports() == [report]


def test_a_bad_line_is_quarantined_as_it_arrived_with_where_and_why(lab: Lab):
    report = lab.ingest("raw/orders/a.csv", HEADER + line("o-1") + line("o-2", cents=-5))
    assert (report["rows_in"], report["clean"], report["quarantined"]) == (2, 1, 1)
    assert lab.quarantine() == [
        {
            "source_key": "raw/orders/a.csv",
            "source_line": 3,
            "reason": "below_minimum",
            "column_name": "order_total_cents",
            "detail": "order_total_cents must be at least 0, got -5",
            "raw_line": "o-2,c-1,2025-01-01,-5,EUR,completed,Berlin",
        }
    ]


def test_an_order_twice_in_a_file_counts_once_by_its_first_line(lab: Lab):
    report = lab.ingest("raw/orders/a.csv", HEADER + line("o-1", cents=1) + line("o-2") + line("o-1", cents=3))
    assert (report["rows_in"], report["clean"], report["duplicate"]) == (3, 2, 1)
    assert [(row["order_id"], row["source_line"]) for row in lab.orders()] == [("o-1", 2), ("o-2", 3)]


def test_an_order_in_two_files_counts_for_the_first(lab: Lab):
    lab.ingest("raw/orders/a.csv", HEADER + line("o-1") + line("o-2"))
    report = lab.ingest("raw/orders/b.csv", HEADER + line("o-2") + line("o-3"))
    assert (report["clean"], report["duplicate"]) == (1, 1)
    assert [(row["order_id"], row["source_key"][-5]) for row in lab.orders()] == [
        ("o-1", "a"),
        ("o-2", "a"),
        ("o-3", "b"),
    ]


def test_a_redelivered_event_changes_nothing(lab: Lab):
    event = lab.upload("raw/orders/a.csv", HEADER + line("o-1") + line("o-2", "2025-01-02") + line("o-9", cents=-1))
    first = lab.deliver(event)
    lab.ingest("raw/orders/b.csv", HEADER + line("o-2", "2025-01-02") + line("o-3", "2025-01-02"))
    before = lab.keys(""), lab.orders(), lab.quarantine(), lab.partitions()
    assert lab.deliver(event) == first
    assert (lab.keys(""), lab.orders(), lab.quarantine(), lab.partitions()) == before


def test_the_same_bytes_uploaded_again_under_the_same_key_are_the_same_file(lab: Lab):
    content = HEADER + line("o-1")
    assert lab.ingest("raw/orders/a.csv", content) == lab.ingest("raw/orders/a.csv", content)
    assert len(lab.orders()) == len(lab.reports()) == 1


def test_two_uploads_of_one_key_are_both_read_though_the_second_hides_the_first(lab: Lab):
    first = lab.upload("raw/orders/a.csv", HEADER + line("o-1") + line("o-2"))
    second = lab.upload("raw/orders/a.csv", HEADER + line("o-2") + line("o-3"))
    reports = [lab.deliver(second), lab.deliver(first)]
    assert [(report["clean"], report["duplicate"]) for report in reports] == [(2, 0), (1, 1)]
    assert [row["order_id"] for row in lab.orders()] == ["o-1", "o-2", "o-3"]


def test_a_late_file_adds_to_the_partitions_of_earlier_days(lab: Lab):
    lab.ingest("raw/orders/2025-01-01.csv", HEADER + line("o-1"))
    lab.ingest("raw/orders/2025-01-09_late.csv", HEADER + line("o-2") + line("o-3", "2024-12-31"))
    assert [(row["order_id"], row["order_date"]) for row in lab.orders()] == [
        ("o-1", "2025-01-01"),
        ("o-2", "2025-01-01"),
        ("o-3", "2024-12-31"),
    ]
    assert [place[-11:-1] for place in lab.partitions()] == ["2024-12-31", "2025-01-01"]


def test_a_file_of_another_encoding_loses_no_letter_and_says_so(lab: Lab):
    content = (HEADER + line("o-1", city="Köln") + line("o-2") + line("o-3", city="São Paulo")).encode("latin-1")
    report = lab.ingest("raw/orders/a.csv", content)
    assert [row["city"] for row in lab.orders()] == ["Köln", "Berlin", "São Paulo"]
    assert report["latin1_lines"] == 2


def test_a_key_with_a_space_and_an_umlaut_is_found(lab: Lab):
    event = lab.upload("raw/orders/für heute.csv", HEADER + line("o-1"))
    assert event["Records"][0]["s3"]["object"]["key"] == "raw/orders/f%C3%BCr+heute.csv"
    assert lab.deliver(event)["source_key"] == "raw/orders/für heute.csv"


def test_a_header_alone_is_a_file_of_no_rows(lab: Lab):
    report = lab.ingest("raw/orders/a.csv", HEADER)
    assert (report["status"], report["rows_in"], report["clean"]) == ("ingested", 0, 0)
    assert lab.keys("curated/") == lab.partitions() == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "the file is empty: not even a header", id="empty"),
        pytest.param(b"PK\x03\x04\x00\x00\x08\x00" * 9, "the file is binary: it has zero bytes", id="binary"),
        pytest.param(
            b"order_id,city\no-1,Berlin\n", "the header lacks the columns customer_id, order_date", id="header"
        ),
    ],
)
def test_a_file_that_cannot_be_read_raises_says_why_and_is_kept(lab: Lab, content: bytes, message: str):
    event = lab.upload("raw/orders/a.csv", content)
    with pytest.raises(UnreadableFile, match=f"^raw/orders/a.csv: {message}"):
        lab.deliver(event)
    [report] = lab.reports()
    assert report["status"] == "unreadable"
    assert report["error"].startswith(message)
    assert lab.keys("") == [f"reports/orders/{report['source_id']}.json"]
    assert lab.s3.get_object(Bucket=RAW, Key="raw/orders/a.csv")["Body"].read() == content


def test_a_file_that_ends_as_no_csv_leaves_no_rows(lab: Lab):
    with pytest.raises(UnreadableFile, match="line 3 is longer than 1048576 bytes"):
        lab.ingest("raw/orders/a.csv", HEADER + line("o-1") + "x" * (1 << 20) + "y")
    assert lab.orders() == []


def test_a_directory_marker_is_passed_over(lab: Lab):
    event = lab.upload("raw/orders/2025.csv/", b"")
    assert function.handler(event, CONTEXT) == {"files": []}  # type: ignore[arg-type]
    assert lab.keys("") == []


def test_an_unreadable_file_does_not_keep_out_the_others_of_its_event(lab: Lab):
    event = lab.upload("raw/orders/a.csv", b"")
    event["Records"] += lab.upload("raw/orders/b.csv", HEADER + line("o-1"))["Records"]
    with pytest.raises(UnreadableFile, match=r"raw/orders/a\.csv"):
        function.handler(event, CONTEXT)  # type: ignore[arg-type]
    assert [row["order_id"] for row in lab.orders()] == ["o-1"]


def test_a_file_that_is_gone_fails_so_that_its_event_is_kept(lab: Lab):
    event = lab.upload("raw/orders/a.csv", HEADER)
    event["Records"][0]["s3"]["object"] |= {"key": "raw/orders/none.csv"}
    del event["Records"][0]["s3"]["object"]["versionId"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        lab.deliver(event)


def test_without_the_table_nothing_is_reported_as_done_and_the_next_delivery_finishes(lab: Lab):
    table = lab.glue.get_table(DatabaseName=DATABASE, Name="orders")["Table"]
    lab.glue.delete_table(DatabaseName=DATABASE, Name="orders")
    event = lab.upload("raw/orders/a.csv", HEADER + line("o-1"))
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        lab.deliver(event)
    assert lab.reports() == []
    wanted = {name: table[name] for name in ("Name", "PartitionKeys", "StorageDescriptor")}
    lab.glue.create_table(DatabaseName=DATABASE, TableInput=wanted)
    assert lab.deliver(event)["clean"] == 1
    assert len(lab.orders()) == 1
    assert len(lab.partitions()) == 1


def test_the_example_event_gives_the_example_response(lab: Lab):
    example = json.loads((FOLDER / "event.json").read_text())
    key = example["Records"][0]["s3"]["object"]["key"]
    answer = lab.ingest(key, HEADER + line("o-1") + line("o-1") + line("o-2", cents="ten"))
    expected = json.loads((FOLDER / "response.json").read_text())
    assert {"files": [answer]} == expected
