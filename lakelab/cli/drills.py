"""`lakelab drill`: something in the running lab breaks; find out what, and repair it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from lakelab.cli.console import next_step, out
from lakelab.cli.labs import print_outcome
from lakelab.errors import LakelabError
from lakelab.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(drill)


def drill(
    name: Annotated[str, typer.Argument(help="The drill; without one, all are listed.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Look whether it works again.")] = False,
    hint: Annotated[bool, typer.Option("--hint", help="Show the next of three hints.")] = False,
    solution: Annotated[bool, typer.Option("--solution", help="Show what was broken, and the repair.")] = False,
) -> None:
    """Break something in the running lab and tell what is seen; check the repair. Exit code 1: not repaired."""
    from lakelab.practice import exercises, grading, needs, progress, workspace

    config = settings()
    if not name:
        return _list()
    found = exercises.drill(config.root, name)
    place = workspace.workspace_of(config, found)
    state = progress.read(config, found)
    if not (check or hint or solution):
        needs.start(config, found, out)
        place.mkdir(parents=True, exist_ok=True)
        grading.break_it(config, found, place)
        progress.write(config, found, progress.Progress(started=progress.now()))
        out.print(Markdown(found.text))
        return next_step(f"make drill NAME={name} ARGS=--check (stuck? ARGS=--hint)")
    if state.started is None:
        raise LakelabError(f"the drill {name} has not been begun", fix=f"lakelab drill {name}")
    if hint:
        which = min(state.hints + 1, len(found.hints))
        out.print(Markdown(found.hints[which - 1]))
        progress.write(config, found, state.model_copy(update={"hints": which}))
    if solution:
        out.print(Markdown((found.solution / "README.md").read_text(encoding="utf-8")))
        next_step(f"the repair as a program: {found.solution / 'repair.py'}")
    if check:
        needs.start(config, found, Console(stderr=True))
        grade = grading.grade(config, found, place, print_outcome)
        passed = progress.now() if grade.passed else None
        progress.write(config, found, state.model_copy(update={"checks": state.checks + 1, "passed": passed}))
        if not grade.passed:
            raise typer.Exit(1)
        minutes = (progress.now() - state.started).total_seconds() / 60
        out.print(f"[bold green]repaired[/] in {minutes:.0f} minutes: {escape(found.front.title)}")
    return None


def _list() -> None:
    from lakelab.practice import exercises, progress

    config = settings()
    table = Table("drill", "what is seen", "minutes", "state")
    for found in exercises.drills(config.root):
        state = progress.read(config, found)
        told = "broken" if state.started and not state.passed else "repaired" if state.passed else "open"
        table.add_row(found.folder.name, found.front.title, str(found.front.minutes), told)
    out.print(table)
    next_step("make drill NAME=<drill>")
