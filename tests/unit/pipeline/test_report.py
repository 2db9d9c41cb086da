"""The report's tables, as text."""

from __future__ import annotations

import io

from rich.console import Console

from lakelab.pipeline import report
from lakelab.pipeline.athena import Result
from lakelab.pipeline.ingest import Counts
from lakelab.pipeline.steps import Step


def text(*parts: report.Part) -> str:
    console = Console(file=io.StringIO(), width=120)
    report.show(console, *parts)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_longest_bar_is_that_of_the_highest_revenue():
    rows = [["2025-01-01", "EUR", "1", "100.00"], ["2025-02-01", "EUR", "1", "50.00"], ["2025-03-01", "EUR", "1", None]]
    result = Result(["order_month", "currency", "orders", "revenue"], ["date"] * 4, rows, 10, 0.1, "s3://r/q.csv")
    shown = text(report.revenue_table(result))
    assert [line.count("█") for line in shown.splitlines() if "2025-" in line] == [16, 8, 1]


def test_the_counts_reconcile_in_sight():
    counts = Counts(files=2, unreadable=1, rows_in=1200, clean=1000, quarantined=150, duplicate=50)
    shown = text(report.counts_table(counts))
    assert "1,000 + 150 + 50 = 1,200" in shown
    assert "1 file cannot be read" in " ".join(shown.split())


def test_counts_that_do_not_reconcile_show_it():
    counts = Counts(files=1, unreadable=0, rows_in=3, clean=1, quarantined=1, duplicate=0)
    assert "1 + 1 + 0 ≠ 3" in text(report.counts_table(counts))


def test_the_times_add_up():
    shown = text(report.times_table([Step("a", seconds=1.25), Step("b", seconds=2.5)]))
    assert "in all" in shown
    assert "3.8" in shown
