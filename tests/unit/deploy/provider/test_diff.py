"""What is a difference, and what AWS's answer means as inputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakelab.deploy.provider import diff
from lakelab.deploy.provider.resource import Property, Resource
from lakelab.deploy.values import ARCHIVE, SIGNATURE, UNKNOWN


class Thing(Resource):
    type = "aws:test/thing:Thing"
    service = "test"
    properties = {
        "name": Property(replaces=True),
        "size": Property(default=3),
        "chosen": Property(computed=True),
        "policy": Property(json=True),
        "actions": Property(unordered=True),
        "rules": Property(filled=("[*].id",)),
        "settings": Property(filled=("engine",)),
        "password": Property(blind=True),
        "forceDestroy": Property(local=True, default=False),
        "tags": Property(custom=True),
    }


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        pytest.param({"size": 3}, {"size": 4}, {"size"}, id="number"),
        pytest.param(
            {"settings": {"a": {"b": 1, "c": 1}}}, {"settings": {"a": {"b": 2, "c": 1}}}, {"settings.a.b"}, id="nested"
        ),
        pytest.param({"rules": [{"n": 1}]}, {"rules": [{"n": 1}, {"n": 2}]}, {"rules[1]"}, id="longer-list"),
        pytest.param({"actions": ["a", "b"]}, {"actions": ["b", "a"]}, set(), id="order-of-a-set"),
        pytest.param({"settings": {"a": []}}, {}, set(), id="nothing-is-nothing"),
        pytest.param({"forceDestroy": False}, {}, set(), id="false-is-nothing"),
        pytest.param({"chosen": "by AWS"}, {}, set(), id="what-AWS-chose-stays"),
        pytest.param({"chosen": "a"}, {"chosen": "b"}, {"chosen"}, id="what-the-program-chooses"),
        pytest.param({"size": 3}, {"size": UNKNOWN}, {"size"}, id="unknown-may-differ"),
        pytest.param({"tags": {"a.b": "1"}}, {"tags": {"a.b": "2"}}, {'tags["a.b"]'}, id="key-with-a-dot"),
        pytest.param({"tagsAll": {"x": "1"}}, {"tagsAll": {"x": "2"}}, {"tagsAll.x"}, id="default-tags"),
        pytest.param({"size": True}, {"size": 1}, {"size"}, id="true-is-not-one"),
        pytest.param(
            {"policy": policy(Action="a", Effect="Allow")},
            {"policy": policy(Effect="Allow", Action=["a"])},
            set(),
            id="the-same-policy",
        ),
        pytest.param(
            {"policy": policy(Action=["a", "b"])}, {"policy": policy(Action=["b", "a"])}, set(), id="order-in-a-policy"
        ),
        pytest.param({"policy": policy(Action="a")}, {"policy": policy(Action="b")}, {"policy"}, id="other-policy"),
    ],
)
def test_differences(old: dict[str, Any], new: dict[str, Any], paths: set[str]) -> None:
    assert {item.path for item in diff.differences(Thing(), old, new)} == paths


def test_only_some_properties_replace() -> None:
    found = diff.differences(Thing(), {"name": "a", "size": 3}, {"name": "b", "size": 4})
    assert {item.path: item.replaces for item in found} == {"name": True, "size": False}


def test_an_archive_changes_with_its_hash() -> None:
    def archive(digest: str) -> dict[str, Any]:
        return {"settings": {SIGNATURE: ARCHIVE, "path": "x", "hash": digest}}

    assert diff.differences(Thing(), archive("1"), archive("1")) == []
    assert [item.path for item in diff.differences(Thing(), archive("1"), archive("2"))] == ["settings"]


@pytest.mark.parametrize(
    ("old", "actual", "found"),
    [
        pytest.param({"size": 3}, {"size": 5}, {"size": 5}, id="drift"),
        pytest.param({}, {"size": 3}, {}, id="a-default-is-no-drift"),
        pytest.param({}, {"size": 4}, {"size": 4}, id="more-than-the-default-is"),
        pytest.param({}, {"chosen": "x"}, {}, id="what-AWS-chose-is-no-drift"),
        pytest.param({"chosen": "a"}, {"chosen": "b"}, {"chosen": "b"}, id="what-the-program-chose-drifts"),
        pytest.param({"password": "p"}, {}, {"password": "p"}, id="blind-stays"),
        pytest.param({"forceDestroy": True}, {}, {"forceDestroy": True}, id="local-stays"),
        pytest.param({"settings": {"a": 1}}, {}, {}, id="gone"),
        pytest.param(
            {"rules": [{"n": 1}]}, {"rules": [{"n": 2, "id": "x"}]}, {"rules": [{"n": 2}]}, id="filled-in-by-AWS"
        ),
        pytest.param(
            {"rules": [{"n": 1, "id": "mine"}]},
            {"rules": [{"n": 1, "id": "x"}]},
            {"rules": [{"n": 1, "id": "x"}]},
            id="named-by-the-program",
        ),
        pytest.param(
            {"name": "q", "__defaults": ["name"]}, {"name": "q"}, {"name": "q", "__defaults": ["name"]}, id="kept"
        ),
    ],
)
def test_inputs_from_what_AWS_has(old: dict[str, Any], actual: dict[str, Any], found: dict[str, Any]) -> None:
    assert diff.inputs_from(Thing(), old, actual) == found
