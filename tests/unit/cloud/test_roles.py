"""The roles that a service works as: assumed once, and again when it is time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lakelab.cloud import roles
from lakelab.cloud.errors import AwsError
from lakelab.cloud.roles import Roles, account_root

ROLE = "arn:aws:iam::123456789012:role/etl"


@pytest.fixture
def core() -> SimpleNamespace:
    asked: list[tuple[str, ...]] = []

    def assume_role(arn: str, session: str, *, account: str, region: str, service: str) -> object:
        asked.append((arn, session, account, service))
        return object()

    return SimpleNamespace(assume_role=assume_role, asked=asked)


def test_credentials_are_kept_and_then_renewed(core: SimpleNamespace, monkeypatch: pytest.MonkeyPatch):
    found = Roles(core, "session", "firehose.amazonaws.com")  # type: ignore[arg-type]
    first = found.caller(ROLE, "us-east-1")
    assert found.caller(ROLE, "us-east-1") is first
    assert core.asked == [(ROLE, "session", "123456789012", "firehose.amazonaws.com")]
    assert found.caller(ROLE, "eu-west-1") is not first
    monkeypatch.setattr(roles, "RENEW_SECONDS", 0.0)
    assert found.caller(ROLE, "us-east-1") is not first


def test_the_accounts_root_signs_with_the_accounts_id(core: SimpleNamespace):
    root = account_root(core, "123456789012", "us-east-1")  # type: ignore[arg-type]
    assert root.arn == "arn:aws:iam::123456789012:root"
    assert root.credentials.access_key == "123456789012"


def test_rights_are_looked_at_once_a_second_and_a_denial_each_time(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, str]] = []
    denied: list[AwsError] = []

    def require(action: str, resource: str) -> None:
        asked.append((action, resource))
        if denied:
            raise denied[0]

    caller = SimpleNamespace(require=require)
    core = SimpleNamespace(assume_role=lambda *arguments, **more: caller)
    found = Roles(core, "session", "firehose.amazonaws.com")  # type: ignore[arg-type]
    for _ in range(3):
        assert found.allowed(ROLE, "us-east-1", ("a", "b"), "arn:x") is caller
    assert asked == [("a", "arn:x"), ("b", "arn:x")]
    assert found.allowed(ROLE, "us-east-1", ("a",), "arn:y") is caller
    assert asked[2:] == [("a", "arn:y")]
    monkeypatch.setattr(roles, "LOOK_SECONDS", 0.0)
    denied.append(AwsError("no", code="AccessDeniedException"))
    for _ in range(2):
        with pytest.raises(AwsError, match="no"):
            found.allowed(ROLE, "us-east-1", ("a", "b"), "arn:x")
    assert asked[3:] == [("a", "arn:x")] * 2
