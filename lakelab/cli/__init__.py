"""The command `lakelab`: one module a group of verbs; they parse, call and print."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from lakelab.cli.console import errors
from lakelab.errors import LakelabError


def application() -> typer.Typer:
    """The whole command line."""
    from lakelab.cli import cloud, dashboard, deploy, diagram, drills, environment, iam, jobs, labs, lint, pipeline

    app = typer.Typer(
        name="lakelab",
        help="An infrastructure-as-code lab kit for AWS data engineering: a free local AWS, Pulumi stacks, dbt.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.add_typer(cloud.app, name="cloud", help="The local AWS: start, stop, look at it.")
    app.add_typer(deploy.app, name="deploy", help="Deploy a Pulumi program, with or without the Pulumi CLI.")
    app.add_typer(iam.app, name="iam", help="Permissions: denials explained, granted against used, simulation.")
    environment.register(app)
    labs.register(app)
    drills.register(app)
    lint.register(app)
    pipeline.register(app)
    diagram.register(app)
    dashboard.register(app)
    jobs.register(app)
    return app


def main() -> None:
    """Run the command line; an expected failure is printed with its fix, and the exit code is 1."""
    try:
        application()()
    except LakelabError as error:
        errors.print(f"[bold red]error:[/] {escape(error.message)}", highlight=False, soft_wrap=True)
        if error.fix:
            errors.print(f"  [bold]fix:[/] {escape(error.fix)}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("\nstopped; the same command goes on from here")
        sys.exit(130)
