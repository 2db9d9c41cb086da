from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest

ORDERS = {"DatabaseName": "sales", "TableName": "orders"}


def partition(day: str, shop: str, **members: Any) -> dict[str, Any]:
    location = f"s3://lake/orders/day={day}/shop={shop}/"
    storage = {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": location}
    return {"Values": [day, shop], "StorageDescriptor": storage, **members}


def values(answer: dict[str, Any]) -> list[list[str]]:
    return [partition["Values"] for partition in answer["Partitions"]]


@pytest.fixture
def orders(sales: Any) -> Any:
    """Ten partitions: shops 1 to 5 on two days."""
    inputs = [partition(day, str(shop)) for day in ("2024-01-01", "2024-01-02") for shop in range(1, 6)]
    sales("BatchCreatePartition", **ORDERS, PartitionInputList=inputs)
    return sales


def test_a_partition_comes_back_as_it_was_made(sales: Any) -> None:
    sales("CreatePartition", **ORDERS, PartitionInput=partition("2024-01-01", "7", Parameters={"a": "b"}))
    found = sales("GetPartition", **ORDERS, PartitionValues=["2024-01-01", "7"])["Partition"]
    assert found.pop("CreationTime") > 1_600_000_000
    assert found == {
        "Values": ["2024-01-01", "7"],
        "DatabaseName": "sales",
        "TableName": "orders",
        "CatalogId": "000000000000",
        "Parameters": {"a": "b"},
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "bigint"}],
            "Location": "s3://lake/orders/day=2024-01-01/shop=7/",
            "Compressed": False,
            "NumberOfBuckets": 0,
            "BucketColumns": [],
            "SortColumns": [],
            "StoredAsSubDirectories": False,
        },
    }


def test_batch_create_reports_each_that_exists(orders: Any) -> None:
    inputs = [partition("2024-01-03", "1"), partition("2024-01-01", "1"), partition("2024-01-03", "1")]
    errors = orders("BatchCreatePartition", **ORDERS, PartitionInputList=inputs)["Errors"]
    exists = {"ErrorCode": "AlreadyExistsException", "ErrorMessage": "Partition already exists."}
    assert errors == [
        {"PartitionValues": ["2024-01-01", "1"], "ErrorDetail": exists},
        {"PartitionValues": ["2024-01-03", "1"], "ErrorDetail": exists},
    ]
    assert len(values(orders("GetPartitions", **ORDERS))) == 11


def test_batch_get_leaves_out_what_is_missing(orders: Any) -> None:
    wanted = [{"Values": ["2024-01-01", "9"]}, {"Values": ["2024-01-02", "3"]}]
    answer = orders("BatchGetPartition", **ORDERS, PartitionsToGet=wanted)
    assert (values(answer), answer["UnprocessedKeys"]) == ([["2024-01-02", "3"]], [])


def test_update_may_move_a_partition(orders: Any) -> None:
    moved = partition("2024-02-01", "1", Parameters={"moved": "yes"})
    orders("UpdatePartition", **ORDERS, PartitionValueList=["2024-01-01", "1"], PartitionInput=moved)
    found = orders("GetPartitions", **ORDERS, Expression="day > '2024-01-31'")
    assert values(found) == [["2024-02-01", "1"]]
    assert found["Partitions"][0]["Parameters"] == {"moved": "yes"}
    with orders.fails("EntityNotFoundException", "Cannot find partition."):
        orders("GetPartition", **ORDERS, PartitionValues=["2024-01-01", "1"])


def test_batch_update_reports_each_that_is_missing(orders: Any) -> None:
    entries = [
        {"PartitionValueList": ["2024-01-01", shop], "PartitionInput": {"Parameters": {"seen": "1"}, "Values": value}}
        for shop, value in (("1", ["2024-01-01", "1"]), ("9", ["2024-01-01", "9"]))
    ]
    errors = orders("BatchUpdatePartition", **ORDERS, Entries=entries)["Errors"]
    missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Cannot find partition."}
    assert errors == [{"PartitionValueList": ["2024-01-01", "9"], "ErrorDetail": missing}]
    found = orders("GetPartition", **ORDERS, PartitionValues=["2024-01-01", "1"])["Partition"]
    assert found["Parameters"] == {"seen": "1"}


def test_batch_delete_reports_each_that_is_missing(orders: Any) -> None:
    unwanted = [{"Values": ["2024-01-01", shop]} for shop in ("1", "9", "2")]
    errors = orders("BatchDeletePartition", **ORDERS, PartitionsToDelete=unwanted)["Errors"]
    missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Cannot find partition."}
    assert errors == [{"PartitionValues": ["2024-01-01", "9"], "ErrorDetail": missing}]
    assert len(values(orders("GetPartitions", **ORDERS))) == 8


def test_paging_gives_every_partition_once(orders: Any) -> None:
    found, token = [], {}
    while True:
        answer = orders("GetPartitions", **ORDERS, MaxResults=3, Expression="shop <> 5", **token)
        found.append(values(answer))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [len(page) for page in found] == [3, 3, 2]
    assert sorted(chain.from_iterable(found)) == [
        [day, str(shop)] for day in ("2024-01-01", "2024-01-02") for shop in range(1, 5)
    ]


@pytest.mark.fidelity("glue", "GetPartitions Segment, paging, ExcludeColumnSchema", "exact")
def test_segments_share_out_the_partitions(orders: Any) -> None:
    shares = [
        values(orders("GetPartitions", **ORDERS, Segment={"SegmentNumber": number, "TotalSegments": 3}))
        for number in range(3)
    ]
    assert all(shares)
    assert sorted(chain.from_iterable(shares)) == sorted(values(orders("GetPartitions", **ORDERS)))


def test_the_column_schema_can_be_left_out(orders: Any) -> None:
    for found in orders("GetPartitions", **ORDERS, ExcludeColumnSchema=True)["Partitions"]:
        assert "Columns" not in found["StorageDescriptor"]
        assert found["StorageDescriptor"]["Location"].startswith("s3://lake/")


def test_new_types_of_the_keys_apply_to_old_partitions(orders: Any, table_input: Any) -> None:
    orders("UpdatePartition", **ORDERS, PartitionValueList=["2024-01-01", "1"], PartitionInput=partition("d", "10"))
    assert values(orders("GetPartitions", **ORDERS, Expression="shop > 9")) == [["d", "10"]]
    orders(
        "UpdateTable", DatabaseName="sales", TableInput=table_input("orders", keys={"day": "string", "shop": "string"})
    )
    assert len(values(orders("GetPartitions", **ORDERS, Expression="shop > '10'"))) == 8
    assert values(orders("GetPartitions", **ORDERS, Expression="day = 'd'")) == [["d", "10"]]


def test_eight_writers_lose_nothing(sales: Any) -> None:
    def write(writer: int) -> None:
        for number in range(10):
            inputs = [partition(f"2024-01-{number + 1:02}", str(writer * 10 + i)) for i in range(5)]
            assert sales("BatchCreatePartition", **ORDERS, PartitionInputList=inputs)["Errors"] == []

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = values(sales("GetPartitions", **ORDERS))
    assert len({tuple(value) for value in found}) == len(found) == 400


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreatePartition",
            {"PartitionInput": partition("2024-01-01", "1")},
            "AlreadyExistsException",
            "Partition already exists.",
            id="create-twice",
        ),
        pytest.param(
            "CreatePartition",
            {"PartitionInput": {"Values": ["2024-01-01"]}},
            "InvalidInputException",
            "The number of partition keys do not match the number of partition values",
            id="create-too-few-values",
        ),
        pytest.param(
            "BatchCreatePartition",
            {"PartitionInputList": [partition("2024-01-09", "1"), {"Values": ["1", "2", "3"]}]},
            "InvalidInputException",
            "The number of partition keys do not match the number of partition values",
            id="batch-create-too-many-values",
        ),
        pytest.param(
            "CreatePartition",
            {"TableName": "x", "PartitionInput": {"Values": []}},
            "EntityNotFoundException",
            "Table x not found.",
            id="create-without-table",
        ),
        pytest.param(
            "UpdatePartition",
            {"PartitionValueList": ["x", "1"], "PartitionInput": partition("x", "1")},
            "EntityNotFoundException",
            "Cannot find partition.",
            id="update",
        ),
        pytest.param(
            "UpdatePartition",
            {"PartitionValueList": ["2024-01-01", "1"], "PartitionInput": partition("2024-01-01", "2")},
            "AlreadyExistsException",
            "Partition already exists.",
            id="update-onto-another",
        ),
        pytest.param(
            "DeletePartition",
            {"PartitionValues": ["x", "1"]},
            "EntityNotFoundException",
            "Cannot find partition.",
            id="delete",
        ),
        pytest.param(
            "GetPartitions",
            {"DatabaseName": "x"},
            "EntityNotFoundException",
            "Database x not found.",
            id="list-without-database",
        ),
        pytest.param(
            "GetPartitions",
            {"Segment": {"SegmentNumber": 2, "TotalSegments": 2}},
            "InvalidInputException",
            "SegmentNumber 2 is not less than TotalSegments 2.",
            id="list-bad-segment",
        ),
    ],
)
def test_errors(orders: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with orders.fails(code, message):
        orders(operation, **{**ORDERS, **params})
    assert len(values(orders("GetPartitions", **ORDERS))) == 10
