"""`lakelab env`: the variables with which any AWS program talks to the local AWS."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from lakelab.cli.console import print_json
from lakelab.cloud.environment import environment, role_credentials
from lakelab.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("env")(env)


def env(
    role: Annotated[str | None, typer.Option("--role", help="A role's name or ARN: its temporary credentials.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Print the exports that point boto3, the aws CLI, dbt and Pulumi at the local AWS.

    Use it as: eval "$(lakelab env)"
    """
    config = settings()
    variables = environment(config)
    if role:
        variables |= role_credentials(config, role)
    if as_json:
        print_json(variables)
        return
    if not role:
        print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
