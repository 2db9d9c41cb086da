from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.iam.granted import Granted
from lakelab.cloud.iam.policy import Principal
from lakelab.cloud.iam.record import Recorded
from lakelab.cloud.iam.usage import covers, difference, narrowed

ROLE = Principal("arn:aws:sts::000000000000:assumed-role/reader/x", "000000000000", "AssumedRole", "arn:role/reader")
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": ["arn:aws:s3:::lake/raw/*", "arn:aws:s3:::lake/curated/*"],
        },
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::lake",
            "Condition": {"StringLike": {"s3:prefix": ["raw/*", "curated/*"]}},
        },
        {"Sid": "Send", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
        {"Sid": "Never", "Effect": "Deny", "Action": "iam:*", "Resource": "*"},
    ],
}


def call(action: str, resource: str, *, allowed: bool = True, **keys: Any) -> Recorded:
    named = {name.replace("_", ":"): value for name, value in keys.items()}
    return Recorded(ROLE.arn, "arn:role/reader", action, resource, named, allowed, "", "", "us-east-1", 1, 0.0, 0.0)


CALLS = [
    call("s3:GetObject", "arn:aws:s3:::lake/raw/orders/1.csv"),
    call("s3:GetObject", "arn:aws:s3:::lake/raw/orders/2.csv"),
    call("s3:ListBucket", "arn:aws:s3:::lake", s3_prefix="raw/orders/"),
    call("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:orders"),
    call("s3:PutObject", "arn:aws:s3:::lake/raw/x", allowed=False),
]


@pytest.fixture
def reader() -> Granted:
    return Granted(ROLE, {"reader": DOCUMENT}, None)


def test_unused_actions_resources_and_condition_values_are_named(reader: Granted):
    assert difference(reader, CALLS).unused == [
        "Read of reader: s3:GetObjectVersion",
        "Read of reader: arn:aws:s3:::lake/curated/*",
        "List of reader: curated/*",
    ]


def test_a_statement_without_a_call_is_unused_as_a_whole(reader: Granted):
    assert "Send of reader: all of it" in difference(reader, CALLS[:3]).unused


def test_what_has_a_reason_is_kept(reader: Granted):
    kept = {"reader": {"Read": {"s3:GetObjectVersion": "later"}, "Send": {"*": "on failure"}}}
    found = difference(reader, CALLS[:3], kept)
    assert found.kept == {"Read of reader: s3:GetObjectVersion": "later", "Send of reader: all of it": "on failure"}
    assert "Send of reader: all of it" not in found.unused


def test_the_minimal_policy_allows_the_calls_and_keeps_denies(reader: Granted):
    minimal = difference(reader, CALLS).minimal
    assert minimal["Statement"] == [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::lake/raw/orders/*",
        },
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::lake",
            "Condition": {"StringLike": {"s3:prefix": ["raw/*"]}},
        },
        {
            "Sid": "Send",
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:us-east-1:000000000000:orders",
        },
        {"Sid": "Never", "Effect": "Deny", "Action": "iam:*", "Resource": "*"},
    ]
    assert covers(minimal, reader, CALLS) == []


def test_a_policy_that_leaves_a_call_out_does_not_cover(reader: Granted):
    without = {"Version": "2012-10-17", "Statement": DOCUMENT["Statement"][1:]}
    assert [left.action for left in covers(without, reader, CALLS)] == ["s3:GetObject", "s3:GetObject"]


def test_denied_calls_are_shown_and_count_for_nothing(reader: Granted):
    found = difference(reader, CALLS[-1:])
    assert [denied.action for denied in found.denied] == ["s3:PutObject"]
    assert not any(usage.used for usage in found.usages)


@pytest.mark.parametrize(
    ("pattern", "used", "narrower"),
    [
        pytest.param("arn:aws:s3:::b/x", ["arn:aws:s3:::b/x"], ["arn:aws:s3:::b/x"], id="nothing to narrow"),
        pytest.param("*", ["arn:aws:s3:::b/a/1", "arn:aws:s3:::b/a/2"], ["arn:aws:s3:::b/a/*"], id="a folder"),
        pytest.param("*", ["arn:aws:s3:::b/a/1", "arn:aws:s3:::b/c/2"], ["arn:aws:s3:::b/*"], id="two folders"),
        pytest.param("arn:aws:s3:::b/a/*", ["arn:aws:s3:::b/a/1"], ["arn:aws:s3:::b/a/*"], id="objects stay a folder"),
        pytest.param("arn:aws:glue:::table/d/*", ["arn:aws:glue:::table/d/t"], ["arn:aws:glue:::table/d/t"], id="one"),
        pytest.param("*", [], [], id="unused"),
    ],
)
def test_a_wildcard_is_narrowed_to_what_was_used(pattern: str, used: list[str], narrower: list[str]):
    assert narrowed(pattern, used) == narrower
