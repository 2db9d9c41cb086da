"""Which objects belong to which location, with one listing or many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from lakelab.cloud.athena.datafiles import DataFiles, is_hidden
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.objects import ObjectInfo


class Listed:
    """Objects that answer listings from a set of keys, and count them."""

    def __init__(self, keys: list[str]):
        self.keys = keys
        self.prefixes: list[str] = []

    def list(self, bucket: str, prefix: str = ""):
        self.prefixes.append(prefix)
        for key in self.keys:
            if key.startswith(prefix):
                yield ObjectInfo(bucket, key, 0 if key.endswith("empty") else 1, "", datetime.now(UTC))


def found(objects: Listed, *locations: str) -> dict[str, list[str]]:
    listed = DataFiles(cast(Any, objects)).at(locations)
    return {location: [item.key for item in items] for location, items in listed.items()}


def test_a_location_is_a_folder():
    objects = Listed(["t/a", "t/sub/b", "t/_x", "t/.y/z", "t/empty", "t2/c", "t/dir/"])
    assert found(objects, "s3://b/t") == {"s3://b/t": ["t/a", "t/sub/b"]}
    assert objects.prefixes == ["t/"]


def test_many_locations_are_listed_at_once():
    keys = [f"t/p={number}/f" for number in range(20)] + ["t/other/f", "t/p=1/_hidden"]
    objects = Listed(keys)
    locations = [f"s3://b/t/p={number}" for number in range(20)]
    assert found(objects, *locations) == {location: [f"t/p={number}/f"] for number, location in enumerate(locations)}
    assert objects.prefixes == ["t/"]


def test_a_partition_inside_another_has_its_own_objects():
    locations = ["s3://b/t", *(f"s3://b/t/p={number}" for number in range(9))]
    listed = found(Listed(["t/a", "t/p=1/b"]), *locations)
    assert (listed["s3://b/t"], listed["s3://b/t/p=1"]) == (["t/a"], ["t/p=1/b"])


def test_a_location_that_is_not_in_s3():
    with pytest.raises(QueryError, match="HIVE_INVALID_METADATA: Invalid location: file:///etc"):
        DataFiles(cast(Any, Listed([]))).at(["file:///etc"])


@pytest.mark.parametrize(("path", "hidden"), [("a/b", False), ("_a", True), ("a/.b", True), ("a_b", False)])
def test_hidden(path, hidden):
    assert is_hidden(path) is hidden
