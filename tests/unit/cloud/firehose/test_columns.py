"""JSON values in the columns of a Glue table."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lakelab.cloud.firehose.columns import BadValue, arrow_type, value_of


@pytest.mark.parametrize(
    ("hive", "arrow"),
    [
        pytest.param("bigint", pa.int64()),
        pytest.param("DECIMAL(10,2)", pa.decimal128(10, 2)),
        pytest.param("decimal", pa.decimal128(10, 0)),
        pytest.param("varchar(20)", pa.string()),
        pytest.param("array<map<string,int>>", pa.list_(pa.map_(pa.string(), pa.int32()))),
        pytest.param("struct<a:int,b:array<string>>", pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))])),
    ],
)
def test_a_type(hive: str, arrow: pa.DataType):
    assert arrow_type(hive) == arrow


@pytest.mark.parametrize("hive", ["integr", "array<int", "struct<a>", "int)"])
def test_what_is_no_type(hive: str):
    with pytest.raises(ValueError):
        arrow_type(hive)


@pytest.mark.parametrize(
    ("hive", "value", "expected"),
    [
        pytest.param("int", 5, 5),
        pytest.param("int", "5", 5),
        pytest.param("int", 5.0, 5),
        pytest.param("double", "1.5", 1.5),
        pytest.param("boolean", "true", True),
        pytest.param("string", 5, "5"),
        pytest.param("decimal(10,2)", 9.5, Decimal("9.50")),
        pytest.param("date", "2025-01-02", date(2025, 1, 2)),
        pytest.param("timestamp", "2025-01-02T03:04:05Z", datetime(2025, 1, 2, 3, 4, 5)),
        pytest.param("timestamp", "2025-01-02 03:04:05", datetime(2025, 1, 2, 3, 4, 5)),
        pytest.param("timestamp", 0, datetime(1970, 1, 1)),
        pytest.param("array<int>", [1, None], [1, None]),
        pytest.param("struct<a:int>", {"A": 1, "more": 2}, {"a": 1}),
        pytest.param("map<string,int>", {"a": 1}, [("a", 1)]),
        pytest.param("int", None, None),
    ],
)
def test_a_value(hive: str, value: Any, expected: Any):
    assert value_of(arrow_type(hive), value) == expected


@pytest.mark.parametrize(
    ("hive", "value"),
    [
        ("int", 5.5),
        ("int", True),
        ("int", 1 << 31),
        ("tinyint", 200),
        ("date", "soon"),
        ("boolean", 1),
        ("array<int>", "x"),
    ],
)
def test_what_a_column_cannot_hold(hive: str, value: Any):
    with pytest.raises(BadValue):
        value_of(arrow_type(hive), value)
