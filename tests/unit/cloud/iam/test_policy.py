from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.iam.policy import MalformedPolicy, parse


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param("no JSON", "Expecting value", id="no JSON"),
        pytest.param({}, "Missing required field Statement", id="no statement"),
        pytest.param({"Statement": [{"Effect": "Perhaps", "Action": "*"}]}, "Invalid effect: Perhaps", id="an effect"),
        pytest.param({"Statement": [{"Effect": "Allow"}]}, "Action or NotAction", id="no action"),
        pytest.param(
            {"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*"}]}, "Action or NotAction", id="both"
        ),
        pytest.param(
            {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "*"}]},
            "both Resource and NotResource",
            id="both resources",
        ),
        pytest.param(
            {"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"StringLikes": {"a": "b"}}}]},
            "Invalid Condition type : StringLikes",
            id="an operator that AWS does not have",
        ),
    ],
)
def test_a_malformed_policy_is_refused(document: Any, why: str):
    with pytest.raises(MalformedPolicy, match=why):
        parse(document, "policy")
