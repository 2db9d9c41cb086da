from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lakelab.cloud.errors import AwsError
from lakelab.cloud.wire import service_model


def names(answer: dict[str, Any]) -> list[str]:
    return [table["Name"] for table in answer["TableList"]]


def test_a_table_comes_back_as_it_was_made(glue: Any, table_input: Any) -> None:
    glue("CreateDatabase", DatabaseInput={"Name": "sales"})
    glue(
        "CreateTable", DatabaseName="Sales", TableInput=table_input("Orders", Owner="ann", LastAccessTime=1_700_000_000)
    )
    table = glue("GetTable", DatabaseName="SALES", Name="ORDERS")["Table"]
    assert table.pop("CreateTime") == table.pop("UpdateTime") > 1_600_000_000
    assert table == {
        "Name": "orders",
        "DatabaseName": "sales",
        "Owner": "ann",
        "LastAccessTime": 1_700_000_000,
        "Retention": 0,
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "bigint"}],
            "Location": "s3://lake/Orders/",
            "Compressed": False,
            "NumberOfBuckets": 0,
            "BucketColumns": [],
            "SortColumns": [],
            "StoredAsSubDirectories": False,
        },
        "PartitionKeys": [],
        "CreatedBy": "arn:aws:iam::000000000000:root",
        "IsRegisteredWithLakeFormation": False,
        "CatalogId": "000000000000",
        "VersionId": "0",
    }


def test_an_answer_can_be_fed_back_as_input(sales: Any) -> None:
    """As awswrangler, pyiceberg and dbt-athena do: GetTable, keep what TableInput knows, UpdateTable."""
    known: Any = service_model("glue").shape_for("TableInput")
    before = sales("GetTable", DatabaseName="sales", Name="orders")["Table"]
    fed_back = {name: value for name, value in before.items() if name in known.members}
    sales("UpdateTable", DatabaseName="sales", TableInput=fed_back)
    after = sales("GetTable", DatabaseName="sales", Name="orders")["Table"]
    assert {**before, "VersionId": "1", "UpdateTime": after["UpdateTime"]} == after


@pytest.mark.fidelity("glue", "GetTables Expression", "exact")
@pytest.mark.parametrize(
    ("expression", "found"),
    [
        pytest.param(None, ["orders", "sales_a", "sales_b", "wholesales"], id="all"),
        pytest.param("sales_.*", ["sales_a", "sales_b"], id="whole-name"),
        pytest.param(".*sales.*", ["sales_a", "sales_b", "wholesales"], id="contains"),
        pytest.param("sales*", ["sales_a", "sales_b"], id="prefix, as awswrangler asks"),
        pytest.param("*sales*", ["sales_a", "sales_b", "wholesales"], id="contains, as awswrangler asks"),
        pytest.param("sales", [], id="no-part-of-a-name"),
        pytest.param("SALES_A|orders", ["orders", "sales_a"], id="alternatives-any-case"),
    ],
)
def test_get_tables_by_regular_expression(
    sales: Any, table_input: Any, expression: str | None, found: list[str]
) -> None:
    for name in ("sales_b", "wholesales", "sales_a"):
        sales("CreateTable", DatabaseName="sales", TableInput=table_input(name))
    params = {} if expression is None else {"Expression": expression}
    assert names(sales("GetTables", DatabaseName="sales", **params)) == found


def test_get_tables_pages_through_matches(sales: Any, table_input: Any) -> None:
    for name in ("t3", "t1", "x", "t2"):
        sales("CreateTable", DatabaseName="sales", TableInput=table_input(name))
    first = sales("GetTables", DatabaseName="sales", Expression="t.", MaxResults=2)
    second = sales("GetTables", DatabaseName="sales", Expression="t.", MaxResults=2, NextToken=first["NextToken"])
    assert (names(first), names(second)) == (["t1", "t2"], ["t3"])
    assert "NextToken" not in second


def test_get_tables_gives_only_the_wanted_attributes(sales: Any) -> None:
    answer = sales("GetTables", DatabaseName="sales", AttributesToGet=["NAME"])
    assert answer["TableList"] == [{"Name": "orders"}]


@pytest.mark.fidelity("glue", "table versions", "exact")
def test_update_archives_the_version_before(sales: Any, table_input: Any) -> None:
    for number in (1, 2, 3):
        sales(
            "UpdateTable",
            DatabaseName="sales",
            TableInput=table_input("orders", Description=f"d{number}"),
            SkipArchive=number == 2,
        )
    versions = sales("GetTableVersions", DatabaseName="sales", TableName="orders")["TableVersions"]
    found = [(version["VersionId"], version["Table"].get("Description")) for version in versions]
    assert found == [("3", "d3"), ("2", "d2"), ("0", None)]  # 1 was written over, as SkipArchive asks
    old = sales("GetTableVersion", DatabaseName="sales", TableName="orders", VersionId="0")["TableVersion"]
    assert old["Table"]["VersionId"] == "0"


def test_versions_page_and_can_be_deleted(sales: Any, table_input: Any) -> None:
    for _ in range(4):
        sales("UpdateTable", DatabaseName="sales", TableInput=table_input("orders"))
    where = {"DatabaseName": "sales", "TableName": "orders"}
    first = sales("GetTableVersions", **where, MaxResults=3)
    second = sales("GetTableVersions", **where, MaxResults=3, NextToken=first["NextToken"])
    assert [v["VersionId"] for v in first["TableVersions"] + second["TableVersions"]] == ["4", "3", "2", "1", "0"]
    sales("DeleteTableVersion", **where, VersionId="1")
    assert sales("BatchDeleteTableVersion", **where, VersionIds=["0", "1", "2"])["Errors"] == [
        {
            "TableName": "orders",
            "VersionId": "1",
            "ErrorDetail": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Version not found."},
        }
    ]
    assert [v["VersionId"] for v in sales("GetTableVersions", **where)["TableVersions"]] == ["4", "3"]


def test_batch_delete_deletes_what_there_is(sales: Any) -> None:
    errors = sales("BatchDeleteTable", DatabaseName="sales", TablesToDelete=["orders", "missing"])["Errors"]
    assert errors == [
        {
            "TableName": "missing",
            "ErrorDetail": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Table missing not found"},
        }
    ]
    assert names(sales("GetTables", DatabaseName="sales")) == []


@pytest.mark.fidelity("glue", "UpdateTable with VersionId", "exact")
def test_of_two_writers_of_one_version_one_wins(sales: Any, table_input: Any) -> None:
    def write(writer: int) -> str:
        try:
            sales("UpdateTable", DatabaseName="sales", TableInput=table_input("orders"), VersionId="0")
        except AwsError as error:
            return error.code
        return "written"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(write, range(8)))
    assert outcomes == ["ConcurrentModificationException"] * 7 + ["written"]


def test_eight_writers_without_version_ids_all_write_a_version(sales: Any, table_input: Any) -> None:
    def write(writer: int) -> None:
        for number in range(5):
            text = f"{writer}-{number}"
            sales("UpdateTable", DatabaseName="sales", TableInput=table_input("orders", Description=text))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    versions = sales("GetTableVersions", DatabaseName="sales", TableName="orders")["TableVersions"]
    assert [version["VersionId"] for version in versions] == [str(number) for number in range(40, -1, -1)]
    written = {version["Table"]["Description"] for version in versions[:-1]}
    assert written == {f"{writer}-{number}" for writer in range(8) for number in range(5)}


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateTable",
            {"TableInput": {"Name": "Orders"}},
            "AlreadyExistsException",
            "Table already exists.",
            id="create-twice",
        ),
        pytest.param(
            "CreateTable",
            {"DatabaseName": "x", "TableInput": {"Name": "t"}},
            "EntityNotFoundException",
            "Database x not found.",
            id="create-without-database",
        ),
        pytest.param("CreateTable", {}, "InvalidInputException", "TableInput must be given.", id="create-nothing"),
        pytest.param("GetTable", {"Name": "x"}, "EntityNotFoundException", "Entity Not Found", id="get"),
        pytest.param(
            "GetTable",
            {"DatabaseName": "x", "Name": "orders"},
            "EntityNotFoundException",
            "Database x not found.",
            id="get-without-database",
        ),
        pytest.param("DeleteTable", {"Name": "x"}, "EntityNotFoundException", "Table x not found.", id="delete"),
        pytest.param(
            "UpdateTable", {"TableInput": {"Name": "x"}}, "EntityNotFoundException", "Table x not found.", id="update"
        ),
        pytest.param(
            "UpdateTable",
            {"TableInput": {"Name": "orders"}, "VersionId": "7"},
            "ConcurrentModificationException",
            "Update table failed due to concurrent modifications.",
            id="update-stale",
        ),
        pytest.param(
            "UpdateTable",
            {"TableInput": {"Name": "orders"}, "VersionId": "new"},
            "InvalidInputException",
            "Invalid version id: new",
            id="update-bad-version",
        ),
        pytest.param("GetTables", {"DatabaseName": "x"}, "EntityNotFoundException", "Database x not found.", id="list"),
        pytest.param(
            "GetTables",
            {"Expression": "("},
            "InvalidInputException",
            "Expression is not a regular expression: missing ), unterminated subpattern at position 0",
            id="list-bad-expression",
        ),
        pytest.param(
            "GetTableVersion",
            {"TableName": "orders", "VersionId": "9"},
            "EntityNotFoundException",
            "Version not found.",
            id="version",
        ),
        pytest.param(
            "DeleteTableVersion",
            {"TableName": "orders", "VersionId": "0"},
            "InvalidInputException",
            "Version 0 is the current version of the table and cannot be deleted.",
            id="delete-current-version",
        ),
        pytest.param(
            "CreateTable",
            {"TableInput": {"Name": "i"}, "OpenTableFormatInput": {"IcebergInput": {"MetadataOperation": "CREATE"}}},
            "NotImplementedException",
            "OpenTableFormatInput is not implemented by the local AWS.",
            id="open-table-format",
        ),
    ],
)
def test_errors(sales: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with sales.fails(code, message):
        sales(operation, **{"DatabaseName": "sales", **params})
