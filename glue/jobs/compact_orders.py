"""Compacts a partitioned table: of the many small Parquet files of a day it makes few, in a table beside it.

A Glue Python shell job (Python 3.9 with the analytics libraries). `orders` itself stays as orders_ingest writes it:
each file of the feed owns an object there, and a delivery that is repeated writes that object again. Were the objects
merged in place, the repeated one would stand beside the merged one and its rows would count twice. So the compacted
files have a table of their own, whose every row comes from the small files that were there when the job looked:

1. The files of a day, each with its entity tag, and how to lay them out are the day's manifest; a hash of it names a
   folder, the generation.
2. The files are read under those entity tags, written as few files into that folder, and counted again.
3. The partition of the compacted table is pointed at the folder. This is one change in the catalog: a query reads the
   generation before or the one after, never both and never half of one.
4. Folders that no partition points at are deleted once no query can read them any more.

A day whose manifest is the same is left alone, so that a run pays for what has changed; a run that was killed anywhere
is made good by the next one. A file that arrives late is in `orders` at once, and here after the next run.

Arguments: --database, --table, --compacted (the table to write), --target_mb (of small files in one compacted file),
--sort_by (columns, by commas: equal values side by side make small files), --keep_minutes (for queries that run).
"""

from __future__ import annotations

import hashlib
import io
import sys
import time
from typing import Any, Iterator, NamedTuple, Sequence  # noqa: UP035  # Glue has Python 3.9

import boto3
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from awsglue.utils import getResolvedOptions  # type: ignore[import-not-found]  # Glue has it
from botocore.exceptions import ClientError

pc: Any = pyarrow.compute  # its functions are made while it is imported: type checkers do not see them
OPTIONS = ["database", "table", "compacted", "target_mb", "sort_by", "keep_minutes"]
ROW_GROUP = 1_000_000  # rows; Athena reads and skips whole row groups
CHANGED = ("PreconditionFailed", "NoSuchKey")


class File(NamedTuple):
    """An object of the lake. `modified` is in seconds since 1970, `size` in bytes."""

    key: str
    etag: str
    size: int
    modified: float


class Files(NamedTuple):
    """How many files there are, and their bytes."""

    count: int
    size: int

    def __str__(self) -> str:
        return f"{self.count} files, {self.size} bytes"


class Day(NamedTuple):
    """What became of one partition."""

    values: tuple[str, ...]
    before: Files
    after: Files


class Place(NamedTuple):
    """A bucket and a key prefix that ends in a slash."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, location: str) -> Place:
        bucket, _, prefix = location.partition("://")[2].partition("/")
        return cls(bucket, prefix.rstrip("/") + "/")

    @property
    def uri(self) -> str:
        return "s3://" + self.bucket + "/" + self.prefix


class Compaction:
    """One run over a table."""

    def __init__(self, s3: Any, glue: Any, options: dict[str, str]):
        self._s3 = s3
        self._glue = glue
        self._database = options["database"]
        self._table = options["table"]
        self._compacted = options["compacted"]
        self._written = {"DatabaseName": self._database, "TableName": self._compacted}
        self._target = int(options["target_mb"]) * 1_000_000
        self._sort_by = [name for name in options["sort_by"].split(",") if name]
        self._layout = f"{self._target} {self._sort_by}"
        self._keep_seconds = float(options["keep_minutes"]) * 60

    def run(self) -> list[Day]:
        """Compact the partitions that have changed; those are the answer."""
        table = self._glue.get_table(DatabaseName=self._database, Name=self._compacted)["Table"]
        storage, keys = table["StorageDescriptor"], [key["Name"] for key in table["PartitionKeys"]]
        root = Place.of(storage["Location"])
        sources, there = self._partitions(self._table), self._partitions(self._compacted)
        days, current = [], set()
        for values, source in sorted(sources.items()):
            files = self._files(source)
            if not files:
                continue
            current.add(values)
            folder = "/".join(map("{}={}".format, keys, values))
            generation = Place(root.bucket, f"{root.prefix}{folder}/{manifest(files, self._layout)}/")
            if there.get(values) == generation:
                continue
            day = self._compact(values, source.bucket, files, generation)
            if day is not None:
                self._point(values, {**storage, "Location": generation.uri}, exists=values in there)
                days.append(day)
        for values in sorted(set(there) - current):  # days that have no files any more
            self._glue.delete_partition(PartitionValues=list(values), **self._written)
        self._sweep(root)
        return days

    def _partitions(self, table: str) -> dict[tuple[str, ...], Place]:
        """The places of a table's partitions, by their values."""
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._database, TableName=table, ExcludeColumnSchema=True
        )
        return {
            tuple(partition["Values"]): Place.of(partition["StorageDescriptor"]["Location"])
            for page in pages
            for partition in page["Partitions"]
        }

    def _files(self, place: Place) -> list[File]:
        """The objects with data at a place, in the order of their keys."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix)
        return [
            File(item["Key"], item["ETag"].strip('"'), item["Size"], item["LastModified"].timestamp())
            for page in pages
            for item in page.get("Contents", [])
            if item["Size"]
        ]

    def _compact(self, values: tuple[str, ...], bucket: str, files: Sequence[File], generation: Place) -> Day | None:
        """Write a generation; None when a file was changed or deleted under our hands."""
        written = []
        for number, some in enumerate(bins(files, self._target)):
            try:
                tables = [self._read(bucket, file) for file in some]
            except ClientError as error:
                if error.response["Error"]["Code"] in CHANGED:
                    print("changed while it was read, left to the next run:", "/".join(values))
                    return None
                raise
            merged = merge(tables)
            if self._sort_by:
                merged = merged.take(pc.sort_indices(merged, [(name, "ascending") for name in self._sort_by]))
            body = parquet(merged)
            found = pq.read_metadata(io.BytesIO(body)).num_rows
            if found != sum(len(table) for table in tables):
                raise RuntimeError(f"{found} rows were written of {sum(len(table) for table in tables)}")
            key = f"{generation.prefix}part-{number:05}.parquet"
            self._s3.put_object(Bucket=generation.bucket, Key=key, Body=body)
            written.append(len(body))
        return Day(values, Files(len(files), sum(file.size for file in files)), Files(len(written), sum(written)))

    def _read(self, bucket: str, file: File) -> pa.Table:
        body = self._s3.get_object(Bucket=bucket, Key=file.key, IfMatch=file.etag)["Body"].read()
        return pq.ParquetFile(io.BytesIO(body)).read()

    def _point(self, values: tuple[str, ...], storage: dict[str, Any], *, exists: bool) -> None:
        """Make a partition read its new generation."""
        partition = {"Values": list(values), "StorageDescriptor": storage}
        if exists:
            self._glue.update_partition(PartitionValueList=list(values), PartitionInput=partition, **self._written)
        else:
            self._glue.create_partition(PartitionInput=partition, **self._written)

    def _sweep(self, root: Place) -> None:
        """Delete the files that no partition points at, unless a query that began earlier may still read them."""
        current = tuple(place.prefix for place in self._partitions(self._compacted).values())
        before = time.time() - self._keep_seconds
        for file in self._files(root):
            if file.modified < before and not file.key.startswith(current):
                self._s3.delete_object(Bucket=root.bucket, Key=file.key)


def manifest(files: Sequence[File], layout: str) -> str:
    """The name of a generation: the same files with the same bytes, laid out in the same way, have the same one."""
    lines = [layout, *(f"{file.key}@{file.etag}" for file in files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:24]


def bins(files: Sequence[File], target: int) -> Iterator[list[File]]:
    """The files in their order, in groups of at most `target` bytes; a larger file is a group of its own."""
    group: list[File] = []
    size = 0
    for file in files:
        if group and size + file.size > target:
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group


def merge(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables; a column that one of them has not is null there."""
    schema = pa.unify_schemas([table.schema for table in tables])
    return pa.concat_tables([_conform(table, schema) for table in tables])


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def parquet(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=ROW_GROUP)
    return sink.getvalue()


def main() -> None:
    """Run, and say what has changed."""
    options = getResolvedOptions(sys.argv, OPTIONS)
    days = Compaction(boto3.client("s3"), boto3.client("glue"), options).run()
    for day in days:
        print(f"{'/'.join(day.values)}: {day.before} -> {day.after}")
    before = Files(sum(day.before.count for day in days), sum(day.before.size for day in days))
    after = Files(sum(day.after.count for day in days), sum(day.after.size for day in days))
    print(f"{len(days)} partitions compacted: {before} -> {after}")


if __name__ == "__main__":
    main()
