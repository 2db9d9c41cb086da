"""orders_ingest as it is deployed: run by S3's events, several at a time, with the rights of its role."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.config import Config

HEADER = "order_id,customer_id,order_date,order_total_cents,currency,status,city\n"
SECONDS = 60


class Feed:
    """The deployed layer ingest, as a producer of files and a reader of the lake see it."""

    def __init__(self, lab: Any):
        config = lab.config
        self._options = {
            "endpoint_url": config.endpoint,
            "region_name": config.region,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "config": Config(s3={"addressing_style": "path"}, max_pool_connections=32),
        }
        self.s3: Any = boto3.client("s3", **self._options)
        self.sqs: Any = boto3.client("sqs", **self._options)
        self.glue: Any = boto3.client("glue", **self._options)
        self.raw = f"lakelab-local-raw-{config.account}"
        self.curated = f"lakelab-local-curated-{config.account}"

    def upload(self, key: str, content: str | bytes) -> tuple[str, str]:
        """Put a file into the raw zone; its key and entity tag."""
        body = content.encode() if isinstance(content, str) else content
        return key, self.s3.put_object(Bucket=self.raw, Key=key, Body=body)["ETag"].strip('"')

    def upload_together(self, files: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda file: self.upload(*file), files))

    def reports(self) -> dict[tuple[str, str], dict[str, Any]]:
        found = [json.loads(self.read(key)) for key in self.keys("reports/orders/")]
        return {(report["source_key"], report["source_etag"]): report for report in found}

    def wait(self, files: Iterable[tuple[str, str]], seconds: float = SECONDS) -> list[dict[str, Any]]:
        """The reports of the files, as soon as all are there."""
        wanted = list(files)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.reports()
            if all(file in found for file in wanted):
                return [found[file] for file in wanted]
            time.sleep(0.1)
        raise AssertionError(f"no report of {[file for file in wanted if file not in found]} after {seconds} s")

    def orders(self, day: str) -> list[dict[str, Any]]:
        keys = self.keys(f"curated/orders/order_date={day}/")
        return [row for key in keys for row in pq.read_table(io.BytesIO(self.read(key))).to_pylist()]

    def keys(self, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.curated, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.curated, Key=key)["Body"].read()

    def dead_letters(self, keys: set[str]) -> list[str]:
        """The dead letters, as soon as there is one about each key; they are taken from the queue."""
        url = self.sqs.get_queue_url(QueueName="lakelab-local-orders-ingest-failed")["QueueUrl"]
        found: list[str] = []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", ()):
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if all(any(key in body for body in found) for key in keys):
                return found
        raise AssertionError(f"no dead letters of {keys} after {SECONDS} s, but {found}")


@pytest.fixture(scope="module")
def feed(new_lab: Callable[[], Any]) -> Feed:
    lab = new_lab()
    lab.run("up", "ingest")
    return Feed(lab)


def rows(day: str, *order_ids: str) -> str:
    return HEADER + "".join(f"{order_id},c-1,{day},100,EUR,completed,Köln\n" for order_id in order_ids)


def test_orders_that_files_share_count_once_though_the_files_arrive_together(feed: Feed):
    day = "2024-03-01"
    shared = [f"shared-{number}" for number in range(200)]
    files = [
        (f"raw/orders/together-{file}.csv", rows(day, *shared, *(f"own-{file}-{number}" for number in range(20))))
        for file in range(12)
    ]
    reports = feed.wait(feed.upload_together(files))
    assert sum(report["rows_in"] for report in reports) == 12 * 220
    assert sum(report["clean"] for report in reports) == 200 + 12 * 20
    assert sum(report["duplicate"] for report in reports) == 11 * 200
    counts = Counter(row["order_id"] for row in feed.orders(day))
    assert len(counts) == 200 + 12 * 20
    assert set(counts.values()) == {1}


def test_the_partition_is_known_to_the_catalog(feed: Feed):
    day = "2024-03-02"
    feed.wait([feed.upload("raw/orders/partition.csv", rows(day, "o-1"))])
    partition = feed.glue.get_partition(DatabaseName="lakelab_local", TableName="orders", PartitionValues=[day])
    location = partition["Partition"]["StorageDescriptor"]["Location"]
    assert location == f"s3://{feed.curated}/curated/orders/order_date={day}/"


def test_two_uploads_of_a_key_in_the_same_second_lose_nothing(feed: Feed):
    day, key = "2024-03-03", "raw/orders/twice.csv"
    files = feed.upload_together([(key, rows(day, "o-1", "o-2")), (key, rows(day, "o-2", "o-3"))])
    reports = feed.wait(files)
    assert sorted(row["order_id"] for row in feed.orders(day)) == ["o-1", "o-2", "o-3"]
    assert (sum(report["clean"] for report in reports), sum(report["duplicate"] for report in reports)) == (3, 1)


def test_the_same_bytes_again_change_nothing(feed: Feed):
    day, key = "2024-03-04", "raw/orders/again.csv"
    [first] = feed.wait([feed.upload(key, rows(day, "o-1"))])
    feed.upload(key, rows(day, "o-1"))
    feed.wait([feed.upload("raw/orders/after.csv", rows(day, "o-1", "o-2"))])
    assert feed.reports()[key, first["source_etag"]] == first
    assert sorted(row["order_id"] for row in feed.orders(day)) == ["o-1", "o-2"]


def test_a_directory_marker_breaks_nothing(feed: Feed):
    for marker in ("raw/orders/", "raw/orders/2024.csv/"):
        feed.s3.put_object(Bucket=feed.raw, Key=marker, Body=b"")
    feed.wait([feed.upload("raw/orders/2024.csv/inside.csv", rows("2024-03-05", "o-1"))])
    assert not any(key.endswith("/") for key, _ in feed.reports())


def test_files_that_cannot_be_read_go_to_the_dead_letter_queue_and_are_kept(feed: Feed):
    bad: dict[str, tuple[bytes, str]] = {
        "raw/orders/empty.csv": (b"", "the file is empty: not even a header"),
        "raw/orders/binary.csv": (
            bytes(range(256)) * 64,
            "the file is binary: it has zero bytes where a CSV file has text",
        ),
        "raw/orders/header.csv": (b"order_id,city\no-1,Berlin\n", "the header lacks the columns customer_id, "),
    }
    files = [feed.upload(key, content) for key, (content, _) in bad.items()]
    for report in feed.wait(files):
        content, error = bad[report["source_key"]]
        assert report["status"] == "unreadable"
        assert report["error"].startswith(error)
        assert feed.s3.get_object(Bucket=feed.raw, Key=report["source_key"])["Body"].read() == content
    assert len(feed.dead_letters(set(bad))) == len(bad)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_file_of_200_mb_is_read_whole(feed: Feed, tmp_path: Path):
    path, key, lines = tmp_path / "large.csv", "raw/orders/large.csv", 0
    with path.open("w") as file:
        file.write(HEADER)
        while file.tell() < 200 << 20:
            chunk = range(lines, lines + 10_000)
            file.writelines(
                f"l-{n:08},c-{n % 999},2024-04-{n % 28 + 1:02},{n % 5000},EUR,completed,Köln\n" for n in chunk
            )
            lines += 10_000
    feed.s3.upload_file(str(path), feed.raw, key)
    etag = feed.s3.head_object(Bucket=feed.raw, Key=key)["ETag"].strip('"')
    [report] = feed.wait([(key, etag)], seconds=300)
    assert (report["status"], report["rows_in"], report["clean"], report["partitions"]) == (
        "ingested",
        lines,
        lines,
        28,
    )
