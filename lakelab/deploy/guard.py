"""Keeps a deployment away from every AWS account that the project does not name.

An endpoint on this machine is a local AWS and needs no permission. Everything else is real AWS: only the Pulumi CLI
deploys there, and only with credentials of an account that the project's configuration lists:

    config:
      sandboxAccounts:
        type: array
        items: {type: string}
        default: ["111122223333"]
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lakelab.deploy.project import Project
from lakelab.deploy.provider.clients import elsewhere
from lakelab.errors import LakelabError

SETTING = "sandboxAccounts"
# with these the provider takes other credentials than the environment's, whose account is not the one that was checked
CREDENTIALS = (
    "profile",
    "accessKey",
    "assumeRole",
    "assumeRoles",
    "assumeRoleWithWebIdentity",
    "sharedCredentialsFiles",
)


class NotAllowed(LakelabError):
    """The environment leads to an AWS account that the project does not list."""


def account_of(environment: Mapping[str, str]) -> str:
    """The account of the environment's credentials: `sts:GetCallerIdentity`, which needs no right and changes nothing.

    Raises:
        NotAllowed: there are no credentials, or AWS does not take them.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    try:
        return boto3.client("sts", region_name=region).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        fix = "check the credentials: aws sts get-caller-identity"
        raise NotAllowed(f"the AWS account cannot be told: {error}", fix=fix) from error


def require_allowed(
    project: Project,
    stack: str,
    environment: Mapping[str, str],
    identify: Callable[[Mapping[str, str]], str] | None = None,
) -> str | None:
    """Whether the Pulumi CLI may deploy with this environment: the listed account, or None for a local AWS.

    Nothing is called before this but `sts:GetCallerIdentity`, and that only when the project lists accounts.

    Raises:
        NotAllowed: it leads to real AWS, and the project lists no account, or another.
    """
    why = elsewhere(environment, _endpoints(project, stack))
    if not why:
        return None
    allowed = _accounts(project, stack)
    local = 'for the local AWS: eval "$(lakelab env)"'
    if not allowed:
        raise NotAllowed(
            f"{why}, so this is real AWS, and {project.name} lists no account for it",
            fix=f"{local}; for a sandbox, list its account id under `{SETTING}` in the configuration",
        )
    chosen = [f"aws:{name}" for name in CREDENTIALS if project.plain(stack, f"aws:{name}") is not None]
    if chosen:
        raise NotAllowed(
            f"{why}, and the configuration of {stack} chooses credentials that are not checked: {', '.join(chosen)}",
            fix="give them in the environment: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    account = (identify or account_of)(environment)
    if account not in allowed:
        raise NotAllowed(
            f"{why}, and the credentials are of the account {account}, which `{SETTING}` does not list",
            fix=f"{local}; for a sandbox, use credentials of {' or '.join(allowed)}",
        )
    return account


def _accounts(project: Project, stack: str) -> list[str]:
    """
    Raises:
        NotAllowed: the setting is no list of account ids.
    """
    found = _structured(project.plain(stack, SETTING))
    ids = found if isinstance(found, list) else [None]
    if not all(isinstance(item, str) and re.fullmatch(r"\d{12}", item) for item in ids):
        raise NotAllowed(f"`{SETTING}` must be a list of account ids of 12 digits in quotes, not {found!r}")
    return found


def _endpoints(project: Project, stack: str) -> dict[str, str]:
    """The endpoints that the stack's configuration gives to the AWS provider; they win over the environment."""
    entries = _structured(project.plain(stack, "aws:endpoints"))
    return {service: url for entry in entries for service, url in entry.items() if url}


def _structured(value: Any) -> Any:
    """A list in a configuration, which may be written as JSON text."""
    return json.loads(value) if isinstance(value, str) else value or []
