"""What the parts of the catalog say to each other: its scope, and its entities as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import AccessDenied, NotImplementedHere
from lakelab.cloud.wire import Params


@dataclass(frozen=True)
class Scope:
    """The account and the region whose catalog a request works on."""

    account: str
    region: str

    @classmethod
    def of(cls, caller: Caller, params: Params) -> Scope:
        """The catalog that `CatalogId` names, the caller's own by default.

        Raises:
            AccessDenied: the catalog of another account; grants across accounts are not kept here.
            NotImplementedHere: a catalog within the account's catalog, as those of S3 Tables and Redshift.
        """
        catalog = params.get("CatalogId") or caller.account
        if "/" in catalog or ":" in catalog:
            raise NotImplementedHere(f"Catalog {catalog}: the local AWS has the default catalog of an account only.")
        if catalog != caller.account:
            raise AccessDenied(f"User: {caller.arn} is not authorized to use the catalog of account {catalog}")
        return cls(caller.account, caller.region)


@dataclass(frozen=True)
class Database:
    """A database: its DatabaseInput, and what the catalog adds."""

    id: int
    name: str
    input: Params
    created: float

    def answer(self, scope: Scope) -> Params:
        """The `Database` structure."""
        return {
            **self.input,
            "Name": self.name,
            "CreateTime": moment(self.created),
            "CatalogId": scope.account,
        }


@dataclass(frozen=True)
class Table:
    """One version of a table: its TableInput, and what the catalog adds."""

    id: int
    database: str
    name: str
    version: int
    input: Params
    created: float
    updated: float
    created_by: str

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The (name, type) of the partition keys."""
        return [(key["Name"], key.get("Type", "string")) for key in self.input.get("PartitionKeys", ())]

    def answer(self, scope: Scope) -> Params:
        """The `Table` structure. It has no empty field that a TableInput would be refused for: clients feed it back."""
        return {
            "Retention": 0,
            "PartitionKeys": [],
            **with_times(self.input),
            "Name": self.name,
            "DatabaseName": self.database,
            "CreateTime": moment(self.created),
            "UpdateTime": moment(self.updated),
            "CreatedBy": self.created_by,
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": scope.account,
            "VersionId": str(self.version),
        }

    def version_answer(self, scope: Scope) -> Params:
        """The `TableVersion` structure."""
        return {"Table": self.answer(scope), "VersionId": str(self.version)}


@dataclass(frozen=True)
class Partition:
    """A partition: its PartitionInput, and what the catalog adds."""

    id: int
    input: Params
    created: float

    def answer(self, scope: Scope, table: Table, *, columns: bool = True) -> Params:
        """The `Partition` structure, with or without the columns of its storage descriptor."""
        answer = {
            **with_times(self.input),
            "DatabaseName": table.database,
            "TableName": table.name,
            "CreationTime": moment(self.created),
            "CatalogId": scope.account,
        }
        storage = answer.get("StorageDescriptor")
        if storage and not columns:
            answer["StorageDescriptor"] = {name: value for name, value in storage.items() if name != "Columns"}
        return answer


def moment(seconds: float) -> datetime:
    """The time of day, in UTC and whole seconds as Glue keeps them, of seconds since 1970."""
    return datetime.fromtimestamp(int(seconds), UTC)


_TIMES = ("LastAccessTime", "LastAnalyzedTime")


def without_times(document: Params) -> Params:
    """A TableInput or PartitionInput with its timestamps as seconds, for JSON."""
    times = {name: document[name].timestamp() for name in _TIMES if name in document}
    return {**document, **times} if times else document


def with_times(document: Params) -> Params:
    """The reverse of `without_times`."""
    times = {name: datetime.fromtimestamp(document[name], UTC) for name in _TIMES if name in document}
    return {**document, **times} if times else document


def with_storage_defaults(document: Params) -> Params:
    """A TableInput or PartitionInput whose storage descriptor has the values that AWS fills in."""
    storage = document.get("StorageDescriptor")
    if storage is None:
        return document
    defaults: dict[str, Any] = {
        "Columns": [],
        "Compressed": False,
        "NumberOfBuckets": 0,
        "BucketColumns": [],
        "SortColumns": [],
        "StoredAsSubDirectories": False,
    }
    return {**document, "StorageDescriptor": {**defaults, **storage}}
