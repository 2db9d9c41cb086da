"""Measures the catalog and the crawler: `python -m lakelab.cloud.glue.bench [catalog|crawl]`, both by default.

`catalog` fills a table with 100,000 partitions and looks for some of them. `crawl` starts a local AWS of its own, makes
a bucket with 10,000 objects in 1,000 partitions, crawls it, adds 10 partitions, and crawls it incrementally.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.api import SCHEMA
from lakelab.cloud.glue.expression import compile_expression
from lakelab.cloud.glue.model import Scope, Table
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.store import CatalogStore
from lakelab.testing import Cloud, start_cloud

PARTITIONS = 100_000
FOLDERS, FILES = 1_000, 10
FILTERS = (
    "day = '2020-06-01' and hour = 3",
    "hour = 3 and shop = 'shop7' and day > '2020-12-01'",
    "shop like '%7' and hour > 22 and day between '2020-12-01' and '2021-01-10'",
    "not (hour < 23 or shop <> 'shop1') and day like '2020-01%'",
)


def catalog() -> Iterator[tuple[str, float, str]]:
    """(what, seconds, of what) of a table with 100,000 partitions."""
    with tempfile.TemporaryDirectory() as folder:
        file = SqliteFile(Path(folder) / "glue.sqlite", SCHEMA)
        partitions = PartitionStore(file)
        table = _table(CatalogStore(file))
        columns = [{"Name": f"c{number}", "Type": "string"} for number in range(12)]
        with _timed() as seconds, file.transaction():
            for number in range(PARTITIONS):
                values = [
                    str(date(2020, 1, 1) + timedelta(number // 240)),
                    str(number // 10 % 24),
                    f"shop{number % 10}",
                ]
                storage = {"Columns": columns, "Location": f"s3://lake/{number}/"}
                partitions.create(table, {"Values": values, "StorageDescriptor": storage})
        yield "create", seconds(), f"{PARTITIONS} partitions in one transaction"
        for expression in FILTERS:
            condition = compile_expression(expression, table.keys)
            with _timed() as seconds:
                found = partitions.find(table, condition)
            yield "filter", seconds(), f"{len(found)} found by {expression}"
        ids = [0, *(partition.id for partition in partitions.find(table))]
        for start in (0, PARTITIONS // 2, PARTITIONS - 1000):
            with _timed() as seconds:
                partitions.find(table, after=ids[start], limit=1000)
            yield "page", seconds(), f"1000 partitions from number {start}"


def crawl() -> Iterator[tuple[str, float, str]]:
    """(what, seconds, of what) of a full and an incremental crawl."""
    with tempfile.TemporaryDirectory() as folder:
        cloud = start_cloud(Path(folder))
        try:
            yield from _crawl(cloud)
        finally:
            cloud.server.stop()


def _crawl(cloud: Cloud) -> Iterator[tuple[str, float, str]]:
    s3, glue, iam = (cloud.client(service) for service in ("s3", "glue", "iam"))
    name = f"bench-{uuid4().hex[:8]}"
    _put(s3, name, range(FOLDERS), create=True)
    glue.create_database(DatabaseInput={"Name": name})
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": ["s3:*", "glue:*", "logs:*"], "Resource": "*"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=_policy(allow))
    glue.create_crawler(
        Name=name,
        Role=name,
        DatabaseName=name,
        Targets={"S3Targets": [{"Path": f"s3://{name}/orders/"}]},
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    )
    yield "crawl", _run(glue, name), f"{FOLDERS * FILES} objects in {FOLDERS} partitions"
    _put(s3, name, range(FOLDERS, FOLDERS + 10))
    yield "crawl", _run(glue, name), "incremental, 10 new partitions"
    yield "crawl", _run(glue, name), "incremental, nothing new"
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=name, TableName="orders")
    found = sum(len(page["Partitions"]) for page in pages)
    if found != FOLDERS + 10:
        raise AssertionError(f"{found} partitions were crawled, not {FOLDERS + 10}")


def _table(store: CatalogStore) -> Table:
    scope = Scope("000000000000", "us-east-1")
    store.create_database(scope, {"Name": "lake"})
    keys = [{"Name": "day", "Type": "date"}, {"Name": "hour", "Type": "int"}, {"Name": "shop", "Type": "string"}]
    return store.create_table(scope, "lake", {"Name": "orders", "PartitionKeys": keys}, "bench")


def _put(s3: Any, bucket: str, folders: range, *, create: bool = False) -> None:
    if create:
        s3.create_bucket(Bucket=bucket)
    body = b"order_id,customer,amount\n" + b"".join(b"%d,ann,%d.5\n" % (row, row) for row in range(50))
    keys = [f"orders/day={folder}/part-{file}.csv" for folder in folders for file in range(FILES)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=body), keys))


def _run(glue: Any, name: str) -> float:
    with _timed() as seconds:
        glue.start_crawler(Name=name)
        while glue.get_crawler(Name=name)["Crawler"]["State"] != "READY":
            time.sleep(0.1)
    last = glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]
    if last["Status"] != "SUCCEEDED":
        raise AssertionError(last)
    return seconds()


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def _timed() -> Iterator[Callable[[], float]]:
    start = time.perf_counter()
    end: list[float] = []
    yield lambda: end[0] if end else time.perf_counter() - start
    end.append(time.perf_counter() - start)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", nargs="?", choices=("catalog", "crawl"))
    wanted = options.parse_args().what
    for measure in (catalog, crawl):
        if wanted in (None, measure.__name__):
            for what, seconds, of in measure():
                print(f"{what:8} {seconds * 1000:10.1f} ms  {of}", flush=True)


if __name__ == "__main__":
    main()
