"""Rights over an outside core: decided from the policies that its public API shows, against moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.core.remote_iam import Policies

ACCOUNT = "123456789012"
TABLE = f"arn:aws:glue:us-east-1:{ACCOUNT}:table/lake/orders"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/session"


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(action: str, resource: str = "*") -> str:
    return _document({"Effect": "Allow", "Action": action, "Resource": resource})


TRUST = _document({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"})


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        found = boto3.client("iam", region_name="us-east-1")
        found.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
        yield found


def _policies() -> Policies:
    return Policies(lambda service: boto3.client(service, region_name="us-east-1"))  # type: ignore[call-overload]


def _denial(arn: str, action: str, resource: str) -> str | None:
    caller = Caller(ACCOUNT, "us-east-1", arn, Credentials("k", "s"), Mock())
    return _policies().denial(caller, action, resource, {})


def test_a_role_without_policies_may_nothing(iam: Any):
    assert _denial(SESSION, "glue:GetTable", TABLE) == (
        f"User: {SESSION} is not authorized to perform: glue:GetTable on resource: {TABLE}"
        " because no identity-based policy allows the glue:GetTable action"
    )


def test_inline_and_attached_policies_allow(iam: Any):
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=_allow("glue:GetTable", TABLE))
    arn = iam.create_policy(PolicyName="managed", PolicyDocument=_allow("athena:*"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="reader", PolicyArn=arn)
    assert _denial(SESSION, "glue:GetTable", TABLE) is None
    assert _denial(SESSION, "athena:StartQueryExecution", "*") is None
    assert _denial(SESSION, "glue:DeleteTable", TABLE) is not None


def test_a_boundary_limits(iam: Any):
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=_allow("athena:*"))["Policy"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=_allow("*"))
    iam.put_role_permissions_boundary(RoleName="reader", PermissionsBoundary=arn)
    assert _denial(SESSION, "athena:GetWorkGroup", "*") is None
    assert "no permissions boundary allows" in (_denial(SESSION, "glue:GetTable", TABLE) or "")


def test_a_user_has_the_policies_of_its_groups(iam: Any):
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="analysts")
    iam.put_group_policy(GroupName="analysts", PolicyName="read", PolicyDocument=_allow("glue:Get*"))
    user = f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert _denial(user, "glue:GetTable", TABLE) is not None
    iam.add_user_to_group(GroupName="analysts", UserName="ann")
    assert _denial(user, "glue:GetTable", TABLE) is None


def test_a_bucket_policy_denies(iam: Any):
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=_allow("s3:*"))
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="lake")
    assert _denial(SESSION, "s3:GetObject", "arn:aws:s3:::lake/a") is None
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/secret/*"}
    s3.put_bucket_policy(Bucket="lake", Policy=_document(deny))
    assert _denial(SESSION, "s3:GetObject", "arn:aws:s3:::lake/a") is None
    said = _denial(SESSION, "s3:GetObject", "arn:aws:s3:::lake/secret/a")
    assert "with an explicit deny in a resource-based policy" in (said or "")


def test_a_service_takes_only_roles_that_trust_it(iam: Any):
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    assert _policies().service_denial("glue.amazonaws.com", "sts:AssumeRole", role, {}) is None
    assert _policies().service_denial("firehose.amazonaws.com", "sts:AssumeRole", role, {}) is not None


def test_a_role_that_is_not_there_is_said_to_be_missing(iam: Any):
    with pytest.raises(ClientError, match="NoSuchEntity"):
        _policies().role("nobody")


def test_a_change_through_the_gateway_is_seen_at_once(iam: Any):
    policies = _policies()
    caller = Caller(ACCOUNT, "us-east-1", SESSION, Credentials("k", "s"), Mock())
    assert policies.denial(caller, "glue:GetTable", TABLE, {}) is not None
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=_allow("glue:*"))
    policies.forget()
    assert policies.denial(caller, "glue:GetTable", TABLE, {}) is None


def test_the_keys_of_a_role_that_is_gone_may_nothing(iam: Any):
    gone = SESSION.replace("reader", "gone")
    assert (_denial(gone, "glue:GetTable", TABLE) or "").startswith(f"User: {gone} is not authorized")


@pytest.mark.parametrize(
    ("arn", "known"),
    [
        pytest.param("arn:aws:iam::123456789012:user/path/ann", True, id="a user"),
        pytest.param("arn:aws:sts::123456789012:user/moto", False, id="moto's name for any key"),
        pytest.param("arn:aws:iam::123456789012:root", False, id="root"),
        pytest.param(SESSION, False, id="a role's session"),
    ],
)
def test_who_is_a_user(iam: Any, arn: str, known: bool):
    iam.create_user(UserName="ann", Path="/path/")
    assert _policies().is_user(arn) is known
