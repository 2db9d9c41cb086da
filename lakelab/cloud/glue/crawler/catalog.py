"""What a crawl changes in the catalog, under the crawler's policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lakelab.cloud.glue.crawler.grouping import TableGroup
from lakelab.cloud.glue.crawler.inputs import (
    CRAWLER_PARAMETER,
    DEPRECATED_PARAMETER,
    Author,
    partition_input,
    table_input,
    table_name,
    with_hash,
)
from lakelab.cloud.glue.crawler.policy import Policy
from lakelab.cloud.glue.crawler.schema import Schema
from lakelab.cloud.wire import Params, service_model

Glue = Callable[[str, Params], Params]  # an operation and its parameters, with the rights of the crawler's role

PARTITION_INDEX = "crawler_partition_index"
CREATE_BATCH, UPDATE_BATCH, DELETE_BATCH = 100, 100, 25


@dataclass
class Summary:
    """The names that a crawl added, updated and deleted."""

    tables: dict[str, list[str]] = field(default_factory=lambda: {"ADD": [], "UPDATE": [], "DELETE": []})
    partitions: dict[str, list[str]] = field(default_factory=lambda: {"ADD": [], "UPDATE": [], "DELETE": []})

    def document(self) -> Params:
        """As ListCrawls shows it: counts and names by what was done."""
        found = (("TABLE", self.tables), ("PARTITION", self.partitions))
        return {
            kind: {
                action: {"Count": len(names), "Details": {"names": names[:100]}}
                for action, names in done.items()
                if names
            }
            for kind, done in found
            if any(done.values())
        }


class Catalog:
    """The target database of a crawl. `glue` runs operations with the role's rights.

    Args:
        summary: where the changes are noted.
        adds_tables: False for a crawl of catalog tables, which never makes a new one.
    """

    def __init__(
        self,
        glue: Glue,
        database: str,
        prefix: str,
        author: Author,
        policy: Policy,
        summary: Summary,
        *,
        adds_tables: bool = True,
    ):
        self._glue = glue
        self._database = database
        self._prefix = prefix
        self._author = author
        self._policy = policy
        self._adds_tables = adds_tables
        self._tables = {table["Name"]: table for table in self._pages("GetTables", "TableList")}
        self.summary = summary

    def tables(self) -> list[Params]:
        """The tables that are in the database, as GetTables answers them."""
        return list(self._tables.values())

    def table_at(self, location: str, keys: int) -> Params | None:
        """The table at an S3 location with this number of partition keys."""
        for table in self._tables.values():
            there = table.get("StorageDescriptor", {}).get("Location", "")
            if _folder(there) == _folder(location) and len(table["PartitionKeys"]) == keys:
                return table
        return None

    def write(self, bucket: str, group: TableGroup) -> None:
        """Create or update the table of a group, and its partitions."""
        location = f"s3://{bucket}/{group.location}"
        keys, leaves = group.partitions()
        table = self.table_at(location, len(keys))
        if table is None:
            if not self._adds_tables:
                return
            table = table_input(self._free_name(location), location, group.schema, keys, self._author)
            index = {"IndexName": PARTITION_INDEX, "Keys": keys}
            indexes = {"PartitionIndexes": [index]} if keys and self._policy.index else {}
            self._glue("CreateTable", {"DatabaseName": self._database, "TableInput": table, **indexes})
            self._tables[table["Name"]] = table
            self.summary.tables["ADD"].append(table["Name"])
        elif self._policy.update or self._policy.merge_columns:
            found = table_input(table["Name"], location, group.schema, keys, self._author)
            table = self._update_table(table, found)
        if keys:
            self.write_partitions(table, bucket, leaves)

    def write_partitions(
        self, table: Params, bucket: str, leaves: Sequence[tuple[list[str], str, Schema]], *, complete: bool = True
    ) -> None:
        """Create and update partitions; when `leaves` are all there are, also treat those that have gone."""
        known = {tuple(there["Values"]): there for there in self._pages("GetPartitions", "Partitions", table["Name"])}
        new, changed = [], []
        for values, folder, schema in leaves:
            found = self._partition(table, values, f"s3://{bucket}/{folder}", schema)
            there = known.pop(tuple(values), None)
            if there is None:
                new.append(found)
            elif (self._policy.update or self._policy.inherit) and not _same(there, found):
                changed.append(found)
        self._create_partitions(table["Name"], new)
        self._update_partitions(table["Name"], changed)
        if complete and self._policy.delete == "DELETE_FROM_DATABASE":
            self._delete_partitions(table["Name"], [list(values) for values in known])

    def remove_partition(self, table: Params, values: Sequence[str]) -> None:
        """Treat a partition whose objects have gone: delete or leave it."""
        if self._policy.delete == "DELETE_FROM_DATABASE":
            self._delete_partitions(table["Name"], [list(values)])

    def retire(self, found: set[str], roots: Sequence[str]) -> None:
        """Treat the crawler's tables below `roots` whose location was not found: delete, mark or leave them."""
        for name, table in list(self._tables.items()):
            location = table.get("StorageDescriptor", {}).get("Location", "")
            ours = table.get("Parameters", {}).get(CRAWLER_PARAMETER) == self._author.crawler
            if not ours or _folder(location) in found or not any(location.startswith(root) for root in roots):
                continue
            if self._policy.delete == "DELETE_FROM_DATABASE":
                self._glue("DeleteTable", {"DatabaseName": self._database, "Name": name})
                self.summary.tables["DELETE"].append(name)
            elif self._policy.delete == "DEPRECATE_IN_DATABASE" and DEPRECATED_PARAMETER not in table["Parameters"]:
                parameters = {**table["Parameters"], DEPRECATED_PARAMETER: str(int(time.time() * 1000))}
                self._put(table, {"Parameters": parameters})

    def _free_name(self, location: str) -> str:
        name = table_name(location, self._prefix)
        return with_hash(name, location) if name in self._tables else name

    def _update_table(self, there: Params, found: Params) -> Params:
        if self._policy.merge_columns:
            found = _with_new_columns(there, found)
        # key names of its own, as a person may have given them, are kept
        found = {**found, "PartitionKeys": there["PartitionKeys"]}
        if _same(there, found) and DEPRECATED_PARAMETER not in there.get("Parameters", {}):
            return there
        parameters = {**there.get("Parameters", {}), **found["Parameters"]}
        parameters.pop(DEPRECATED_PARAMETER, None)
        return self._put(there, {**found, "Parameters": parameters})

    def _put(self, there: Params, changes: Params) -> Params:
        known = service_model("glue").shape_for("TableInput").members  # type: ignore[attr-defined]
        table = {**{name: value for name, value in there.items() if name in known}, **changes}
        self._glue("UpdateTable", {"DatabaseName": self._database, "TableInput": table})
        self._tables[table["Name"]] = table
        self.summary.tables["UPDATE"].append(table["Name"])
        return table

    def _partition(self, table: Params, values: Sequence[str], location: str, schema: Schema) -> Params:
        found = partition_input(values, location, schema, self._author)
        if self._policy.inherit:
            storage = {**table["StorageDescriptor"], "Location": location}
            storage["Parameters"] = found["StorageDescriptor"]["Parameters"]
            found["StorageDescriptor"] = storage
        return found

    def _create_partitions(self, table: str, inputs: Sequence[Params]) -> None:
        for batch in _batches(inputs, CREATE_BATCH):
            self._glue("BatchCreatePartition", {**self._at(table), "PartitionInputList": batch})
        self._note("ADD", table, (found["Values"] for found in inputs))

    def _update_partitions(self, table: str, inputs: Sequence[Params]) -> None:
        for batch in _batches(inputs, UPDATE_BATCH):
            entries = [{"PartitionValueList": found["Values"], "PartitionInput": found} for found in batch]
            self._glue("BatchUpdatePartition", {**self._at(table), "Entries": entries})
        self._note("UPDATE", table, (found["Values"] for found in inputs))

    def _delete_partitions(self, table: str, values: Sequence[list[str]]) -> None:
        for batch in _batches(values, DELETE_BATCH):
            unwanted = [{"Values": value} for value in batch]
            self._glue("BatchDeletePartition", {**self._at(table), "PartitionsToDelete": unwanted})
        self._note("DELETE", table, values)

    def _note(self, action: str, table: str, values: Iterator[list[str]] | Sequence[list[str]]) -> None:
        self.summary.partitions[action] += [f"{table}/{'/'.join(value)}" for value in values]

    def _at(self, table: str) -> Params:
        return {"DatabaseName": self._database, "TableName": table}

    def _pages(self, operation: str, member: str, table: str | None = None) -> Iterator[Params]:
        params: Params = {"DatabaseName": self._database, **({"TableName": table} if table else {})}
        while True:
            answer = self._glue(operation, params)
            yield from answer[member]
            if not answer.get("NextToken"):
                return
            params["NextToken"] = answer["NextToken"]


def _folder(location: str) -> str:
    return location.rstrip("/")


def _batches(items: Sequence, size: int) -> Iterator[Sequence]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _same(there: Params, found: Params) -> bool:
    """Whether all that was found is in the catalog already; what others have added beside it does not count."""
    for name, value in found.items():
        if isinstance(value, dict):
            if not _same(there.get(name, {}), value):
                return False
        elif there.get(name) != value:
            return False
    return True


def _with_new_columns(there: Params, found: Params) -> Params:
    """The table as it is, and after its columns those that are new."""
    storage = there["StorageDescriptor"]
    names = {column["Name"] for column in storage["Columns"]}
    new = [column for column in found["StorageDescriptor"]["Columns"] if column["Name"] not in names]
    parameters = {**storage.get("Parameters", {}), **found["Parameters"]}
    columns = [*storage["Columns"], *new]
    return {**found, "StorageDescriptor": {**storage, "Columns": columns, "Parameters": parameters}}
