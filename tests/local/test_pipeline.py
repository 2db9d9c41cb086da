"""The whole of `make up-local`, from nothing: what it prints is what plain Python computes from the CSV files."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud.server import Server
from lakelab.settings import Settings
from lakelab.testing import free_port

ROOT = Path(__file__).resolve().parents[2]
FEED = ("--days", "5", "--rows", "1500", "--seed", "7")
CURRENCIES = {"EUR", "GBP", "USD"}
STATUSES = {"placed", "completed", "cancelled", "refunded"}


@dataclass
class Lab:
    """A lab with its data in a folder of its own."""

    config: Settings

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKELAB_"))}
        return kept | self.config.environment()

    def run(self, *arguments: str) -> str:
        """What a command of lakelab prints."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "lakelab"), *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def facts(self) -> dict[str, Any]:
        return json.loads(self.run("report", "--json"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab on which `lakelab up` has run once."""
    lab = Lab(Settings(root=ROOT, state=tmp_path_factory.mktemp("lab") / "state", port=free_port()))
    lab.first = lab.run("up", *FEED)  # type: ignore[attr-defined]
    yield lab
    Server(lab.config).stop()


@dataclass
class Expected:
    """What the CSV files hold, read without any of the kit's code."""

    rows: int
    broken: int
    orders: int
    revenue: dict[tuple[str, str], tuple[int, Decimal]]


def expected(folder: Path) -> Expected:
    """Read the files in the order of their names: an order counts where it is met first; broken lines never."""
    rows = broken = 0
    seen: dict[str, str] = {}
    orders: defaultdict[tuple[str, str], int] = defaultdict(int)
    cents: defaultdict[tuple[str, str], int] = defaultdict(int)
    for file in sorted(folder.glob("*.csv")):
        data = file.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        for line in list(csv.reader(text.splitlines()))[1:]:
            if not line:
                continue
            rows += 1
            if not valid(line):
                broken += 1
                continue
            order_id, _, day, total, currency, status, _ = line
            if order_id in seen:
                continue
            seen[order_id] = day
            if status == "completed":
                orders[day[:7] + "-01", currency] += 1
                cents[day[:7] + "-01", currency] += int(total)
    revenue = {key: (orders[key], Decimal(cents[key]) / 100) for key in orders}
    return Expected(rows, broken, len(seen), revenue)


def valid(line: list[str]) -> bool:
    if len(line) != 7 or not line[0] or not line[1]:
        return False
    day, total, currency, status = line[2:6]
    parts = day.split("-")
    real_day = len(parts) == 3 and all(part.isdigit() for part in parts) and int(parts[1]) <= 12 and int(parts[2]) <= 31
    return real_day and total.isdigit() and currency in CURRENCIES and status in STATUSES


def feed_folder(lab: Lab) -> Path:
    (folder,) = [path for path in (lab.config.state / "data").iterdir() if path.is_dir()]
    return folder


def test_the_revenue_is_what_the_files_say(lab: Lab):
    truth = expected(feed_folder(lab))
    found = {
        (row["order_month"], row["currency"]): (int(row["orders"]), Decimal(row["revenue"]))
        for row in lab.facts()["monthly_revenue"]
    }
    assert found == truth.revenue


def test_the_rows_reconcile_with_the_files(lab: Lab):
    truth = expected(feed_folder(lab))
    rows = lab.facts()["rows"]
    assert rows["rows_in"] == truth.rows == 1500
    assert rows["quarantined"] == truth.broken
    assert rows["clean"] == truth.orders
    assert rows["duplicate"] == truth.rows - truth.broken - truth.orders
    assert truth.broken > 0
    assert rows["duplicate"] > 0


def test_the_output_says_what_was_done_and_what_to_do_next(lab: Lab):
    said: str = lab.first  # type: ignore[attr-defined]
    for part in ("local AWS", "stacks", "upload", "ingest", "crawl", "dbt build", "monthly revenue", "in all"):
        assert part in said
    assert "IAM enforcement is ON" in said
    assert "make query Q=" in said


def test_a_second_run_changes_nothing(lab: Lab):
    before = lab.facts()
    said = lab.run("up", *FEED)
    assert " resources, 0 changed" in said
    assert "0 files uploaded" in said
    assert lab.facts() == before


def test_every_named_query_runs(lab: Lab):
    names = [file.stem for file in (ROOT / "athena_queries").glob("*.sql")]
    assert names
    for name in names:
        assert json.loads(lab.run("query", name, "--json"))["columns"], name


def test_an_unknown_query_names_those_that_there_are(lab: Lab):
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lakelab"), "query", "nonsense"],
        env=lab.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "no named query 'nonsense'" in done.stderr
    assert "monthly_revenue" in done.stderr
