"""Databases and tables, read from Glue."""

from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.errors import AwsError

CATALOG = {"CatalogName": "AwsDataCatalog"}
TABLE = {
    "Name": "orders",
    "Description": "all orders",
    "TableType": "EXTERNAL_TABLE",
    "StorageDescriptor": {
        "Columns": [{"Name": "id", "Type": "int", "Comment": "key"}, {"Name": "total", "Type": "decimal(10,2)"}],
        "Location": "s3://lake/orders/",
        "InputFormat": "in",
        "OutputFormat": "out",
        "SerdeInfo": {"SerializationLibrary": "serde", "Parameters": {"serialization.format": "1"}},
    },
    "PartitionKeys": [{"Name": "dt", "Type": "date"}],
    "Parameters": {"EXTERNAL": "TRUE"},
}


def refusing(code: str, message: str) -> Any:
    def answer(params: object) -> Any:
        raise AwsError(message, code=code)

    return answer


def test_a_table_with_all_that_clients_read_of_it(athena: Any) -> None:
    athena.glue["GetTable"] = lambda params: {"Table": TABLE}
    table = athena("GetTableMetadata", **CATALOG, DatabaseName="sales", TableName="orders")["TableMetadata"]
    assert table["Name"] == "orders"
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Columns"] == [
        {"Name": "id", "Type": "int", "Comment": "key"},
        {"Name": "total", "Type": "decimal(10,2)"},
    ]
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "date"}]
    # the names that the example of https://docs.aws.amazon.com/cli/latest/reference/athena/get-table-metadata.html has
    assert table["Parameters"] == {
        "EXTERNAL": "TRUE",
        "comment": "all orders",
        "location": "s3://lake/orders/",
        "inputformat": "in",
        "outputformat": "out",
        "serde.serialization.lib": "serde",
        "serde.param.serialization.format": "1",
    }


def test_databases_come_in_pages_from_all_of_glues(athena: Any) -> None:
    pages = {None: (["b", "c"], "more"), "more": (["a"], None)}

    def get_databases(params: dict) -> dict:
        names, token = pages[params.get("NextToken")]
        return {"DatabaseList": [{"Name": name} for name in names], "NextToken": token}

    athena.glue["GetDatabases"] = get_databases
    first = athena("ListDatabases", **CATALOG, MaxResults=2)
    second = athena("ListDatabases", **CATALOG, MaxResults=2, NextToken=first["NextToken"])
    assert [database["Name"] for database in first["DatabaseList"] + second["DatabaseList"]] == ["a", "b", "c"]
    assert "NextToken" not in second


def test_tables_are_chosen_by_an_expression(athena: Any) -> None:
    tables = [TABLE | {"Name": name} for name in ("orders", "order_lines", "rides")]
    athena.glue["GetTables"] = lambda params: {"TableList": tables}
    found = athena("ListTableMetadata", **CATALOG, DatabaseName="sales", Expression="order.*")["TableMetadataList"]
    assert [table["Name"] for table in found] == ["order_lines", "orders"]
    refused = athena.refusal("ListTableMetadata", **CATALOG, DatabaseName="sales", Expression="(")
    assert refused.code == "MetadataException"


def test_a_quoted_database_name(athena: Any) -> None:
    athena.glue["GetDatabase"] = lambda params: {"Database": {"Name": params["Name"], "Parameters": {"a": "b"}}}
    assert athena("GetDatabase", **CATALOG, DatabaseName="`Sales`")["Database"] == {
        "Name": "sales",
        "Parameters": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("code", "text", "shown"),
    [
        # the text of AWS's answers: https://github.com/DyfanJones/noctua/issues/205
        pytest.param("EntityNotFoundException", "Table x not found.", "Entity Not Found", id="not there"),
        pytest.param("AccessDeniedException", "User may not", "User may not", id="not allowed"),
    ],
)
def test_glue_refuses(athena: Any, code: str, text: str, shown: str) -> None:
    athena.glue["GetTable"] = refusing(code, text)
    refused = athena.refusal("GetTableMetadata", **CATALOG, DatabaseName="sales", TableName="x")
    assert refused.code == "MetadataException"
    assert refused.message.startswith(
        f"{shown} (Service: AmazonDataCatalog; Status Code: 400; Error Code: {code}; Request ID: "
    )
