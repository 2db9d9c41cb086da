"""`lakelab deploy`: preview, up, refresh, destroy and the rest, for any Pulumi Python project."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lakelab.cli.console import errors, next_step, out, print_json
from lakelab.deploy import DeployError, Project, engines
from lakelab.deploy.engine.display import Display, shown
from lakelab.deploy.engine.events import Result, Verb
from lakelab.deploy.engines import Engine
from lakelab.errors import LakelabError

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[Path, typer.Option("-C", "--cwd", help="The folder of the Pulumi project.")]
Stack = Annotated[str, typer.Option("-s", "--stack", help="The stack's name.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Target = Annotated[list[str], typer.Option("--target", "-t", help="Only this resource: URN, name, or pattern with *.")]
Replace = Annotated[list[str], typer.Option("--replace", help="Replace this resource: URN, name, or pattern with *.")]
TargetReplace = Annotated[list[str], typer.Option("--target-replace", help="Replace this resource alone.")]
NoChanges = Annotated[bool, typer.Option("--expect-no-changes", help="Exit with 1 if anything changes.")]
EngineName = Annotated[
    str, typer.Option("--engine", help="auto (the pulumi CLI when it is on PATH), embedded or pulumi.")
]
Partial = Annotated[bool, typer.Option("--partial", help="Leave out what the core has no service for.")]
Secrets = Annotated[bool, typer.Option("--show-secrets", help="Show secrets in clear.")]
HERE = Path()


def _allowed(name: str, project: Project, stack: str, *, partial: bool = False) -> tuple[Engine, str]:
    """The engine to use, when it may touch the AWS that the environment names, and what to call both."""
    engine = engines.choose(name, project)
    if partial:
        engine = engines.partial(engine)
    return engine, engines.require_allowed(engine, project, stack)


def _run(
    verb: Verb,
    project: Project,
    stack: str,
    engine: Engine,
    title: str,
    *,
    as_json: bool,
    targets: list[str],
    replace: list[str] | None = None,
    expect_no_changes: bool = False,
    refresh_first: bool = False,
) -> Result:
    """Runs a verb and shows it to people. A failure with `as_json` is printed here; a result is not."""
    display = None if as_json else Display(out, verb, stack, title)
    listener: Callable[..., None] = display or (lambda event: None)
    try:
        if refresh_first:
            engine.run("refresh", project, stack, listener=listener, targets=targets)
        result = engine.run(
            verb,
            project,
            stack,
            listener=listener,
            targets=targets,
            replace=replace or (),
            expect_no_changes=expect_no_changes,
        )
    except DeployError as error:
        if as_json:
            print_json({**error.result.as_dict(), "error": error.message})
            raise typer.Exit(1) from error
        assert display
        display.summary(error.result)
        raise
    finally:
        if display:
            display.close()
    if display and (verb == "preview" or not engine.prints_summary):
        display.summary(result)
    return result


def _refuse_changes(result: Result, expect_no_changes: bool) -> None:
    if expect_no_changes and result.changed:
        errors.print("[bold red]error:[/] no changes were expected", highlight=False)
        raise typer.Exit(1)


def _confirm(question: str, *, yes: bool, as_json: bool) -> None:
    if yes or as_json or not sys.stdin.isatty():
        return
    typer.confirm(question, abort=True)


@app.command()
def preview(
    stack: Stack,
    folder: Folder = HERE,
    target: Target = [],  # noqa: B006  # Typer reads the default, nobody changes it
    replace: Replace = [],  # noqa: B006
    target_replace: TargetReplace = [],  # noqa: B006
    as_json: Json = False,
    expect_no_changes: NoChanges = False,
    engine: EngineName = "auto",
    partial: Partial = False,
) -> None:
    """Show what `up` would do, property by property. Nothing is changed."""
    project = Project.load(folder)
    chosen, title = _allowed(engine, project, stack, partial=partial)
    targets, replaced = [*target, *target_replace], [*replace, *target_replace]
    result = _run("preview", project, stack, chosen, title, as_json=as_json, targets=targets, replace=replaced)
    if as_json:
        print_json(result.as_dict())
    _refuse_changes(result, expect_no_changes)
    if not as_json and result.changed:
        next_step(f"lakelab deploy up -s {stack}")


@app.command()
def up(
    stack: Stack,
    folder: Folder = HERE,
    target: Target = [],  # noqa: B006
    replace: Replace = [],  # noqa: B006
    target_replace: TargetReplace = [],  # noqa: B006
    refresh: Annotated[bool, typer.Option("--refresh", help="Look for drift first.")] = False,
    yes: Yes = False,
    as_json: Json = False,
    expect_no_changes: NoChanges = False,
    engine: EngineName = "auto",
    partial: Partial = False,
) -> None:
    """Make the stack what its program says."""
    project = Project.load(folder)
    chosen, title = _allowed(engine, project, stack, partial=partial)
    targets, replaced = [*target, *target_replace], [*replace, *target_replace]
    if not (yes or as_json or expect_no_changes) and sys.stdin.isatty():
        seen = _run("preview", project, stack, chosen, title, as_json=False, targets=targets, replace=replaced)
        if seen.changed:
            _confirm("Do this?", yes=yes, as_json=as_json)
    result = _run(
        "up",
        project,
        stack,
        chosen,
        title,
        as_json=as_json,
        targets=targets,
        replace=replaced,
        expect_no_changes=expect_no_changes,
        refresh_first=refresh,
    )
    if as_json:
        print_json(result.as_dict())
    _refuse_changes(result, expect_no_changes)
    if not as_json:
        next_step(f"lakelab deploy outputs -s {stack}")


@app.command()
def refresh(
    stack: Stack,
    folder: Folder = HERE,
    target: Target = [],  # noqa: B006
    yes: Yes = False,
    as_json: Json = False,
    expect_no_changes: NoChanges = False,
    engine: EngineName = "auto",
) -> None:
    """Put into the state what AWS has, and show the drift, property by property."""
    project = Project.load(folder)
    chosen, title = _allowed(engine, project, stack)
    result = _run(
        "refresh", project, stack, chosen, title, as_json=as_json, targets=target, expect_no_changes=expect_no_changes
    )
    if as_json:
        print_json(result.as_dict())
    _refuse_changes(result, expect_no_changes)
    if not as_json and result.changed:
        next_step(f"lakelab deploy up -s {stack}   # puts back what the program says")


@app.command()
def destroy(
    stack: Stack,
    folder: Folder = HERE,
    target: Target = [],  # noqa: B006
    yes: Yes = False,
    as_json: Json = False,
    engine: EngineName = "auto",
) -> None:
    """Delete everything that the stack made, and list what still carries its name or tags: then exit with 1."""
    from lakelab.deploy import survivors

    project = Project.load(folder)
    chosen, title = _allowed(engine, project, stack)
    _confirm(f"Delete everything in {stack}?", yes=yes, as_json=as_json)
    before = chosen.export(project, stack)["deployment"] if stack in chosen.stacks(project) else {}
    result = _run("destroy", project, stack, chosen, title, as_json=as_json, targets=target)
    left = [] if target else survivors.after_destroy(chosen, project, stack, before)
    if as_json:
        print_json({**result.as_dict(), "survivors": [item.as_dict() for item in left]})
    elif left:
        from rich.table import Table

        table = Table("service", "what", "name", "", box=None, title="Still there", title_justify="left")
        for item in left:
            table.add_row(item.service, item.kind, item.name, item.detail)
        out.print(table)
    if left:
        raise typer.Exit(1)


@app.command(name="outputs")
def show_outputs(
    stack: Stack,
    folder: Folder = HERE,
    name: Annotated[str | None, typer.Argument(help="One output alone, as plain text.")] = None,
    as_json: Json = False,
    show_secrets: Secrets = False,
    engine: EngineName = "auto",
) -> None:
    """Print what the stack exports."""
    project = Project.load(folder)
    found = engines.choose(engine, project).outputs(project, stack, show_secrets=show_secrets)
    if name is not None:
        if name not in found:
            raise LakelabError(f"{stack} exports no {name}", fix=f"it exports {', '.join(sorted(found)) or 'nothing'}")
        value = found[name]
        print(value if isinstance(value, str) else json.dumps(value))
    elif as_json:
        print_json(found)
    else:
        for key, value in sorted(found.items()):
            out.print(f"{key}  {shown(value, limit=400)}", highlight=False, soft_wrap=True, markup=False)


@app.command()
def export(stack: Stack, folder: Folder = HERE, show_secrets: Secrets = False, engine: EngineName = "auto") -> None:
    """Print the stack's state in the form that `pulumi stack import` takes."""
    project = Project.load(folder)
    print_json(engines.choose(engine, project).export(project, stack, show_secrets=show_secrets))


@app.command(name="import")
def import_(
    stack: Stack,
    folder: Folder = HERE,
    file: Annotated[Path | None, typer.Option("--file", help="The state; standard input when not given.")] = None,
    engine: EngineName = "auto",
) -> None:
    """Replace the stack's state by one from `export` or `pulumi stack export`."""
    project = Project.load(folder)
    text = file.read_text(encoding="utf-8") if file else sys.stdin.read()
    count = engines.choose(engine, project).import_(project, stack, text)
    out.print(f"{count} resources imported into {stack}", highlight=False)
    next_step(f"lakelab deploy refresh -s {stack}")


@app.command()
def graph(
    stack: Stack,
    folder: Folder = HERE,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write an SVG picture to this file.")] = None,
    engine: EngineName = "auto",
) -> None:
    """Print the resources and what they stand on as a Mermaid graph."""
    from lakelab.deploy.engine import graph as drawing
    from lakelab.deploy.engine.transfer import shape_of

    project = Project.load(folder)
    snapshot = shape_of(engines.choose(engine, project).export(project, stack))
    if svg is not None:
        svg.write_text(drawing.svg(snapshot), encoding="utf-8")
        out.print(f"{svg} written", highlight=False)
    else:
        print(drawing.mermaid(snapshot))


@app.command()
def history(stack: Stack, folder: Folder = HERE, as_json: Json = False, engine: EngineName = "auto") -> None:
    """List what was done to the stack, newest first."""
    project = Project.load(folder)
    entries = engines.choose(engine, project).history(project, stack)
    if as_json:
        print_json(entries)
        return
    from rich.table import Table

    table = Table("when", "what", "result", "seconds", "changes", box=None)
    for entry in entries:
        began, ended = _when(entry["startTime"]), _when(entry["endTime"])
        changes = ", ".join(f"{count} {op}" for op, count in sorted((entry.get("resourceChanges") or {}).items()))
        seconds = f"{(ended - began).total_seconds():.0f}"
        table.add_row(began.isoformat(" ", "seconds"), entry["kind"], entry["result"], seconds, changes)
    out.print(table)


def _when(time: int | str) -> datetime:
    """A time in a history: seconds in Pulumi's files, ISO 8601 in what its CLI prints."""
    if isinstance(time, int):
        return datetime.fromtimestamp(time).astimezone()
    return datetime.fromisoformat(time).astimezone()


@app.command()
def cancel(stack: Stack, folder: Folder = HERE, engine: EngineName = "auto") -> None:
    """Remove the lock of a deployment that is gone."""
    project = Project.load(folder)
    count = engines.choose(engine, project).cancel(project, stack)
    out.print(f"{count} lock{'s' if count != 1 else ''} of {stack} removed", highlight=False)
