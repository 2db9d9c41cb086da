"""What a run of the pipeline came to: the revenue, the counts, where everything is, and the time of each step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from lakelab.pipeline.athena import Result
from lakelab.pipeline.ingest import Counts
from lakelab.pipeline.steps import Step

BAR = 16
Part: TypeAlias = Table | Panel


def revenue_table(result: Result) -> Table:
    """The rows of monthly_revenue with a bar for each, the longest BAR characters wide."""
    table = Table(title="monthly revenue", title_justify="left")
    for name in result.columns:
        table.add_column(name, justify="left" if name in ("order_month", "currency") else "right")
    table.add_column("", no_wrap=True)
    place = result.columns.index("revenue")
    values = [float(row[place] or 0) for row in result.rows]
    longest = max(values, default=0.0) or 1.0
    for row, value in zip(result.rows, values, strict=True):
        table.add_row(*(cell or "" for cell in row), "█" * max(1, round(BAR * value / longest)))
    return table


def counts_table(counts: Counts) -> Table:
    """Rows in, and what became of them; the last line says whether they reconcile."""
    table = Table(title=f"rows of {counts.files} files", title_justify="left")
    for name in ("rows in", "clean", "quarantined", "duplicate"):
        table.add_column(name, justify="right")
    table.add_row(*(f"{count:,}" for count in (counts.rows_in, counts.clean, counts.quarantined, counts.duplicate)))
    sum_ = f"{counts.clean:,} + {counts.quarantined:,} + {counts.duplicate:,}"
    table.caption = f"{sum_} {'=' if counts.reconciled else '≠'} {counts.rows_in:,}"
    if counts.unreadable:
        files = "1 file" if counts.unreadable == 1 else f"{counts.unreadable} files"
        table.caption += f"; {files} cannot be read: see the dead-letter queue"
    table.caption_justify = "left"
    return table


def times_table(steps: Iterable[Step]) -> Table:
    """The seconds of each step and their sum."""
    table = Table(title="time", title_justify="left", show_footer=True)
    total = sum(step.seconds for step in steps)
    table.add_column("step", footer="in all")
    table.add_column("seconds", justify="right", footer=f"{total:.1f}")
    for step in steps:
        table.add_row(step.title, f"{step.seconds:.1f}")
    return table


def places_table(places: dict[str, str]) -> Table:
    """Where everything is: a name and a place a line."""
    table = Table(title="where it is", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, place in places.items():
        table.add_row(name, place)
    return table


def next_commands(commands: dict[str, str]) -> Panel:
    """The commands to try next, with what each shows."""
    lines = [f"[bold]{command}[/]\n  {what}" for command, what in commands.items()]
    return Panel(Group(*lines), title="try next", title_align="left", expand=False)


def show(console: Console, *parts: Part) -> None:
    """Print the parts with a line between them."""
    for part in parts:
        console.print()
        console.print(part)
