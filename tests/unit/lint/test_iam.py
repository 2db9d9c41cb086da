"""IAM: what each rule finds, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lakelab.lint import iam
from lakelab.lint.policy import can_be_limited, matches

ROLE, POLICY = "aws:iam/role:Role", "aws:iam/policy:Policy"
ROLE_POLICY, USER_POLICY = "aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy"
BUCKET_POLICY, TOPIC_POLICY = "aws:s3/bucketPolicy:BucketPolicy", "aws:sns/topicPolicy:TopicPolicy"
PERMISSION = "aws:lambda/permission:Permission"
OWN = "arn:aws:iam::000000000000:role/r"
ANY = {"AWS": "*"}


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **item} for item in statements]})


def rules(graph: Any) -> list[str]:
    return sorted({finding.rule for finding in iam.run(graph, Path("/nowhere")).findings})


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, [], id="one-action-one-bucket"),
        pytest.param({"Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}, [], id="a-family-of-actions"),
        pytest.param(
            {"Action": "*", "Resource": "arn:aws:s3:::b"}, ["IAM_WILDCARD_ACTION"], id="every-action-on-a-bucket"
        ),
        pytest.param(
            {"Action": "*", "Resource": "*"},
            ["IAM_WILDCARD_ACTION", "IAM_WILDCARD_RESOURCE", "IAM_PASS_ROLE", "IAM_PRIVILEGE_ESCALATION"],
            id="everything",
        ),
        pytest.param({"Action": ["s3:*"], "Resource": "arn:aws:s3:::b"}, ["IAM_WILDCARD_ACTION"], id="a-service"),
        pytest.param({"Action": "s3:GetObject", "Resource": ["*"]}, ["IAM_WILDCARD_RESOURCE"], id="every-resource"),
        pytest.param({"Action": "s3:ListAllMyBuckets", "Resource": "*"}, [], id="an-action-without-resources"),
        pytest.param({"Action": "*", "Resource": "*", "Effect": "Deny"}, [], id="deny"),
        pytest.param({"NotAction": "iam:*", "Resource": "arn:aws:s3:::b"}, ["IAM_ALLOW_NOT"], id="not-action"),
        pytest.param({"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b"}, ["IAM_ALLOW_NOT"], id="not-resource"),
        pytest.param(
            {"Action": "iam:PassRole", "Resource": OWN, "Condition": {"StringEquals": {"iam:PassedToService": "a"}}},
            [],
            id="one-role-to-one-service",
        ),
        pytest.param({"Action": "iam:PassRole", "Resource": OWN}, ["IAM_PASS_ROLE"], id="one-role-to-any-service"),
        pytest.param(
            {"Action": "iam:PassRole", "Resource": "arn:aws:iam::000000000000:role/*"}, ["IAM_PASS_ROLE"], id="any-role"
        ),
    ],
)
def test_identity_policy(statement, expected, graph, resource):
    role = resource(ROLE, "r", {"name": "r"}, outputs={"arn": OWN})
    assert rules(graph(role, resource(ROLE_POLICY, "p", {"role": "r", "policy": text(statement)}))) == sorted(expected)


@pytest.mark.parametrize(
    ("principal", "condition", "expected"),
    [
        pytest.param({"Service": "lambda.amazonaws.com"}, {}, [], id="a-service"),
        pytest.param({"AWS": "arn:aws:iam::000000000000:root"}, {}, [], id="its-own-account"),
        pytest.param(ANY, {}, ["IAM_PUBLIC_PRINCIPAL"], id="anyone"),
        pytest.param("*", {}, ["IAM_PUBLIC_PRINCIPAL"], id="anyone-in-short"),
        pytest.param(ANY, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, [], id="anyone-of-the-organization"),
        pytest.param({"AWS": "111111111111"}, {}, ["IAM_FOREIGN_PRINCIPAL"], id="a-foreign-account"),
        pytest.param({"AWS": "111111111111"}, {"StringEquals": {"sts:ExternalId": "x"}}, [], id="with-an-external-id"),
    ],
)
def test_trust_policy(principal, condition, expected, graph, resource):
    document = text({"Principal": principal, "Action": "sts:AssumeRole", "Condition": condition})
    role = resource(ROLE, "r", {"name": "r", "assumeRolePolicy": document}, outputs={"arn": OWN})
    assert rules(graph(role)) == expected


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        pytest.param(
            BUCKET_POLICY,
            {"policy": text({"Principal": "*", "Action": "s3:GetObject", "Resource": "*"})},
            ["IAM_PUBLIC_PRINCIPAL"],
            id="public-bucket",
        ),
        pytest.param(
            BUCKET_POLICY,
            {"policy": text({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})},
            [],
            id="denied-to-all",
        ),
        pytest.param(
            TOPIC_POLICY,
            {"policy": text({"Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": "t"})},
            ["IAM_CONFUSED_DEPUTY"],
            id="s3-for-anyone",
        ),
        pytest.param(
            PERMISSION,
            {"principal": "s3.amazonaws.com", "action": "lambda:InvokeFunction", "sourceArn": "arn:aws:s3:::b"},
            ["IAM_CONFUSED_DEPUTY"],
            id="a-bucket-whose-owner-may-change",
        ),
        pytest.param(
            PERMISSION,
            {
                "principal": "s3.amazonaws.com",
                "action": "lambda:InvokeFunction",
                "sourceArn": "arn:aws:s3:::b",
                "sourceAccount": "0",
            },
            [],
            id="a-bucket-of-an-account",
        ),
        pytest.param(
            PERMISSION,
            {"principal": "*", "action": "lambda:InvokeFunction"},
            ["IAM_PUBLIC_PRINCIPAL"],
            id="public-function",
        ),
    ],
)
def test_resource_policy(token, inputs, expected, graph, resource):
    assert rules(graph(resource(token, "x", inputs))) == expected


PASS = {"Action": "iam:PassRole", "Resource": "*"}
JOB = {"Action": ["glue:CreateJob", "glue:StartJobRun"], "Resource": "*"}
KEYS = {"Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::000000000000:user/u"}


def escalations(graph: Any) -> list[str]:
    found = iam.run(graph, Path("/nowhere")).findings
    return [finding.message for finding in found if finding.rule == "IAM_PRIVILEGE_ESCALATION"]


def test_a_path_may_lead_through_two_documents(graph, resource):
    role = resource(ROLE, "r", {"name": "r"})
    documents = [
        resource(ROLE_POLICY, "a", {"role": "r", "policy": text(PASS)}),
        resource(ROLE_POLICY, "b", {"role": "r", "policy": text(JOB)}),
    ]
    message = "r with iam:PassRole + glue:CreateJob + glue:StartJobRun runs a job as any role"
    assert escalations(graph(role, *documents)) == [message]
    assert escalations(graph(role, documents[0])) == []


def test_documents_of_two_principals_do_not_add_up(graph, resource):
    roles = [resource(ROLE, name, {"name": name}) for name in "rs"]
    documents = [
        resource(ROLE_POLICY, "a", {"role": "r", "policy": text(PASS)}),
        resource(ROLE_POLICY, "b", {"role": "s", "policy": text(JOB)}),
    ]
    assert escalations(graph(*roles, *documents)) == []


def test_a_managed_policy_counts_for_whom_it_is_attached_to(graph, resource):
    arn = "arn:aws:iam::000000000000:policy/p"
    user = resource("aws:iam/user:User", "u", {"name": "u"})
    policy = resource(POLICY, "p", {"name": "p", "policy": text(KEYS)}, outputs={"arn": arn})
    attachment = resource("aws:iam/userPolicyAttachment:UserPolicyAttachment", "a", {"user": "u", "policyArn": arn})
    assert escalations(graph(user, policy, attachment)) == [
        "u with iam:CreateAccessKey makes access keys for other users"
    ]
    assert escalations(graph(user, policy)) == []


@pytest.mark.parametrize(
    ("boundary", "count"),
    [
        pytest.param({"Action": "*", "Resource": "*"}, 1, id="that-allows-it"),
        pytest.param({"Action": "s3:*", "Resource": "*"}, 0, id="that-does-not"),
    ],
)
def test_a_boundary_limits_what_policies_grant(boundary, count, graph, resource):
    arn = "arn:aws:iam::000000000000:policy/boundary"
    limit = resource(POLICY, "boundary", {"name": "boundary", "policy": text(boundary)}, outputs={"arn": arn})
    role = resource(ROLE, "r", {"name": "r", "permissionsBoundary": arn})
    made = graph(limit, role, resource(ROLE_POLICY, "a", {"role": "r", "policy": text(KEYS)}))
    assert len(escalations(made)) == count
    assert "IAM_WILDCARD_ACTION" not in rules(made), "a boundary grants nothing"


def test_making_roles_within_a_boundary_is_no_path(graph, resource):
    limit = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::000000000000:policy/boundary"}}
    grant = {"Action": "iam:PutRolePolicy", "Resource": "arn:aws:iam::000000000000:role/*"}
    role = resource(ROLE, "r", {"name": "r"})
    delegated = resource(ROLE_POLICY, "a", {"role": "r", "policy": text({**grant, "Condition": limit})})
    assert escalations(graph(role, delegated)) == []
    free = resource(ROLE_POLICY, "a", {"role": "r", "policy": text(grant)})
    assert escalations(graph(role, free)) == ["r with iam:PutRolePolicy writes any policy into a role"]


def test_a_denied_action_is_no_path(graph, resource):
    user = resource("aws:iam/user:User", "u", {"name": "u"})
    denied = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    assert escalations(graph(user, resource(USER_POLICY, "a", {"user": "u", "policy": text(KEYS, denied)}))) == []


def test_aws_own_administrator_policy(graph, resource):
    inputs = {"role": "r", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    made = graph(resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", inputs))
    assert rules(made) == ["IAM_PRIVILEGE_ESCALATION"]


def test_a_finding_names_the_statement_and_its_place_in_the_policy_file(graph, resource, tmp_path: Path):
    (tmp_path / "policies/iam").mkdir(parents=True)
    (tmp_path / "policies/iam/ingest.json").write_text('{\n "Statement": [\n  {"Sid": "ReadAll"}\n ]\n}')
    document = text({"Sid": "ReadAll", "Action": "s3:GetObject", "Resource": "*"})
    (finding,) = iam.run(graph(resource(ROLE_POLICY, "p", {"role": "r", "policy": document})), tmp_path).findings
    assert finding.message == "ReadAll: allows s3:GetObject on every resource"
    assert [str(place) for place in finding.related] == ["policies/iam/ingest.json:3"]


def test_of_a_statement_id_in_two_files_the_one_of_the_resources_name_is_meant(graph, resource, tmp_path: Path):
    (tmp_path / "policies").mkdir()
    for name in ("ingest", "crawler"):
        (tmp_path / f"policies/{name}.json").write_text('{"Sid": "Same"}')
    document = text({"Sid": "Same", "Action": "s3:GetObject", "Resource": "*"})

    def related(name: str) -> list[str]:
        made = graph(resource(ROLE_POLICY, name, {"role": "r", "policy": document}))
        (finding,) = iam.run(made, tmp_path).findings
        return [str(place) for place in finding.related]

    assert related("ingest") == ["policies/ingest.json:1"]
    assert related("another") == []


@pytest.mark.parametrize(
    ("action", "pattern", "expected"),
    [("s3:GetObject", "S3:get*", True), ("s3:GetObject", "s3:Put*", False), ("iam:PassRole", "*", True)],
)
def test_matches(action: str, pattern: str, expected: bool):
    assert matches(action, pattern) is expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [("s3:ListAllMyBuckets", False), ("s3:GetObject", True), ("s3:*", True), ("nosuch:Action", True)],
)
def test_can_be_limited(action: str, expected: bool):
    assert can_be_limited(action) is expected
