"""The Glue Data Catalog as a statement sees it: databases, tables and partitions, with the caller's permissions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.model import Session
from lakelab.cloud.athena.statements import Name
from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import AwsError

Params = dict[str, Any]

CATALOG = "awsdatacatalog"
INFORMATION_SCHEMA = "information_schema"
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The partition value that stands for NULL, in folder names and in the catalog."""


class Invoke(Protocol):
    """Calls an operation of a lake service in this process; raises AwsError as the service would answer."""

    def __call__(self, service: str, operation: str, params: Params, caller: Caller) -> Params: ...


@dataclass(frozen=True)
class TableRef:
    """A table's full name, in lower case; `suffix` is what follows a `$` (`partitions`, `snapshots`)."""

    database: str
    table: str
    suffix: str = ""
    catalog: str = CATALOG

    def __str__(self) -> str:
        return f"{self.catalog}.{self.database}.{self.table}" + (f"${self.suffix}" if self.suffix else "")


@dataclass(frozen=True)
class Field:
    """A column of a table in the catalog, with its Hive type."""

    name: str
    type: str
    comment: str | None = None


@dataclass(frozen=True)
class Storage:
    """Where and how the data of a table or a partition is kept. `location` has no trailing slash."""

    location: str
    input_format: str = ""
    serde: str = ""
    serde_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Partition:
    """A registered partition: its values as text, in the order of the keys, and its own storage."""

    values: tuple[str, ...]
    storage: Storage


@dataclass(frozen=True)
class Table:
    """A table or view of the catalog; `raw` is Glue's own answer."""

    database: str
    name: str
    columns: tuple[Field, ...]
    keys: tuple[Field, ...]
    storage: Storage
    properties: Mapping[str, str]
    raw: Params

    @property
    def is_view(self) -> bool:
        return self.raw.get("TableType") == "VIRTUAL_VIEW"

    @property
    def is_iceberg(self) -> bool:
        return self.properties.get("table_type", "").upper() == "ICEBERG"

    @property
    def full_name(self) -> str:
        return f"{CATALOG}.{self.database}.{self.name}"

    def input(self) -> Params:
        """The TableInput that would write this table as it is."""
        return {name: value for name, value in self.raw.items() if name in _TABLE_INPUT and value is not None}


_TABLE_INPUT = {
    "Name", "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention", "StorageDescriptor",
    "PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters", "TargetTable",
}  # fmt: skip


class Catalog:
    """The catalog in the name of one caller, from the database of one session."""

    def __init__(self, invoke: Invoke, session: Session):
        self._invoke = invoke
        self._session = session
        self._tables: dict[tuple[str, str], Table] = {}

    def call(self, operation: str, **params: Any) -> Params:
        """One Glue operation."""
        return self._invoke("glue", operation, params, self._session.caller)

    # ---- names

    def resolve(self, name: Name) -> TableRef:
        """The full name of a table.

        Raises:
            QueryError: the catalog is not the Data Catalog, or the name has no database and the session neither.
        """
        parts = list(name.parts)
        table = parts.pop()
        catalog = parts.pop(0) if len(parts) == 2 else self._session.catalog
        self.check_catalog(catalog)
        database = parts[0] if parts else self._session.database.lower()
        if not database:
            raise QueryError("MISSING_SCHEMA_NAME", "line 1:1: Schema must be specified when session schema is not set")
        table, _, suffix = table.partition("$")
        return TableRef(database, table, suffix)

    def resolve_database(self, name: Name | None) -> str:
        """The name of a database; the session's own when none is given."""
        if name is None:
            if not self._session.database:
                raise QueryError(
                    "MISSING_SCHEMA_NAME", "line 1:1: Schema must be specified when session schema is not set"
                )
            return self._session.database.lower()
        if len(name.parts) == 2:
            self.check_catalog(name.parts[0])
        return name.last

    def check_catalog(self, catalog: str) -> None:
        if catalog and catalog.lower() not in (CATALOG, "hive"):
            raise QueryError("CATALOG_NOT_FOUND", f"line 1:1: Catalog '{catalog}' does not exist")

    # ---- reading

    def databases(self) -> Iterator[str]:
        for database in self._pages("GetDatabases", "DatabaseList"):
            yield database["Name"]

    def has_database(self, name: str) -> bool:
        try:
            self.call("GetDatabase", Name=name)
        except AwsError as error:
            if error.code != "EntityNotFoundException":
                raise
            return False
        return True

    def database(self, name: str) -> Params:
        return self.call("GetDatabase", Name=name)["Database"]

    def tables(self, database: str) -> Iterator[Table]:
        for raw in self._pages("GetTables", "TableList", DatabaseName=database):
            yield _table(raw)

    def find(self, ref: TableRef) -> Table | None:
        """A table, or None where there is no such table or database."""
        known = self._tables.get((ref.database, ref.table))
        if known is not None:
            return known
        try:
            raw = self.call("GetTable", DatabaseName=ref.database, Name=ref.table)["Table"]
        except AwsError as error:
            if error.code != "EntityNotFoundException":
                raise
            return None
        table = self._tables[ref.database, ref.table] = _table(raw)
        return table

    def partitions(self, table: Table, expression: str = "") -> Iterator[Partition]:
        """The registered partitions, those alone that `expression` (Glue's) lets through."""
        params = {"DatabaseName": table.database, "TableName": table.name, "ExcludeColumnSchema": True}
        if expression:
            params["Expression"] = expression
        for raw in self._pages("GetPartitions", "Partitions", **params):
            storage = _storage(raw.get("StorageDescriptor") or {})
            if not storage.serde:
                storage = Storage(
                    storage.location, table.storage.input_format, table.storage.serde, table.storage.serde_properties
                )
            yield Partition(tuple(raw["Values"]), storage)

    def _pages(self, operation: str, member: str, **params: Any) -> Iterator[Params]:
        while True:
            answer = self.call(operation, **params)
            yield from answer.get(member, ())
            if not answer.get("NextToken"):
                return
            params["NextToken"] = answer["NextToken"]

    # ---- writing

    def create_table(self, database: str, table_input: Params) -> None:
        self.call("CreateTable", DatabaseName=database, TableInput=table_input)

    def update_table(self, table: Table, table_input: Params) -> None:
        self._tables.pop((table.database, table.name), None)
        self.call("UpdateTable", DatabaseName=table.database, TableInput=table_input)

    def drop_table(self, ref: TableRef | Table) -> None:
        name = ref.table if isinstance(ref, TableRef) else ref.name
        self._tables.pop((ref.database, name), None)
        self.call("DeleteTable", DatabaseName=ref.database, Name=name)

    def add_partitions(self, table: Table, partitions: Iterable[tuple[tuple[str, ...], str]]) -> list[tuple[str, ...]]:
        """Register (values, location) pairs; answers the values of those that were there already."""
        existing: list[tuple[str, ...]] = []
        descriptor = table.raw.get("StorageDescriptor") or {}
        inputs = [
            {"Values": list(values), "StorageDescriptor": {**descriptor, "Location": location}}
            for values, location in partitions
        ]
        for batch in _batches(inputs, 100):
            answer = self.call(
                "BatchCreatePartition",
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInputList=batch,
            )
            for failure in answer.get("Errors", ()):
                detail = failure["ErrorDetail"]
                if detail["ErrorCode"] != "AlreadyExistsException":
                    raise AwsError(detail.get("ErrorMessage", ""), code=detail["ErrorCode"])
                existing.append(tuple(failure["PartitionValues"]))
        return existing

    def drop_partitions(self, table: Table, values: Iterable[tuple[str, ...]]) -> None:
        for batch in _batches([{"Values": list(each)} for each in values], 25):
            self.call(
                "BatchDeletePartition",
                DatabaseName=table.database,
                TableName=table.name,
                PartitionsToDelete=batch,
            )


def _batches(items: list[Params], size: int) -> Iterator[list[Params]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _table(raw: Params) -> Table:
    descriptor = raw.get("StorageDescriptor") or {}
    return Table(
        database=raw["DatabaseName"],
        name=raw["Name"],
        columns=tuple(_field(column) for column in descriptor.get("Columns", ()) if _is_current(column)),
        keys=tuple(_field(column) for column in raw.get("PartitionKeys") or ()),
        storage=_storage(descriptor),
        properties=raw.get("Parameters") or {},
        raw=raw,
    )


def _is_current(column: Params) -> bool:
    """Whether an Iceberg table still has a column: Glue lists those of older schemas too."""
    return (column.get("Parameters") or {}).get("iceberg.field.current") != "false"


def _field(raw: Params) -> Field:
    return Field(raw["Name"].lower(), raw.get("Type", "string"), raw.get("Comment"))


def _storage(descriptor: Params) -> Storage:
    serde = descriptor.get("SerdeInfo") or {}
    return Storage(
        location=(descriptor.get("Location") or "").rstrip("/"),
        input_format=descriptor.get("InputFormat") or "",
        serde=serde.get("SerializationLibrary") or "",
        serde_properties=serde.get("Parameters") or {},
    )


# ---- partition values and folder names ------------------------------------------------------------------------------

# what Hive escapes in the name of a partition's folder (org.apache.hadoop.hive.common.FileUtils)
_ESCAPED = re.compile(r"""[\x00-\x1f"#%'*/:=?\\\x7f{}\[\]^]""")


def partition_folder(keys: Iterable[str], values: Iterable[str]) -> str:
    """`year=2024/note=a%2Fb` of partition values, as Hive names the folder."""
    return "/".join(
        f"{key}={_ESCAPED.sub(lambda match: f'%{ord(match.group()):02X}', value)}"
        for key, value in zip(keys, values, strict=True)
    )


def partition_values(path: str, keys: list[str], unquote: Callable[[str], str]) -> tuple[str, ...] | None:
    """The values in a folder name such as `year=2024/month=1`; None when it does not name all the keys in order."""
    values = []
    for key, part in zip(keys, path.split("/"), strict=False):
        name, equals, value = part.partition("=")
        if not equals or name.lower() != key:
            return None
        values.append(unquote(value))
    return tuple(values) if len(values) == len(keys) else None
