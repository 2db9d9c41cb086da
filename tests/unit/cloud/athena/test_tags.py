"""Tags of workgroups and data catalogs."""

from __future__ import annotations

from typing import Any

import pytest

PRIMARY = "arn:aws:athena:us-east-1:000000000000:workgroup/primary"


def test_tags_are_added_replaced_and_removed(athena: Any) -> None:
    athena("TagResource", ResourceARN=PRIMARY, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    athena("TagResource", ResourceARN=PRIMARY, Tags=[{"Key": "b", "Value": "3"}])
    assert athena("ListTagsForResource", ResourceARN=PRIMARY)["Tags"] == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": "3"},
    ]
    athena("UntagResource", ResourceARN=PRIMARY, TagKeys=["a"])
    assert [tag["Key"] for tag in athena("ListTagsForResource", ResourceARN=PRIMARY)["Tags"]] == ["b"]


def test_at_most_50(athena: Any) -> None:
    tags = [{"Key": str(number), "Value": ""} for number in range(51)]
    refused = athena.refusal("TagResource", ResourceARN=PRIMARY, Tags=tags)
    assert refused.code == "InvalidRequestException"
    assert athena("ListTagsForResource", ResourceARN=PRIMARY)["Tags"] == []


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        pytest.param(PRIMARY.replace("primary", "nothing"), "ResourceNotFoundException", id="no such workgroup"),
        pytest.param(PRIMARY.replace("us-east-1", "eu-west-1"), "InvalidRequestException", id="another region"),
        pytest.param("arn:aws:s3:::bucket", "InvalidRequestException", id="another service"),
    ],
)
def test_refusals(athena: Any, arn: str, code: str) -> None:
    assert athena.refusal("ListTagsForResource", ResourceARN=arn).code == code
