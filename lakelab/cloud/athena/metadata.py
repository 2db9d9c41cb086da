"""Databases and tables of the Glue catalog as Athena's API shows them.

Every answer comes from Glue, asked with the caller's own permissions.
"""

from __future__ import annotations

import re
from typing import Any

from lakelab.cloud.athena.catalog import Invoke
from lakelab.cloud.athena.exceptions import MetadataError
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.store import Document
from lakelab.cloud.errors import AwsError
from lakelab.cloud.wire import Call


class Metadata:
    def __init__(self, invoke: Invoke):
        self._invoke = invoke

    def database(self, call: Call, name: str) -> Document:
        return _database(self._glue(call, "GetDatabase", {"Name": name})["Database"])

    def databases(self, call: Call, params: dict[str, Any]) -> Document:
        found = sorted(self._all(call, "GetDatabases", {}, "DatabaseList"), key=lambda database: database["Name"])
        shown, token = page(found, params, key=lambda database: database["Name"])
        return {"DatabaseList": [_database(database) for database in shown], "NextToken": token}

    def table(self, call: Call, database: str, name: str) -> Document:
        return _table(self._glue(call, "GetTable", {"DatabaseName": database, "Name": name})["Table"])

    def tables(self, call: Call, params: dict[str, Any]) -> Document:
        """The tables of a database whose names match the request's regular expression."""
        query = {"DatabaseName": params["DatabaseName"]}
        found = sorted(self._all(call, "GetTables", query, "TableList"), key=lambda table: table["Name"])
        if params.get("Expression"):
            found = [table for table in found if _matches(params["Expression"], table["Name"])]
        shown, token = page(found, params, key=lambda table: table["Name"])
        return {"TableMetadataList": [_table(table) for table in shown], "NextToken": token}

    def _all(self, call: Call, operation: str, params: Document, member: str) -> list[Document]:
        items: list[Document] = []
        answer: Document = {}
        while True:
            answer = self._glue(call, operation, params | {"NextToken": answer.get("NextToken")})
            items += answer[member]
            if not answer.get("NextToken"):
                return items

    def _glue(self, call: Call, operation: str, params: Document) -> Document:
        given = {name: value for name, value in params.items() if value is not None}
        try:
            return self._invoke("glue", operation, given, call.caller)
        except AwsError as error:
            raise MetadataError(
                f"{'Entity Not Found' if error.code == 'EntityNotFoundException' else error.message} "
                f"(Service: AmazonDataCatalog; Status Code: {error.status}; Error Code: {error.code}; "
                f"Request ID: {call.request_id}; Proxy: null)"
            ) from error


def _matches(expression: str, name: str) -> bool:
    try:
        return re.fullmatch(expression, name, re.IGNORECASE) is not None
    except re.error as error:
        raise MetadataError(f"Invalid expression {expression}: {error}") from error


def _database(database: Document) -> Document:
    return {
        "Name": database["Name"],
        "Description": database.get("Description"),
        "Parameters": database.get("Parameters"),
    }


def _table(table: Document) -> Document:
    return {
        "Name": table["Name"],
        "CreateTime": table.get("CreateTime"),
        "LastAccessTime": table.get("LastAccessTime"),
        "TableType": table.get("TableType"),
        "Columns": [_column(column) for column in table.get("StorageDescriptor", {}).get("Columns", [])],
        "PartitionKeys": [_column(column) for column in table.get("PartitionKeys", [])],
        "Parameters": _parameters(table),
    }


def _column(column: Document) -> Document:
    return {name: column.get(name) for name in ("Name", "Type", "Comment")}


def _parameters(table: Document) -> dict[str, str]:
    """The table's parameters with what Glue keeps beside them: the comment and how and where the data is stored."""
    descriptor = table.get("StorageDescriptor", {})
    serde = descriptor.get("SerdeInfo", {})
    stored = {
        "comment": table.get("Description"),
        "location": descriptor.get("Location"),
        "inputformat": descriptor.get("InputFormat"),
        "outputformat": descriptor.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    stored |= {f"serde.param.{name}": value for name, value in serde.get("Parameters", {}).items()}
    return dict(table.get("Parameters", {})) | {name: value for name, value in stored.items() if value}
