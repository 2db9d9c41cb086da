"""Real AWS is touched only by the Pulumi CLI, and only in an account that the project lists.

No real account is used: the CLI is a stand-in, and what tells the account is given by the test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from lakelab.cli.deploy import app
from lakelab.deploy import Project, guard
from lakelab.deploy.guard import NotAllowed, require_allowed
from lakelab.errors import LakelabError

LOCAL = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
LISTED = "config:\n  p:sandboxAccounts: ['111122223333', '444455556666']\n"


def nobody(environment: Mapping[str, str]) -> str:
    raise AssertionError("AWS was called")


def is_account(account: str) -> Callable[[Mapping[str, str]], str]:
    return lambda environment: account


ELSEWHERE = [
    pytest.param({}, "AWS_ENDPOINT_URL is not set", id="no-endpoint"),
    pytest.param(
        {"AWS_ENDPOINT_URL": "https://sqs.us-east-1.amazonaws.com"}, "is not on this machine", id="other-machine"
    ),
    pytest.param({**LOCAL, "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com"}, "AWS_ENDPOINT_URL_S3", id="one-service"),
    pytest.param(
        {**LOCAL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "ENDPOINT_URLS is set", id="endpoints-ignored"
    ),
]


@pytest.mark.parametrize(("environment", "why"), ELSEWHERE)
def test_without_a_listed_account_nothing_is_called(project: Project, environment: dict[str, str], why: str) -> None:
    with pytest.raises(NotAllowed, match=f"{why}.*, so this is real AWS, and p lists no account") as raised:
        require_allowed(project, "dev", environment, nobody)
    assert "sandboxAccounts" in raised.value.fix


@pytest.mark.parametrize(("environment", "why"), ELSEWHERE)
def test_only_a_listed_account_is_deployed_to(project: Project, environment: dict[str, str], why: str) -> None:
    project.stack_file("dev").write_text(LISTED)
    assert require_allowed(project, "dev", environment, is_account("444455556666")) == "444455556666"
    with pytest.raises(NotAllowed, match=f"{why}.* account 999999999999, which `sandboxAccounts` does not list"):
        require_allowed(project, "dev", environment, is_account("999999999999"))


def test_the_local_aws_needs_no_permission(project: Project) -> None:
    assert require_allowed(project, "dev", LOCAL, nobody) is None


def test_the_endpoints_of_the_stacks_own_configuration_count(project: Project) -> None:
    project.stack_file("dev").write_text("config:\n  aws:endpoints: [{sqs: 'https://sqs.us-east-1.amazonaws.com'}]\n")
    with pytest.raises(NotAllowed, match=r"aws:endpoints sqs=https://sqs\.us-east-1\.amazonaws\.com is not on this"):
        require_allowed(project, "dev", LOCAL, nobody)


def test_credentials_in_the_configuration_cannot_be_checked(project: Project) -> None:
    project.stack_file("dev").write_text(f"{LISTED}  aws:profile: production\n")
    with pytest.raises(NotAllowed, match=r"the configuration of dev chooses credentials .*: aws:profile"):
        require_allowed(project, "dev", {}, nobody)
    assert require_allowed(project, "dev", LOCAL, nobody) is None


def test_the_project_can_list_accounts_for_all_of_its_stacks(project: Project) -> None:
    declared = "config:\n  sandboxAccounts: {type: array, items: {type: string}, default: ['111122223333']}\n"
    (project.root / "Pulumi.yaml").write_text(f"name: p\nruntime: python\n{declared}")
    assert require_allowed(Project.load(project.root), "dev", {}, is_account("111122223333")) == "111122223333"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("[111122223333]", id="number"),
        pytest.param("['1111']", id="too-short"),
        pytest.param("{a: b}", id="no-list"),
    ],
)
def test_a_list_that_is_none_is_an_error(project: Project, value: str) -> None:
    project.stack_file("dev").write_text(f"config:\n  p:sandboxAccounts: {value}\n")
    with pytest.raises(NotAllowed, match="must be a list of account ids of 12 digits in quotes"):
        require_allowed(project, "dev", {}, nobody)


@pytest.mark.parametrize("verb", ["preview", "up", "refresh", "destroy"])
def test_each_verb_refuses_before_the_cli_is_called(
    project: Project, stand_in: Any, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    fake = stand_in()
    monkeypatch.setenv("PATH", f"{fake.executable.parent}:/usr/bin:/bin")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(guard, "account_of", nobody)
    result = CliRunner().invoke(app, [verb, "-C", str(project.root), "-s", "dev"])
    assert isinstance(result.exception, NotAllowed)
    assert fake.calls == []


def test_a_listed_account_is_named_where_it_is_deployed_to(
    project: Project, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = stand_in()
    project.stack_file("dev").write_text(LISTED)
    monkeypatch.setenv("PATH", f"{fake.executable.parent}:/usr/bin:/bin")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr(guard, "account_of", is_account("111122223333"))
    result = CliRunner().invoke(app, ["up", "-C", str(project.root), "-s", "dev", "--yes"])
    assert result.exit_code == 0, result.output
    assert "Updating dev (pulumi CLI, account 111122223333)" in result.output
    assert "Resources none" not in result.output
    assert fake.commands[1] == "up --yes --skip-preview --stack dev --non-interactive --color never"
    told = CliRunner().invoke(app, ["history", "-C", str(project.root), "-s", "dev"]).output
    assert "succeeded  4        2 create" in told


def test_the_embedded_engine_is_for_this_machine_whatever_is_listed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.stack_file("dev").write_text(LISTED)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    result = CliRunner().invoke(app, ["up", "-C", str(project.root), "-s", "dev", "--engine", "embedded"])
    assert isinstance(result.exception, LakelabError)
    assert result.exception.message == "AWS_ENDPOINT_URL is not set: the embedded engine deploys to a local AWS only"
