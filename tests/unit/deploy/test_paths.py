"""Property paths."""

from __future__ import annotations

import pytest

from lakelab.deploy import paths
from lakelab.deploy.paths import MISSING


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("tags", ("tags",), id="name"),
        pytest.param("rules[0].expiration.days", ("rules", 0, "expiration", "days"), id="nested"),
        pytest.param('tags["a.b"]', ("tags", "a.b"), id="quoted"),
        pytest.param("rules[*].status", ("rules", "*", "status"), id="star"),
    ],
)
def test_a_path_is_read_and_written(text: str, keys: tuple[str | int, ...]) -> None:
    assert paths.parse(text) == keys
    assert paths.parse(paths.render(keys)) == keys


def test_what_is_no_path() -> None:
    with pytest.raises(ValueError, match="not a property path"):
        paths.parse("a[")


def test_ignored_paths_keep_their_old_values() -> None:
    old = {"tags": {"a": 1, "b": 1}, "rules": [{"s": 1}, {"s": 1}], "gone": 1}
    new = {"tags": {"a": 2, "b": 2}, "rules": [{"s": 2}, {"s": 2}], "added": 2}
    found = paths.copy_paths(old, new, ["tags.a", "rules[*].s", "gone", "added"])
    assert found == {"tags": {"a": 1, "b": 2}, "rules": [{"s": 1}, {"s": 1}], "gone": 1}
    assert new["tags"] == {"a": 2, "b": 2}, "the program's own inputs are left alone"


def test_what_is_not_there() -> None:
    assert paths.get({"a": [1]}, ("a", 3)) is MISSING
    assert paths.put({"a": 1}, ("a", "b"), 2) is False
