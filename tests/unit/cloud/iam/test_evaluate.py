from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.iam.evaluate import Decision, Kind, Policies, Request, denial_message, evaluate
from lakelab.cloud.iam.policy import Principal, parse

ANN = Principal("arn:aws:iam::000000000000:user/ann", "000000000000")


def test_every_case_decides_as_documented(case: Any):
    decision = evaluate(case.request, case.policies)
    told = "allowed" if decision.allowed else "explicitDeny" if decision.explicit else "implicitDeny"
    assert told == case.decision, case.page


def test_the_deciding_statement_is_named():
    policy = parse(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "ReadRaw", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/raw/*"},
                {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/raw/secret/*"},
            ],
        },
        "reader",
    )
    read = evaluate(Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/raw/a"), Policies(policy))
    secret = evaluate(Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/raw/secret/a"), Policies(policy))
    assert (read.allowed, str(read.statement)) == (True, "ReadRaw of reader")
    assert (secret.allowed, str(secret.statement)) == (False, "statement 2 of reader")


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        pytest.param(
            Decision(False, Kind.IDENTITY),
            "because no identity-based policy allows the sqs:SendMessage action",
            id="no identity policy",
        ),
        pytest.param(
            Decision(False, Kind.BOUNDARY),
            "because no permissions boundary allows the sqs:SendMessage action",
            id="outside of the boundary",
        ),
        pytest.param(
            Decision(False, Kind.SESSION),
            "because no session policy allows the sqs:SendMessage action",
            id="outside of the session policy",
        ),
        pytest.param(
            Decision(
                False, Kind.RESOURCE, parse({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}, "x")[0]
            ),
            "with an explicit deny in a resource-based policy",
            id="denied by the resource",
        ),
    ],
)
def test_a_denial_is_worded_as_on_aws(decision: Decision, why: str):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    request = Request(ANN, "sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:orders")
    assert denial_message(request, decision) == (
        "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sqs:SendMessage"
        f" on resource: arn:aws:sqs:us-east-1:000000000000:orders {why}"
    )


def test_s3_puts_the_resource_into_quotation_marks():
    request = Request(ANN, "s3:GetObject", "arn:aws:s3:::lake/a")
    assert ' on resource: "arn:aws:s3:::lake/a" because' in denial_message(request, Decision(False, Kind.IDENTITY))
