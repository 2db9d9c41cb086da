from __future__ import annotations

import dataclasses
from typing import Any

import pytest


def test_a_database_comes_back_as_it_was_made(glue: Any) -> None:
    glue("CreateDatabase", DatabaseInput={"Name": "Sales", "Description": "d", "Parameters": {"owner": "Ann"}})
    database = glue("GetDatabase", Name="SALES")["Database"]
    assert database.pop("CreateTime") > 1_600_000_000
    assert database == {
        "Name": "sales",
        "Description": "d",
        "Parameters": {"owner": "Ann"},
        "CatalogId": "000000000000",
    }


def test_update_replaces_the_input(glue: Any) -> None:
    glue("CreateDatabase", DatabaseInput={"Name": "sales", "Description": "old"})
    glue("UpdateDatabase", Name="sales", DatabaseInput={"Name": "sales", "LocationUri": "s3://lake/"})
    database = glue("GetDatabase", Name="sales")["Database"]
    assert database["LocationUri"] == "s3://lake/"
    assert "Description" not in database


def test_paging_gives_every_database_once(glue: Any) -> None:
    for name in "dbcae":
        glue("CreateDatabase", DatabaseInput={"Name": name})
    pages, token = [], {}
    while True:
        answer = glue("GetDatabases", MaxResults=2, **token)
        pages.append([database["Name"] for database in answer["DatabaseList"]])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


def test_delete_takes_the_tables_along(sales: Any) -> None:
    sales("CreatePartition", DatabaseName="sales", TableName="orders", PartitionInput={"Values": ["2024-01-01", "1"]})
    sales("DeleteDatabase", Name="sales")
    assert sales("GetDatabases")["DatabaseList"] == []
    assert sales.service.file.rows("select 1 from tables") == []
    assert sales.service.file.rows("select 1 from partitions") == []


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateDatabase",
            {"DatabaseInput": {"Name": "SALES"}},
            "AlreadyExistsException",
            "Database already exists.",
            id="create-twice",
        ),
        pytest.param("GetDatabase", {"Name": "x"}, "EntityNotFoundException", "Database x not found.", id="get"),
        pytest.param("DeleteDatabase", {"Name": "x"}, "EntityNotFoundException", "Database x not found.", id="delete"),
        pytest.param(
            "UpdateDatabase",
            {"Name": "x", "DatabaseInput": {"Name": "x"}},
            "EntityNotFoundException",
            "Database x not found.",
            id="update",
        ),
        pytest.param(
            "UpdateDatabase",
            {"Name": "sales", "DatabaseInput": {"Name": "other"}},
            "InvalidInputException",
            "Renaming a database is not supported.",
            id="rename",
        ),
        pytest.param(
            "GetDatabases", {"NextToken": "???"}, "InvalidInputException", "Invalid NextToken.", id="bad-token"
        ),
        pytest.param(
            "GetDatabase",
            {"Name": "sales", "CatalogId": "111111111111"},
            "AccessDeniedException",
            "User: arn:aws:iam::000000000000:root is not authorized to use the catalog of account 111111111111",
            id="other-account",
        ),
        pytest.param(
            "CreateDatabase",
            {"DatabaseInput": {"Name": "link", "TargetDatabase": {"CatalogId": "1", "DatabaseName": "d"}}},
            "NotImplementedException",
            "TargetDatabase: the local AWS has neither resource links nor federated databases.",
            id="resource-link",
        ),
    ],
)
def test_errors(sales: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with sales.fails(code, message):
        sales(operation, **params)


def test_accounts_and_regions_are_apart(sales: Any, root: Any) -> None:
    sales.caller = dataclasses.replace(root, region="eu-west-1")
    assert sales("GetDatabases")["DatabaseList"] == []
