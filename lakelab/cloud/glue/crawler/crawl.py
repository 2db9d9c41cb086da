"""One run of a crawler: list, classify, group, write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.crawler.catalog import Catalog, Glue, Summary
from lakelab.cloud.glue.crawler.classify import Classifier, classify
from lakelab.cloud.glue.crawler.globs import matcher
from lakelab.cloud.glue.crawler.grouping import Grouping, TableGroup, group
from lakelab.cloud.glue.crawler.inputs import Author
from lakelab.cloud.glue.crawler.policy import Policy
from lakelab.cloud.glue.crawler.schema import Schema, similar
from lakelab.cloud.glue.errors import InvalidInput
from lakelab.cloud.objects import ObjectInfo, split_uri
from lakelab.cloud.wire import Params

GONE = ("NoSuchKey", "404")


class Source(Protocol):
    """The S3 that a crawl reads: `lakelab.cloud.objects.Objects` with the role's rights."""

    def list(self, bucket: str, prefix: str = "") -> Iterable[ObjectInfo]: ...

    def file(self, bucket: str, key: str) -> Path: ...


class Stopped(Exception):
    """StopCrawler was called."""


@dataclass(frozen=True)
class Target:
    """An include path: a folder (with its slash; empty for the whole bucket) or one object, less what is excluded."""

    bucket: str
    prefix: str
    exclusions: Sequence[str] = ()
    sample_size: int | None = None

    @classmethod
    def of(cls, target: Params) -> Target:
        """Raises InvalidInput for a path that is no S3 path or an exclude pattern that is no glob."""
        path = target.get("Path", "")
        try:
            bucket, prefix = split_uri(path if "://" in path else f"s3://{path}")
        except ValueError as error:
            raise InvalidInput(f"The S3 path {path} is not valid.") from error
        matcher(target.get("Exclusions", ()))
        return cls(bucket, prefix, target.get("Exclusions", ()), target.get("SampleSize"))

    @property
    def root(self) -> str:
        """The key prefix of the folder that is crawled."""
        return self.prefix if not self.prefix or self.prefix.endswith("/") else f"{self.prefix}/"

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass
class Crawl:
    """What a run needs, and what it leaves: the summary, and the folders that it has seen.

    Args:
        known_folders: the folders of earlier runs, which an incremental run passes over.
        changed_folders: for a run by events, the folders that had any; None for a run that looks everywhere.
        stopped: whether StopCrawler was called; asked between objects.
        log: takes the lines of the crawl's log.
    """

    name: str
    definition: Params
    source: Source
    glue: Glue
    classifiers: Sequence[Classifier] = ()
    known_folders: frozenset[str] = frozenset()
    changed_folders: frozenset[str] | None = None
    stopped: Callable[[], bool] = lambda: False
    log: Callable[[str], None] = lambda line: None
    folders: set[str] = field(default_factory=set)

    def run(self) -> Summary:
        """Raises AwsError as the role's calls do, Stopped."""
        policy = Policy.of(self.definition)
        targets = [Target.of(target) for target in self.definition["Targets"].get("S3Targets", ())]
        summary = Summary()
        if targets:
            self._crawl(targets, self.definition.get("DatabaseName", "default"), policy, summary)
        for target in self.definition["Targets"].get("CatalogTargets", ()):
            self._crawl_tables(target["DatabaseName"], target["Tables"], policy, summary)
        return summary

    def _crawl(self, targets: Sequence[Target], database: str, policy: Policy, summary: Summary) -> None:
        author = Author(self.name, [pattern for target in targets for pattern in target.exclusions])
        prefix = self.definition.get("TablePrefix", "")
        catalog = Catalog(self.glue, database, prefix, author, policy, summary)
        partial = self.changed_folders is not None or (policy.incremental and bool(self.known_folders))
        groups: list[tuple[str, TableGroup]] = []
        for target in targets:
            objects = list(self._objects(target))
            self.folders |= {_folder_of(found) for found in objects}
            if partial:
                objects = self._attach([found for found in objects if self._is_new(_folder_of(found))], target, catalog)
            groups += [(target.bucket, table) for table in self._group(objects, target, policy.grouping)]
        if policy.table_threshold is not None and len(groups) > policy.table_threshold:
            raise AwsError(
                f"The number of tables detected by crawler: {len(groups)} is greater than the table threshold value "
                f"provided: {policy.table_threshold}. Failing crawler without writing to Data Catalog."
            )
        for bucket, table in groups:
            catalog.write(bucket, table)
        if not partial:
            found = {f"s3://{bucket}/{table.location}".rstrip("/") for bucket, table in groups}
            catalog.retire(found, [target.uri for target in targets])

    def _crawl_tables(self, database: str, names: Sequence[str], policy: Policy, summary: Summary) -> None:
        # AWS always combines and never deletes when the targets are tables of the catalog
        policy = replace(policy, delete="LOG")
        catalog = Catalog(self.glue, database, "", Author(self.name), policy, summary, adds_tables=False)
        for name in names:
            table = self.glue("GetTable", {"DatabaseName": database, "Name": name})["Table"]
            target = Target.of({"Path": table["StorageDescriptor"]["Location"].rstrip("/") + "/"})
            objects = list(self._objects(target))
            for group_ in self._group(objects, target, Grouping(combine=True)):
                catalog.write(target.bucket, group_)

    def _objects(self, target: Target) -> Iterator[ObjectInfo]:
        """The objects of a target that have data; not those named `_…` or `.…`, which Athena does not read either."""
        excluded = matcher(target.exclusions)
        for found in self.source.list(target.bucket, target.prefix):
            within = found.key == target.prefix or found.key.startswith(target.root)
            name = found.key.rpartition("/")[2]
            if not within or not found.size or name[:1] in ("", "_", "."):
                continue
            if not excluded(found.key[len(target.root) :]):
                yield found

    def _is_new(self, folder: str) -> bool:
        return folder in self.changed_folders if self.changed_folders is not None else folder not in self.known_folders

    def _group(self, objects: Iterable[ObjectInfo], target: Target, grouping: Grouping) -> list[TableGroup]:
        schemas = self._classified(objects, target)
        single = [(key, schema) for key, schema in schemas if key == target.prefix]
        if single:
            key, schema = single[0]
            return [TableGroup(key, schema, [(key, schema)])]
        return group(schemas, target.root, grouping)

    def _classified(self, objects: Iterable[ObjectInfo], target: Target) -> list[tuple[str, Schema]]:
        schemas = []
        taken: dict[str, int] = defaultdict(int)
        for found in objects:
            folder = _folder_of(found)
            taken[folder] += 1
            if target.sample_size is not None and taken[folder] > target.sample_size:
                continue
            schema = self._classify(found)
            if schema is not None:
                schemas.append((found.key, schema))
        return schemas

    def _classify(self, found: ObjectInfo) -> Schema | None:
        """The schema of an object, or None when it has gone since it was listed."""
        if self.stopped():
            raise Stopped
        try:
            schema = classify(self.source.file(found.bucket, found.key), self.classifiers)
        except AwsError as error:
            if error.code not in GONE:
                text = f"Error {error.message} retrieving file at {found.uri}"
                raise AwsError(text, code=error.code, status=error.status) from error
        except FileNotFoundError:
            pass  # deleted between the check of the caller's rights and the opening of the file
        else:
            return replace(schema, size=found.size)
        self.log(f"INFO : {found.uri} has gone since it was listed")
        return None

    def _attach(self, objects: Sequence[ObjectInfo], target: Target, catalog: Catalog) -> list[ObjectInfo]:
        """Add new folders below a table as its partitions. Answers the objects that are below no table."""
        by_folder: dict[str, list[ObjectInfo]] = defaultdict(list)
        for found in objects:
            by_folder[_folder_of(found)].append(found)
        leaves: dict[str, list[tuple[list[str], str, Schema]]] = defaultdict(list)
        tables: dict[str, Params] = {}
        rest: list[ObjectInfo] = []
        for uri, found in by_folder.items():
            table = _table_above(uri, catalog.tables())
            if table is None:
                rest += found
                continue
            tables[table["Name"]] = table
            leaf = self._leaf(uri, found, table, target)
            if leaf is not None:
                leaves[table["Name"]].append(leaf)
        for name, found_leaves in leaves.items():
            catalog.write_partitions(tables[name], target.bucket, found_leaves, complete=False)
        self._remove_emptied(target, catalog)
        return rest

    def _remove_emptied(self, target: Target, catalog: Catalog) -> None:
        """Treat the partitions of folders that had events and have no objects any more."""
        for folder in (self.changed_folders or frozenset()) - self.folders:
            table = _table_above(folder, catalog.tables())
            if table is not None and folder.startswith(f"s3://{target.bucket}/{target.root}"):
                catalog.remove_partition(table, _values(folder, table))

    def _leaf(
        self, uri: str, objects: Sequence[ObjectInfo], table: Params, target: Target
    ) -> tuple[list[str], str, Schema] | None:
        folder = objects[0].key[: objects[0].key.rfind("/") + 1]
        groups = group(self._classified(objects, target), folder, Grouping(combine=True))
        if not groups:
            return None
        schema = groups[0].schema
        known = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        columns = {name.lower(): type_ for name, type_ in schema.columns.items()}
        classification = table.get("Parameters", {}).get("classification", schema.format.classification)
        if classification != schema.format.classification or not similar(known, columns):
            self.log(f"INFO : {uri} does not match the schema of the table {table['Name']} and is ignored")
            return None
        return _values(uri, table), folder, schema


def _folder_of(found: ObjectInfo) -> str:
    return found.uri[: found.uri.rfind("/") + 1]


def _table_above(folder: str, tables: Sequence[Params]) -> Params | None:
    """The table with as many partition keys as `folder` is levels below its location."""
    for table in tables:
        root = table.get("StorageDescriptor", {}).get("Location", "").rstrip("/") + "/"
        keys = len(table.get("PartitionKeys", ()))
        if keys and folder.startswith(root) and folder[len(root) :].count("/") == keys:
            return table
    return None


def _values(folder: str, table: Params) -> list[str]:
    """The partition values that a folder below a table's location stands for."""
    root = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
    values = []
    for part, key in zip(folder[len(root) :].split("/")[:-1], table["PartitionKeys"], strict=True):
        name, equals, value = part.partition("=")
        values.append(value if equals and name.lower() == key["Name"] else part)
    return values
