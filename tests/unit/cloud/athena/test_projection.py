"""Partitions from table properties.

The cases follow https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lakelab.cloud.athena.catalog import Field, Storage, Table
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.projection import is_projected, partitions

NOW = datetime(2024, 3, 2, 12, tzinfo=UTC)


def table(properties: dict[str, str], *keys: str) -> Table:
    fields = tuple(Field(key, "string") for key in keys or ("k",))
    enabled = {"projection.enabled": "true", **{f"projection.{name}": value for name, value in properties.items()}}
    return Table("d", "t", (), fields, Storage("s3://b/t"), enabled, {})


def values(properties: dict[str, str], given: dict[str, set[str]] | None = None) -> list[str]:
    return [partition.values[0] for partition in partitions(table(properties), given or {}, NOW)]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({"k.type": "enum", "k.values": "a, b"}, ["a", "b"], id="enum"),
        pytest.param({"k.type": "integer", "k.range": "1,3"}, ["1", "2", "3"], id="integer"),
        pytest.param({"k.type": "integer", "k.range": "-1,1"}, ["-1", "0", "1"], id="negative"),
        pytest.param(
            {"k.type": "integer", "k.range": "0,10", "k.interval": "5", "k.digits": "3"},
            ["000", "005", "010"],
            id="interval and digits",
        ),
        pytest.param(
            {"k.type": "date", "k.format": "yyyy-MM-dd", "k.range": "2024-02-28,2024-03-01"},
            ["2024-02-28", "2024-02-29", "2024-03-01"],
            id="days",
        ),
        pytest.param(
            {"k.type": "date", "k.format": "yyyy/MM/dd", "k.range": "NOW-2DAYS,NOW"},
            ["2024/02/29", "2024/03/01", "2024/03/02"],
            id="relative to now",
        ),
        pytest.param(
            {"k.type": "date", "k.format": "yyyy-MM", "k.range": "2023-11,2024-01"},
            ["2023-11", "2023-12", "2024-01"],
            id="months",
        ),
        pytest.param(
            {
                "k.type": "date",
                "k.format": "yyyy-MM-dd'T'HH",
                "k.range": "2024-01-01T00,2024-01-01T12",
                "k.interval": "6",
                "k.interval.unit": "HOURS",
            },
            ["2024-01-01T00", "2024-01-01T06", "2024-01-01T12"],
            id="hours",
        ),
    ],
)
def test_values(properties, expected):
    assert values(properties) == expected


def test_injected_values_come_from_the_query():
    assert values({"k.type": "injected"}, {"k": {"b", "a"}}) == ["a", "b"]
    with pytest.raises(QueryError, match="CONSTRAINT_VIOLATION: For the injected projected partition column k"):
        values({"k.type": "injected"})


def test_locations():
    plain = table({"k.type": "enum", "k.values": "a/b"})
    assert [partition.storage.location for partition in partitions(plain, {}, NOW)] == ["s3://b/t/k=a%2Fb"]
    templated = table({"k.type": "enum", "k.values": "x"})
    templated = Table(
        "d", "t", (), templated.keys, templated.storage,
        {**templated.properties, "storage.location.template": "s3://b/other/${k}/"}, {},
    )  # fmt: skip
    assert [partition.storage.location for partition in partitions(templated, {}, NOW)] == ["s3://b/other/x"]


def test_several_keys_are_combined():
    both = table({"a.type": "enum", "a.values": "x,y", "b.type": "integer", "b.range": "1,2"}, "a", "b")
    assert [partition.values for partition in partitions(both, {}, NOW)] == [
        ("x", "1"),
        ("x", "2"),
        ("y", "1"),
        ("y", "2"),
    ]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        pytest.param({}, "column k has no or an unknown projection type", id="no type"),
        pytest.param({"k.type": "enum"}, "property projection.k.values is missing", id="no values"),
        pytest.param({"k.type": "integer", "k.range": "1"}, "must be two values", id="no range"),
        pytest.param(
            {"k.type": "date", "k.format": "yyyy-MM-dd", "k.range": "x,NOW"}, "does not have the format", id="bad date"
        ),
        pytest.param({"k.type": "integer", "k.range": "1,x"}, "'x' is not a number", id="no number"),
        pytest.param(
            {"k.type": "integer", "k.range": "1,2", "k.interval": "0"}, "0 is less than 1", id="an interval of nothing"
        ),
        pytest.param({"k.type": "integer", "k.range": "1,9000000"}, "gives 9000000 partitions", id="too many"),
    ],
)
def test_wrong_properties(properties, message):
    with pytest.raises(QueryError) as caught:
        values(properties)
    assert message in caught.value.message


def test_is_projected():
    assert is_projected(table({}))
    assert not is_projected(Table("d", "t", (), (), Storage("s3://b/t"), {"projection.enabled": "true"}, {}))
