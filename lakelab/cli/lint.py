"""`lakelab lint`: everything that can be found wrong without running it, in one report."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lakelab.cli.console import errors, next_step, out
from lakelab.settings import settings


class Format(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


Only = Annotated[list[str], typer.Option("--only", help="Run only this tool; repeat it for more.")]
States = Annotated[list[Path], typer.Option("--state", exists=True, help="Look at this state file, or stack export.")]
Save = Annotated[list[str], typer.Option("--save", metavar="FORMAT=FILE", help="Write the report to a file, too.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(lint)


def lint(
    files: Annotated[list[Path], typer.Argument(help="Only these files, with --fast.")] = [],  # noqa: B006  # Typer's way
    fast: Annotated[bool, typer.Option("--fast", help="Only what takes a second: ruff, documents, secrets.")] = False,
    only: Only = [],  # noqa: B006
    deployed: Annotated[bool, typer.Option("--deployed", help="Look at the stacks as they are deployed now.")] = False,
    state: States = [],  # noqa: B006
    online: Annotated[bool, typer.Option("--online", help="Run what needs the network, too: pip-audit.")] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print the report.")] = Format.TABLE,
    save: Save = [],  # noqa: B006
    notes: Annotated[bool, typer.Option("--notes", help="Show what exceptions allow and what tools left out.")] = False,
) -> None:
    """Lint what the Pulumi program deploys, and the rest of the project.

    The stacks are deployed into a throw-away local AWS; checkov, cfn-lint, our own rules and the IAM checks look at
    what is there, and each finding names the file and line of the program. Exit code 1 when anything is wrong, or
    a tool did not run.
    """
    from lakelab.errors import LakelabError
    from lakelab.lint.deployment import deployed as states_of
    from lakelab.lint.formats import FORMATS, table
    from lakelab.lint.run import FAST, TOOLS, lint

    config = settings()
    if files and not fast:
        raise LakelabError(
            "files can be given with --fast alone", fix="leave them out: the rest of the lint is about the whole"
        )
    wanted = [pair.partition("=") for pair in save]
    for name, _, file in wanted:
        if name not in FORMATS or not file:
            raise LakelabError(
                f"--save {name}={file}: no such format", fix=f"one of {', '.join(FORMATS)}, as sarif=lint.sarif"
            )
    states = list(state) or (states_of(config) if deployed else None)
    inside = [path.resolve().relative_to(config.root) for path in files if path.resolve().is_relative_to(config.root)]
    with errors.status("lint ...") as status:
        report = lint(
            config,
            tools=only or (FAST if fast else TOOLS),
            online=online,
            states=states,
            files=inside if files else None,
            finished=lambda run: status.update(f"lint: {run.tool} is done"),
        )
    for name, _, file in wanted:
        Path(file).write_text(FORMATS[name](report) + "\n", encoding="utf-8")
    if format is Format.TABLE:
        for part in table.render(report, notes=notes):
            out.print(part, highlight=False, soft_wrap=True)
        next_step("make test" if report.passed else "correct it, or allow it in policies/exceptions.yaml: docs/lint.md")
    else:
        print(FORMATS[format.value](report))
    if not report.passed:
        raise typer.Exit(1)
