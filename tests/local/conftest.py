"""A lab: the whole of `lakelab up` with its data in a folder of its own, and the truth about its files."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud.server import Server
from lakelab.processes import free_port
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FEED = ("--days", "5", "--rows", "1500", "--seed", "7")
CURRENCIES = {"EUR", "GBP", "USD"}
STATUSES = {"placed", "completed", "cancelled", "refunded"}


@dataclass
class Truth:
    """What the CSV files hold, read by plain Python without any of the kit's code.

    `revenue` is (month, currency) -> (orders, revenue).
    """

    rows: int
    broken: int
    orders: int
    revenue: dict[tuple[str, str], tuple[int, Decimal]]


@dataclass
class Lab:
    """A project with a data folder and a port of its own."""

    config: Settings
    first: str = ""  # what the first `lakelab up` printed

    @property
    def environment(self) -> dict[str, str]:
        """This process's variables without any of AWS's or lakelab's, and those of this lab."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKELAB_"))}
        return kept | self.config.environment()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command of lakelab, running."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "lakelab"), *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command of lakelab prints, after it has ended with the exit code `code`."""
        process = self.start(*arguments)
        out, errors = process.communicate(timeout=280)
        assert process.returncode == code, out + errors
        return out + errors

    def up(self) -> str:
        return self.run("up", *FEED)

    def facts(self) -> dict[str, Any]:
        return json.loads(self.run("report", "--json"))

    def revenue(self) -> dict[tuple[str, str], tuple[int, Decimal]]:
        """The rows of monthly_revenue, as Athena answers them."""
        return {
            (row["order_month"], row["currency"]): (int(row["orders"]), Decimal(row["revenue"]))
            for row in self.facts()["monthly_revenue"]
        }

    def truth(self) -> Truth:
        """Read the files in the order of their names: an order counts where it is met first, broken lines never."""
        (folder,) = [path for path in (self.config.state / "data").iterdir() if path.is_dir()]
        rows = broken = 0
        seen: set[str] = set()
        orders: defaultdict[tuple[str, str], int] = defaultdict(int)
        cents: defaultdict[tuple[str, str], int] = defaultdict(int)
        for line in _lines(folder):
            rows += 1
            if not _valid(line):
                broken += 1
                continue
            order_id, _, day, total, currency, status, _ = line
            if order_id not in seen and status == "completed":
                orders[day[:7] + "-01", currency] += 1
                cents[day[:7] + "-01", currency] += int(total)
            seen.add(order_id)
        return Truth(rows, broken, len(seen), {key: (orders[key], Decimal(cents[key]) / 100) for key in orders})


def _lines(folder: Path) -> Iterator[list[str]]:
    for file in sorted(folder.glob("*.csv")):
        data = file.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        yield from (line for line in list(csv.reader(text.splitlines()))[1:] if line)


def _valid(line: list[str]) -> bool:
    if len(line) != 7 or not line[0] or not line[1]:
        return False
    day, total, currency, status = line[2:6]
    parts = day.split("-")
    real_day = len(parts) == 3 and all(part.isdigit() for part in parts) and int(parts[1]) <= 12 and int(parts[2]) <= 31
    return real_day and total.isdigit() and currency in CURRENCIES and status in STATUSES


@pytest.fixture(scope="session")
def new_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Lab]]:
    """Makes labs from nothing; their servers are stopped at the end."""
    made: list[Lab] = []

    def make() -> Lab:
        state = tmp_path_factory.mktemp("lab") / "state"
        made.append(Lab(Settings(root=ROOT, state=state, port=free_port())))
        return made[-1]

    yield make
    for lab in made:
        Server(lab.config).stop()


@pytest.fixture(scope="session")
def lab(new_lab: Callable[[], Lab]) -> Lab:
    """A lab on which `lakelab up` has run once."""
    lab = new_lab()
    lab.first = lab.up()
    return lab
