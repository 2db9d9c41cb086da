from __future__ import annotations

import base64
from typing import Any

import pytest

ORDERS = {"DatabaseName": "sales", "TableName": "orders"}
DAY = {**ORDERS, "PartitionValues": ["2024-01-01", "1"]}


def of(column: str) -> dict[str, Any]:
    decimal = {"UnscaledValue": base64.b64encode(b"\x01").decode(), "Scale": 2}
    data = {"MinimumValue": decimal, "NumberOfNulls": 1, "NumberOfDistinctValues": 5}
    return {
        "ColumnName": column,
        "ColumnType": "decimal(5,2)",
        "AnalyzedTime": 1_700_000_000,
        "StatisticsData": {"Type": "DECIMAL", "DecimalColumnStatisticsData": data},
    }


@pytest.fixture
def orders(sales: Any) -> Any:
    sales("CreatePartition", **ORDERS, PartitionInput={"Values": ["2024-01-01", "1"]})
    return sales


@pytest.mark.fidelity("glue", "column statistics", "near", "what is put is kept; statistics runs do not exist")
@pytest.mark.parametrize(("where", "suffix"), [(ORDERS, "ForTable"), (DAY, "ForPartition")], ids=["table", "partition"])
def test_statistics(orders: Any, where: dict[str, Any], suffix: str) -> None:
    missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Column none not found."}
    answer = orders(f"UpdateColumnStatistics{suffix}", **where, ColumnStatisticsList=[of("id"), of("none")])
    assert answer["Errors"] == [{"ColumnStatistics": of("none"), "Error": missing}]
    found = orders(f"GetColumnStatistics{suffix}", **where, ColumnNames=["id", "x"])
    assert found["ColumnStatisticsList"] == [of("id")]
    none = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Statistics do not exist for this column"}
    assert found["Errors"] == [{"ColumnName": "x", "Error": none}]
    orders(f"DeleteColumnStatistics{suffix}", **where, ColumnName="id")
    with orders.fails("EntityNotFoundException", "Statistics do not exist for this column"):
        orders(f"DeleteColumnStatistics{suffix}", **where, ColumnName="id")


def test_statistics_go_with_their_partition(orders: Any) -> None:
    orders("UpdateColumnStatisticsForPartition", **DAY, ColumnStatisticsList=[of("id")])
    orders("DeletePartition", **DAY)
    orders("CreatePartition", **ORDERS, PartitionInput={"Values": ["2024-01-01", "1"]})
    assert orders("GetColumnStatisticsForPartition", **DAY, ColumnNames=["id"])["ColumnStatisticsList"] == []


def test_a_missing_partition(orders: Any) -> None:
    with orders.fails("EntityNotFoundException", "Cannot find partition."):
        orders("GetColumnStatisticsForPartition", **ORDERS, PartitionValues=["x", "1"], ColumnNames=["id"])
