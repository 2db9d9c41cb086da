"""People and roles with just the policies that a test gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lakelab.cloud.iam.record import FILE, Recorded, read
from lakelab.testing import Cloud, start_cloud

ACCOUNT = "000000000000"


def document(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class People:
    """Users and roles with names of their own."""

    def __init__(self, cloud: Cloud):
        self.cloud = cloud
        self._iam = cloud.client("iam")

    def user(self, *statements: dict[str, Any]) -> tuple[str, tuple[str, str]]:
        """A user's name and keys."""
        name = f"user-{uuid4().hex[:8]}"
        self._iam.create_user(UserName=name)
        if statements:
            self._iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(list(statements)))
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        return name, (key["AccessKeyId"], key["SecretAccessKey"])

    def grant(self, user: str, *statements: dict[str, Any]) -> None:
        self._iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document(list(statements)))

    def role(self, trusted: dict[str, Any], *statements: dict[str, Any], **condition: Any) -> str:
        """A role's ARN."""
        name = f"role-{uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole", **condition}
        self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=document([trust]))
        if statements:
            self._iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(list(statements)))
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@pytest.fixture
def people(cloud: Cloud) -> People:
    return People(cloud)


@pytest.fixture
def denials(cloud: Cloud) -> Callable[[str], list[Recorded]]:
    """The recorded denials of a principal's ARN, or of a service."""
    return lambda role: read(cloud.settings.state / FILE, role=role, allowed=False)


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A local AWS that a test may stop and start."""
    started = start_cloud(tmp_path)
    yield started
    started.server.stop()
