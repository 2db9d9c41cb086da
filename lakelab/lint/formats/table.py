"""The report as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from lakelab.lint.findings import Excused, Finding, Location, Report, Run, Severity

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def render(report: Report, *, notes: bool = False) -> Iterator[RenderableType]:
    """The findings, then what each tool did, then the verdict in one line.

    Args:
        notes: show what exceptions allow, findings that are only notes, and what tools could not look at.
    """
    shown = [finding for finding in report.findings if finding.fails or notes]
    alike: dict[tuple[Location, str, str], list[Finding]] = {}
    for finding in shown:
        alike.setdefault((finding.location, finding.rule, finding.message), []).append(finding)
    for findings in alike.values():
        yield _finding(findings)
    if notes:
        yield from _allowed(report.excused)
        for run in report.runs:
            for note in run.notes:
                yield Text.from_markup(f"[dim]{run.tool}: {escape(note)}[/]")
    yield _tools(report)
    yield _verdict(report)


def _allowed(excused: Iterable[Excused]) -> Iterator[Text]:
    """A line for each exception that was needed, with what it was needed for."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for item in excused:
        about = item.finding.resource or item.finding.location.file
        alike.setdefault((item.finding.rule, item.expires, item.reason), []).append(about)
    for (rule, expires, reason), names in alike.items():
        text = f"[dim]allowed until {expires}: {rule} on {escape(', '.join(names))}: {escape(reason)}[/]"
        yield Text.from_markup(text)


def _finding(alike: list[Finding]) -> Text:
    """One entry for findings that differ only in the resource: a line of the program may make several."""
    finding = alike[0]
    style = STYLES[finding.severity]
    also = f" [dim](also {', '.join(finding.also)})[/]" if finding.also else ""
    names = ", ".join(item.resource for item in alike if item.resource)
    about = f"\n    [dim]{escape(names)}[/]" if names else ""
    places = list(dict.fromkeys(str(place) for item in alike for place in item.related))
    via = f"[dim], by way of {escape(', '.join(places))}[/]" if places else ""
    head = f"[bold]{escape(str(finding.location))}[/] [{style}]{finding.rule}[/]{also}"
    return Text.from_markup(f"{head} {escape(finding.message)}{about}{via}")


def _tools(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("tool", "left"),
        ("looked at", "right"),
        ("", "left"),
        ("found", "right"),
        ("seconds", "right"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for run in report.runs:
        if run.failure or run.skipped:
            continue
        table.add_row(run.tool, f"{run.scanned:,}", run.unit, str(len(run.findings)), f"{run.seconds:.1f}")
    for run in report.skipped:
        table.add_row(run.tool, "-", f"[dim]skipped: {escape(run.skipped)}[/]", "", "")
    return table


def _verdict(report: Report) -> Text:
    lines = [f"[bold red]{run.tool} did not do its work:[/] {escape(run.failure)}" for run in report.failures]
    failing = [finding for finding in report.findings if finding.fails]
    if failing:
        lines.append(
            f"[bold red]{len(failing)} findings[/] in {len({finding.location.file for finding in failing})} files"
        )
    elif report.passed:
        excused = f"; {len(report.excused)} allowed by policies/exceptions.yaml" if report.excused else ""
        lines.append(f"[bold green]nothing found[/] by {_count(report.runs)} tools{excused}")
    elif not report.failures:
        lines.append("[bold red]no tool ran[/]")
    return Text.from_markup("\n".join([*lines, f"[dim]{report.seconds:.1f} s[/]"]))


def _count(runs: tuple[Run, ...]) -> int:
    return sum(not run.skipped for run in runs)
