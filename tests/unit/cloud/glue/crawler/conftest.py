"""A crawl over objects that a test lists, into a real catalog, without S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud import wire
from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.crawler.catalog import Summary
from lakelab.cloud.glue.crawler.crawl import Crawl
from lakelab.cloud.objects import ObjectInfo

Files = dict[str, bytes]
GONE = b"gone"  # the bytes of an object that is deleted after it was listed


class Folder:
    """The objects of a bucket as files of a folder; `read` has the keys whose bytes were asked for."""

    def __init__(self, root: Path, files: Files):
        self._root = root
        self.files = files
        self.read: list[str] = []

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        for key, body in sorted(self.files.items()):
            if key.startswith(prefix):
                yield ObjectInfo(bucket, key, len(body), "etag", datetime.now(UTC))

    def file(self, bucket: str, key: str) -> Path:
        self.read.append(key)
        if self.files[key] == GONE:
            raise AwsError("The specified key does not exist.", code="NoSuchKey", status=404)
        path = self._root / key.replace("/", "%")
        path.write_bytes(self.files[key])
        return path


class World:
    """A database `lake` and crawls into it."""

    def __init__(self, glue: Any, root: Path):
        self.glue = glue
        self._root = root
        self.folder = Folder(root, {})

    def crawl(self, files: Files, path: str = "s3://bucket/", **definition: Any) -> Summary:
        known = definition.pop("known_folders", frozenset())
        changed = definition.pop("changed_folders", None)
        targets = definition.pop("Targets", {"S3Targets": [{"Path": path, **definition.pop("target", {})}]})
        self.folder = Folder(self._root, files)
        service, caller = self.glue.service, self.glue.caller
        crawl = Crawl(
            "crawler",
            {"DatabaseName": "lake", "Targets": targets, **definition},
            self.folder,
            lambda operation, params: wire.invoke(service, caller, operation, params),
            classifiers=definition.pop("classifiers", ()),
            known_folders=known,
            changed_folders=changed,
        )
        return crawl.run()

    def tables(self) -> dict[str, Any]:
        tables = self.glue("GetTables", DatabaseName="lake")["TableList"]
        return {table["Name"]: table for table in tables}

    def keys(self, table: str) -> list[str]:
        return [key["Name"] for key in self.tables()[table]["PartitionKeys"]]

    def columns(self, table: str) -> dict[str, str]:
        columns = self.tables()[table]["StorageDescriptor"]["Columns"]
        return {column["Name"]: column["Type"] for column in columns}

    def partitions(self, table: str) -> list[list[str]]:
        found = self.glue("GetPartitions", DatabaseName="lake", TableName=table)["Partitions"]
        return sorted(partition["Values"] for partition in found)


@pytest.fixture
def lake(glue: Any, tmp_path: Path) -> World:
    glue("CreateDatabase", DatabaseInput={"Name": "lake"})
    root = tmp_path / "objects"
    root.mkdir()
    return World(glue, root)


@pytest.fixture
def sampled(tmp_path: Path) -> Callable[[bytes], Any]:
    """What `classify` makes of some bytes."""
    from lakelab.cloud.glue.crawler.classify import classify

    def of(body: bytes, *classifiers: Any) -> Any:
        path = tmp_path / "object"
        path.write_bytes(body)
        return classify(path, classifiers)

    return of
