from __future__ import annotations

from typing import Any

import pytest

ORDERS = {"DatabaseName": "sales", "TableName": "orders"}


@pytest.mark.fidelity("glue", "partition indexes", "near", "ACTIVE at once; every table is indexed without them too")
def test_partition_indexes(sales: Any) -> None:
    sales("CreatePartitionIndex", **ORDERS, PartitionIndex={"Keys": ["shop"], "IndexName": "by_shop"})
    found = sales("GetPartitionIndexes", **ORDERS)["PartitionIndexDescriptorList"]
    assert found == [
        {"IndexName": "by_shop", "Keys": [{"Name": "shop", "Type": "int"}], "IndexStatus": "ACTIVE"},
    ]
    sales("DeletePartitionIndex", **ORDERS, IndexName="by_shop")
    assert sales("GetPartitionIndexes", **ORDERS)["PartitionIndexDescriptorList"] == []


def test_a_table_may_be_made_with_its_indexes(sales: Any, table_input: Any) -> None:
    sales(
        "CreateTable",
        DatabaseName="sales",
        TableInput=table_input("t", keys={"a": "string"}),
        PartitionIndexes=[{"Keys": ["a"], "IndexName": "i"}],
    )
    found = sales("GetPartitionIndexes", DatabaseName="sales", TableName="t")["PartitionIndexDescriptorList"]
    assert [index["IndexName"] for index in found] == ["i"]


def test_a_table_with_a_bad_index_is_not_made(sales: Any, table_input: Any) -> None:
    with sales.fails("InvalidInputException", "Index keys are not partition keys: b"):
        sales(
            "CreateTable",
            DatabaseName="sales",
            TableInput=table_input("t", keys={"a": "string"}),
            PartitionIndexes=[{"Keys": ["b"], "IndexName": "i"}],
        )
    with sales.fails("EntityNotFoundException", "Entity Not Found"):
        sales("GetTable", DatabaseName="sales", Name="t")


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreatePartitionIndex",
            {"PartitionIndex": {"Keys": ["day"], "IndexName": "i"}},
            "AlreadyExistsException",
            "Index with the given indexName : i already exists",
            id="create-twice",
        ),
        pytest.param(
            "DeletePartitionIndex",
            {"IndexName": "x"},
            "EntityNotFoundException",
            "Index with the given indexName : x does not exist",
            id="delete",
        ),
        pytest.param(
            "GetPartitionIndexes", {"TableName": "x"}, "EntityNotFoundException", "Table x not found.", id="no-table"
        ),
    ],
)
def test_errors(sales: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    sales("CreatePartitionIndex", **ORDERS, PartitionIndex={"Keys": ["day", "shop"], "IndexName": "i"})
    with sales.fails(code, message):
        sales(operation, **{**ORDERS, **params})
