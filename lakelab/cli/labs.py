"""`lakelab lab`, `check`, `hint`, `solution`, `labs`: the curriculum, a day at a time."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.prompt import Confirm
from rich.syntax import Syntax
from rich.table import Table

from lakelab.cli.console import next_step, out, print_json
from lakelab.settings import settings

if TYPE_CHECKING:
    from lakelab.practice.grading import Outcome

Day = Annotated[int, typer.Argument(min=1, max=31, help="The day of the curriculum.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
LEXERS = {".py": "python", ".sql": "sql", ".yml": "yaml", ".yaml": "yaml", ".tf": "terraform", ".json": "json"}


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (lab, check, hint, solution, labs):
        app.command()(command)


def lab(
    day: Day,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew; the work so far is moved aside.")] = False,
    yes: Yes = False,
) -> None:
    """Begin a lab: print its task, make the workspace work/day-NN, its data, and start what it needs.

    Repeat it as often as you like: your work stays as it is.
    """
    from lakelab.practice import grading, needs, progress, workspace
    from lakelab.practice.exercises import exercise

    config = settings()
    found = exercise(config.root, day)
    place = workspace.workspace_of(config, found)
    if fresh and place.exists():
        question = f"Begin anew, and move {_short(place)} aside?"
        if not yes and not (out.is_terminal and Confirm.ask(question, console=out, default=False)):
            out.print(f"{_short(place)} is as it was; --fresh --yes begins anew without asking", highlight=False)
            raise typer.Exit(1)
        out.print(f"your work so far is in {_short(workspace.set_aside(place) or place)}", highlight=False)
    began = not place.exists()
    if began:
        workspace.lay_out(config, found, place)
    out.print(Markdown(found.text))
    out.print()
    places = needs.start(config, found, out)
    with out.status("making the data ..."):
        grading.prepare(config, found, place)
    where = f"{_short(place)}{'' if began else ' (your work from before)'}"
    for name, value in {"workspace": where, "data": f"{_short(place)}/data", **places}.items():
        out.print(f"{name:<12} {escape(value)}", highlight=False, soft_wrap=True)
    state = progress.read(config, found)
    if state.started is None:
        progress.write(config, found, state.model_copy(update={"started": progress.now()}))
    next_step(f"fill in the files of {_short(place)}, then: make check DAY={day} (stuck? make hint DAY={day})")


def check(day: Day, as_json: Json = False) -> None:
    """Grade the work on a lab by its outcome. Exit code 1 when something is not right yet."""
    from lakelab.practice import grading, needs, progress, workspace
    from lakelab.practice.exercises import exercise

    config = settings()
    found = exercise(config.root, day)
    place = workspace.require(config, found)
    needs.start(config, found, Console(stderr=True))
    grading.prepare(config, found, place)
    grade = grading.grade(config, found, place, lambda outcome: None if as_json else print_outcome(outcome))
    state = progress.read(config, found)
    passed = state.passed or (progress.now() if grade.passed else None)
    progress.write(config, found, state.model_copy(update={"checks": state.checks + 1, "passed": passed}))
    if as_json:
        print_json({"day": day, "passed": grade.passed, "checks": [asdict(each) for each in grade.outcomes]})
    elif grade.passed:
        out.print(f"[bold green]lab {day} is done[/]: {escape(found.front.title)}")
        next_step(f"compare: make solution DAY={day}; then make labs")
    else:
        next_step(f"correct it and check again: make check DAY={day} (stuck? make hint DAY={day})")
    if not grade.passed:
        raise typer.Exit(1)


def hint(
    day: Day,
    number: Annotated[int | None, typer.Option("--number", "-n", min=1, max=3, help="This one again.")] = None,
) -> None:
    """Show the next of a lab's three hints: a nudge, a direction, nearly the answer."""
    from lakelab.practice import progress
    from lakelab.practice.exercises import exercise

    config = settings()
    found = exercise(config.root, day)
    state = progress.read(config, found)
    which = number or min(state.hints + 1, len(found.hints))
    out.print(f"[bold]hint {which} of {len(found.hints)}[/]")
    out.print(Markdown(found.hints[which - 1]))
    progress.write(config, found, state.model_copy(update={"hints": max(state.hints, which)}))
    more = f"make hint DAY={day} for a more direct one" if which < len(found.hints) else f"make solution DAY={day}"
    next_step(f"make check DAY={day}, or {more}")


def solution(day: Day) -> None:
    """Show a worked solution of a lab, with the why, and the mistakes that are made here."""
    from lakelab.practice import progress
    from lakelab.practice.exercises import exercise

    config = settings()
    found = exercise(config.root, day)
    about = found.solution / "README.md"
    out.print(Markdown(about.read_text(encoding="utf-8")))
    for file in sorted(path for path in found.solution.rglob("*") if path.is_file() and path != about):
        out.rule(f"[bold]{file.relative_to(found.solution)}[/]")
        out.print(Syntax(file.read_text(encoding="utf-8"), LEXERS.get(file.suffix, "text"), background_color="default"))
    out.rule("[bold]what others got wrong[/]")
    for mistake in found.mistakes.values():
        out.print(f"- {escape(mistake.mistake)}", highlight=False)
    state = progress.read(config, found)
    seen = state.solution_seen or progress.now()
    progress.write(config, found, state.model_copy(update={"solution_seen": seen}))
    next_step(f"the files are in {_short(found.solution)}")


def labs(as_json: Json = False) -> None:
    """Show all labs and how far you are."""
    from lakelab.practice import progress
    from lakelab.practice.exercises import exercises

    config = settings()
    rows = [(found, progress.read(config, found)) for found in exercises(config.root)]
    if as_json:
        print_json(
            [
                {**found.front.model_dump(), "state": state.state, **state.model_dump(mode="json")}
                for found, state in rows
            ]
        )
        return
    table = Table()
    for name in ("day", "theme", "lab", "minutes", "state", "checks", "hints"):
        table.add_column(name, justify="right" if name in ("day", "minutes", "checks", "hints") else "left")
    colours = {"passed": "green", "started": "yellow", "open": "dim"}
    for found, state in rows:
        front, colour = found.front, colours[state.state]
        told = f"[{colour}]{state.state}[/]" + (" (solution seen)" if state.solution_seen else "")
        counts = (str(state.checks or ""), str(state.hints or ""))
        table.add_row(str(front.day), front.theme, front.title, str(front.minutes), told, *counts)
    out.print(table)
    open_ = [found.front.day for found, state in rows if state.passed is None]
    next_step(f"make lab DAY={open_[0]}" if open_ else "all labs are passed")


def print_outcome(outcome: Outcome) -> None:
    """Print what became of one check."""
    mark = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]·[/]"}[outcome.state]
    out.print(f"{mark} {escape(outcome.title)} [dim]{outcome.seconds:.1f} s[/]", highlight=False, soft_wrap=True)
    style = "red" if outcome.state == "failed" else "dim"
    for line in outcome.message.splitlines():
        out.print(f"    {line}", style=style, markup=False, highlight=False, soft_wrap=True)
    for measure in outcome.measures:
        out.print(f"    {measure.label:<56} {measure.value:>14,.3f} {measure.unit}", markup=False, soft_wrap=True)


def _short(path: Path) -> str:
    """A path from where the person stands, if it is below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
