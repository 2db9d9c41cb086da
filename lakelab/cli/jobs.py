"""`lakelab job`: run a Glue job of glue/jobs.yaml and show what it printed."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from lakelab.cli.console import next_step, out
from lakelab.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(job)


def job(
    name: Annotated[str, typer.Argument(help="A job of glue/jobs.yaml, for example compact_orders.")],
    argument: Annotated[
        list[str] | None, typer.Option("--argument", "-a", help="As sort_by=city: instead of the job's own value.")
    ] = None,
) -> None:
    """Run a Glue job on the local AWS, wait for its end, and show what it printed."""
    from lakelab.cloud.environment import client
    from lakelab.pipeline import jobs
    from lakelab.pipeline.deployment import Stacks

    config = settings()
    pairs = [pair.partition("=") for pair in argument or ()]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("write an argument as sort_by=city")
    given = {f"--{key}": value for key, _, value in pairs}
    run = jobs.run(
        lambda service: client(config, service), Stacks(config, "local").output("catalog", f"{name}_job"), given
    )
    for line in run.lines:
        out.print(escape(line), highlight=False, soft_wrap=True)
    out.print(f"run {run.id} succeeded in {run.seconds:.1f} s", highlight=False, soft_wrap=True)
    next_step("lakelab iam diff lakelab-local-jobs shows which rights it used")
