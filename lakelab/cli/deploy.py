"""`lakelab deploy`: preview, up, refresh, destroy and the rest, for any Pulumi Python project."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from lakelab.cli.console import errors, next_step, out, print_json
from lakelab.deploy import DeployError, Project, Session, outputs
from lakelab.deploy import pulumi as cli
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.display import Display, shown
from lakelab.deploy.engine.events import Result, Verb
from lakelab.deploy.session import backend_of
from lakelab.errors import LakelabError

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[Path, typer.Option("-C", "--cwd", help="The folder of the Pulumi project.")]
Stack = Annotated[str, typer.Option("-s", "--stack", help="The stack's name.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Target = Annotated[list[str], typer.Option("--target", "-t", help="Only this resource: URN, name, or pattern with *.")]
Replace = Annotated[list[str], typer.Option("--replace", help="Replace this resource: URN, name, or pattern with *.")]
NoChanges = Annotated[bool, typer.Option("--expect-no-changes", help="Exit with 1 if anything changes.")]
Engine = Annotated[str, typer.Option(help="auto (the pulumi CLI when it is on PATH), embedded or pulumi.")]
Secrets = Annotated[bool, typer.Option("--show-secrets", help="Show secrets in clear.")]
HERE = Path()


def _backend(project: Project) -> Backend:
    return backend_of(project, os.environ)


def _pulumi(engine: str) -> str | None:
    """The Pulumi CLI to use, or None for the embedded engine."""
    if engine not in ("auto", "embedded", "pulumi"):
        raise LakelabError(f"no engine {engine!r}", fix="use --engine auto, embedded or pulumi")
    found = cli.find() if engine != "embedded" else None
    if engine == "pulumi" and found is None:
        raise LakelabError("the pulumi CLI is not on PATH", fix="install it, or use --engine embedded")
    return found


def _run(
    verb: Verb,
    folder: Path,
    stack: str,
    engine: str,
    *,
    as_json: bool,
    targets: list[str],
    replace: list[str] | None = None,
    expect_no_changes: bool = False,
    refresh_first: bool = False,
) -> Result:
    project = Project.load(folder)
    backend = _backend(project)
    executable = _pulumi(engine)
    display = None if as_json else Display(out, verb, stack, "pulumi CLI" if executable else "embedded engine")
    listener: Callable[..., None] = display or (lambda event: None)
    how: dict[str, Any] = {"listener": listener, "targets": tuple(targets)}
    if verb in ("preview", "up"):
        how["replace"] = tuple(replace or ())
    try:
        if executable:
            if refresh_first:
                cli.Cli(executable, {}, backend.folder).run("refresh", project, stack, listener=listener)
            result = cli.Cli(executable, {}, backend.folder).run(verb, project, stack, **how)
        else:
            if verb != "refresh" and not refresh_first:
                cli.require_same_engine(backend, project.name, stack, embedded=True)
            with Session() as session:
                if verb == "up":
                    how["refresh_first"] = refresh_first
                result = getattr(session, verb)(project, stack, backend=backend.folder, **how)
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
    if as_json:
        print_json(result.as_dict())
    elif display:
        display.summary(result)
    if expect_no_changes and result.changed:
        errors.print("[bold red]error:[/] no changes were expected", highlight=False)
        raise typer.Exit(1)
    return result


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
    as_json: Json = False,
    expect_no_changes: NoChanges = False,
    engine: Engine = "auto",
) -> None:
    """Show what `up` would do, property by property. Nothing is changed."""
    result = _run(
        "preview",
        folder,
        stack,
        engine,
        as_json=as_json,
        targets=target,
        replace=replace,
        expect_no_changes=expect_no_changes,
    )
    if not as_json and result.changed:
        next_step(f"lakelab deploy up -s {stack}")


@app.command()
def up(
    stack: Stack,
    folder: Folder = HERE,
    target: Target = [],  # noqa: B006
    replace: Replace = [],  # noqa: B006
    refresh: Annotated[bool, typer.Option("--refresh", help="Look for drift first.")] = False,
    yes: Yes = False,
    as_json: Json = False,
    expect_no_changes: NoChanges = False,
    engine: Engine = "auto",
) -> None:
    """Make the stack what its program says."""
    if not (yes or as_json or expect_no_changes) and sys.stdin.isatty():
        seen = _run("preview", folder, stack, engine, as_json=False, targets=target, replace=replace)
        if seen.changed:
            _confirm("Do this?", yes=yes, as_json=as_json)
    _run(
        "up",
        folder,
        stack,
        engine,
        as_json=as_json,
        targets=target,
        replace=replace,
        expect_no_changes=expect_no_changes,
        refresh_first=refresh,
    )
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
    engine: Engine = "auto",
) -> None:
    """Put into the state what AWS has, and show the drift, property by property."""
    result = _run(
        "refresh", folder, stack, engine, as_json=as_json, targets=target, expect_no_changes=expect_no_changes
    )
    if not as_json and result.changed:
        next_step(f"lakelab deploy up -s {stack}   # puts back what the program says")


@app.command()
def destroy(
    stack: Stack,
    folder: Folder = HERE,
    target: Target = [],  # noqa: B006
    yes: Yes = False,
    as_json: Json = False,
    engine: Engine = "auto",
) -> None:
    """Delete everything that the stack made."""
    _confirm(f"Delete everything in {stack}?", yes=yes, as_json=as_json)
    _run("destroy", folder, stack, engine, as_json=as_json, targets=target)


@app.command(name="outputs")
def show_outputs(
    stack: Stack,
    folder: Folder = HERE,
    name: Annotated[str | None, typer.Argument(help="One output alone, as plain text.")] = None,
    as_json: Json = False,
    show_secrets: Secrets = False,
) -> None:
    """Print what the stack exports."""
    project = Project.load(folder)
    found = outputs(project, stack, backend=_backend(project).folder, show_secrets=show_secrets)
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
def export(stack: Stack, folder: Folder = HERE, show_secrets: Secrets = False) -> None:
    """Print the stack's state in the form that `pulumi stack import` takes."""
    from lakelab.deploy.engine.transfer import export_deployment

    project = Project.load(folder)
    print_json(export_deployment(_backend(project), project, stack, show_secrets=show_secrets))


@app.command(name="import")
def import_(
    stack: Stack,
    folder: Folder = HERE,
    file: Annotated[Path | None, typer.Option("--file", help="The state; standard input when not given.")] = None,
) -> None:
    """Replace the stack's state by one from `export` or `pulumi stack export`."""
    from lakelab.deploy.engine.transfer import import_deployment

    project = Project.load(folder)
    text = file.read_text(encoding="utf-8") if file else sys.stdin.read()
    count = import_deployment(_backend(project), project, stack, text)
    out.print(f"{count} resources imported into {stack}", highlight=False)
    next_step(f"lakelab deploy refresh -s {stack}")


@app.command()
def graph(
    stack: Stack,
    folder: Folder = HERE,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write an SVG picture to this file.")] = None,
) -> None:
    """Print the resources and what they stand on as a Mermaid graph."""
    from lakelab.deploy.engine import graph as drawing

    project = Project.load(folder)
    snapshot, _ = _backend(project).load(project.name, stack, os.environ.get("PULUMI_CONFIG_PASSPHRASE", ""), None)
    if svg is not None:
        svg.write_text(drawing.svg(snapshot), encoding="utf-8")
        out.print(f"{svg} written", highlight=False)
    else:
        print(drawing.mermaid(snapshot))


@app.command()
def history(stack: Stack, folder: Folder = HERE, as_json: Json = False) -> None:
    """List what was done to the stack, newest first."""
    from rich.table import Table

    project = Project.load(folder)
    entries = _backend(project).history(project.name, stack)
    if as_json:
        print_json(entries)
        return
    from datetime import datetime

    table = Table("when", "what", "result", "seconds", "changes", box=None)
    for entry in entries:
        when = datetime.fromtimestamp(entry["startTime"]).astimezone().isoformat(" ", "seconds")
        changes = ", ".join(f"{count} {op}" for op, count in sorted((entry.get("resourceChanges") or {}).items()))
        table.add_row(when, entry["kind"], entry["result"], str(entry["endTime"] - entry["startTime"]), changes)
    out.print(table)


@app.command()
def cancel(stack: Stack, folder: Folder = HERE) -> None:
    """Remove the lock of a deployment that is gone."""
    project = Project.load(folder)
    count = _backend(project).cancel(project.name, stack)
    out.print(f"{count} lock{'s' if count != 1 else ''} of {stack} removed", highlight=False)
