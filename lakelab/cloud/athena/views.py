"""Views as Athena keeps them in the catalog: Presto's JSON, in base64, in ViewOriginalText."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from lakelab.cloud.athena.catalog import CATALOG, Params, Table
from lakelab.cloud.athena.errors import QueryError

_PREFIX, _SUFFIX = "/* Presto View: ", " */"


@dataclass(frozen=True)
class ViewDefinition:
    """A view's query, the database that its names start from, and its columns with Trino types."""

    sql: str
    catalog: str
    database: str
    columns: tuple[tuple[str, str], ...]


def encode(view: ViewDefinition) -> str:
    """The ViewOriginalText of a view."""
    document = {
        "originalSql": view.sql,
        "catalog": view.catalog,
        "schema": view.database,
        "columns": [{"name": name, "type": type_} for name, type_ in view.columns],
    }
    return _PREFIX + base64.b64encode(json.dumps(document).encode()).decode() + _SUFFIX


def decode(table: Table) -> ViewDefinition:
    """The definition of a view.

    Raises:
        QueryError: it was not made by Athena or Presto, as Hive's views are not.
    """
    text = (table.raw.get("ViewOriginalText") or "").strip()
    if not (text.startswith(_PREFIX.strip()) and text.endswith(_SUFFIX.strip())):
        raise QueryError("INVALID_VIEW", f"View '{table.full_name}' is not a Presto view: Hive views are not supported")
    try:
        encoded = text.removeprefix(_PREFIX.strip()).removesuffix(_SUFFIX.strip())
        document = json.loads(base64.b64decode(encoded))
        return ViewDefinition(
            document["originalSql"],
            document.get("catalog") or CATALOG,
            document.get("schema") or table.database,
            tuple((column["name"], column["type"]) for column in document["columns"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError("INVALID_VIEW", f"Invalid view definition of '{table.full_name}': {error}") from error


def table_input(
    name: str, view: ViewDefinition, hive_columns: Sequence[tuple[str, str]], comment: str | None
) -> Params:
    """The TableInput of a view; `hive_columns` are its columns with Hive types."""
    return {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": comment or "Presto View"},
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": type_} for column, type_ in hive_columns],
            "Location": "",
            "SerdeInfo": {},
        },
        "PartitionKeys": [],
        "ViewOriginalText": encode(view),
        "ViewExpandedText": "/* Presto View */",
    }
