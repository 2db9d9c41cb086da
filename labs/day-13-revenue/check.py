"""What lab 13 asks for: each line accounted for, revenue by month and currency, and tests that find damage."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lakelab.pipeline import orders as feed
from lakelab.practice import Work, Wrong
from lakelab.practice.dbt import Project

DAYS_AND_LINES = {"small": (35, 14_000), "full": (90, 90_000)}
UNSEEN = (33, 12_000)
MODELS = {
    "stg_order_lines": "view",
    "rejected_orders": "table",
    "clean_orders": "table",
    "monthly_revenue": "table",
}
CLEAN = "order_id, customer_id, order_date, order_month, currency, status, city, order_total"
REVENUE = "order_month, currency, orders, customers, revenue"


class Damage(NamedTuple):
    """What the checker does to a model, of which the learner's tests have to find the result."""

    model: str
    what: str
    sql: str  # over the model as it was, which is called `right`


DAMAGES = (
    Damage(
        "clean_orders", "with an order twice", "select * from undamaged union all (select * from undamaged limit 1)"
    ),
    Damage(
        "clean_orders",
        "with a negative total",
        "select * replace (if(order_id = (select min(order_id) from undamaged), -1, order_total)::decimal(18, 2)"
        " as order_total) from undamaged",
    ),
    Damage(
        "clean_orders",
        "with an order lost",
        "select * from undamaged where order_id <> (select min(order_id) from undamaged where status <> 'completed')",
    ),
    Damage("monthly_revenue", "with a cent too much", "select * replace (revenue + 0.01 as revenue) from undamaged"),
)


class Truth:
    """What the files hold, read by plain Python."""

    def __init__(self, folder: Path):
        self.lines = 0
        self.rejected: Counter[str] = Counter()
        self.orders: dict[str, tuple[Any, ...]] = {}
        for file in sorted(folder.glob("*.csv")):
            for line in file.read_text(encoding="utf-8").splitlines()[1:]:
                self.lines += 1
                fields = line.split(",")
                if reason := _reason(fields):
                    self.rejected[reason] += 1
                    continue
                order, customer, day, cents, currency, status, city = fields
                on = date.fromisoformat(day)
                self.orders[order] = (
                    customer,
                    on,
                    on.replace(day=1),
                    currency,
                    status,
                    city or None,
                    Decimal(int(cents)) / 100,
                )

    @property
    def revenue(self) -> dict[tuple[date, str], tuple[int, int, Decimal]]:
        """Orders, customers and revenue by month and currency."""
        found: dict[tuple[date, str], list[tuple[Any, ...]]] = {}
        for order in self.orders.values():
            if order[4] == "completed":
                found.setdefault((order[2], order[3]), []).append(order)
        return {
            key: (len(orders), len({order[0] for order in orders}), sum((order[6] for order in orders), Decimal()))
            for key, orders in found.items()
        }


def prepare(work: Work) -> None:
    """Write the feed, and one that the learner does not see."""
    if (work.data / "unseen").exists():
        return
    _write(work.data, *DAYS_AND_LINES[work.size], seed=13)
    _write(work.data / "unseen", *UNSEEN, seed=99)


def check_project(work: Work) -> str:
    """The models are there, and are built as asked."""
    project = Project(work)
    project.dbt("parse")
    for name, wanted in MODELS.items():
        found = project.node(name)["config"]["materialized"]
        if found != wanted:
            raise Wrong(f"{name} is built as {found}, not as {wanted}", stop=True)
    return "a view and three tables"


def check_build(work: Work) -> str:
    """`dbt build` is green on the feed."""
    project = Project(work)
    project.clear()
    began = time.perf_counter()
    nodes = project.dbt("build")
    lines = _truth(work.data).lines
    work.measure("dbt build, for each line", (time.perf_counter() - began) / lines * 1e6, "µs")
    return f"{sum(node.kind == 'model' for node in nodes)} models, {sum('test' in node.kind for node in nodes)} tests"


def check_lines(work: Work) -> str:
    """Each line is an order, a rejected line with its reason, or a repetition."""
    project, truth = Project(work), _truth(work.data)
    _accounted(project, truth)
    repeated = truth.lines - len(truth.orders) - truth.rejected.total()
    work.measure("lines", truth.lines, "lines")
    work.measure("of which orders", len(truth.orders), "lines")
    work.measure("rejected", truth.rejected.total(), "lines")
    work.measure("repeated", repeated, "lines")
    return f"{len(truth.orders):,} + {truth.rejected.total():,} + {repeated:,} = {truth.lines:,}"


def check_revenue(work: Work) -> str:
    """monthly_revenue is what completed orders brought in, by month and currency."""
    _revenue(Project(work), _truth(work.data))
    return f"{len(_truth(work.data).revenue)} months and currencies"


def check_unseen(work: Work) -> str:
    """The same holds for a feed that you have not seen."""
    project = Project(work).copy()
    project.dbt("build", variables={"orders": str(work.data / "unseen")})
    truth = _truth(work.data / "unseen")
    _accounted(project, truth)
    _revenue(project, truth)
    return f"{truth.lines:,} lines"


def check_tests(work: Work) -> str:
    """Your tests turn the build red when a model is damaged."""
    project = Project(work).copy()
    project.dbt("build")
    for damage in DAMAGES:
        file = project.folder / project.node(damage.model)["original_file_path"]
        right = file.read_text(encoding="utf-8")
        file.write_text(f"with undamaged as (\n{right.strip().rstrip(';')}\n)\n{damage.sql}", encoding="utf-8")
        nodes = project.dbt("build", "--select", f"{damage.model}+", ok=False)
        file.write_text(right, encoding="utf-8")
        broken = [node for node in nodes if node.kind == "model" and node.failed]
        if broken:
            raise AssertionError(f"the damage does not run: {broken[0].message}")
        if not any(node.failed for node in nodes):
            raise Wrong(f"{damage.model} was damaged, {damage.what}, and no test fails")
    return f"{len(DAMAGES)} kinds of damage"


def check_docs(work: Work) -> str:
    """Every model says its grain, and every column what it is."""
    project = Project(work)
    project.dbt("parse")
    for name in MODELS:
        node = project.node(name)
        if "one row per" not in node["description"].lower():
            raise Wrong(f"{name}: the description does not say its grain, as “One row per …”")
        for column, *_ in project.rows(f"describe {name}"):
            if not node["columns"].get(column, {}).get("description"):
                raise Wrong(f"{name}.{column} has no description")
    return "written"


def _accounted(project: Project, truth: Truth) -> None:
    found_lines = project.rows("select count(*) from stg_order_lines")[0][0]
    if found_lines != truth.lines:
        raise Wrong(f"stg_order_lines has {found_lines:,} rows, and the files {truth.lines:,} lines", stop=True)
    rejected = Counter(dict(project.rows("select reason, count(*) from rejected_orders group by reason")))
    for reason in sorted(set(rejected) | set(truth.rejected), key=str):
        if rejected[reason] != truth.rejected[reason]:
            raise Wrong(
                f"rejected_orders has {rejected[reason]} lines with the reason {reason}; the rule says otherwise",
                stop=True,
            )
    rows = project.rows(f"select {CLEAN} from clean_orders")
    for order, number in Counter(row[0] for row in rows).most_common(1):
        if number > 1:
            raise Wrong(f"order {order} has {number} rows in clean_orders", stop=True)
    found = {row[0]: row[1:] for row in rows}
    lost, surplus = truth.orders.keys() - found.keys(), found.keys() - truth.orders.keys()
    if lost or surplus:
        which = f"{min(lost)} is missing" if lost else f"{min(surplus)} should not be there"
        raise Wrong(f"clean_orders has {len(found):,} orders, and the files {len(truth.orders):,}: {which}", stop=True)
    for order, row in truth.orders.items():
        if found[order] != row:
            raise Wrong(f"clean_orders: order {order} is {found[order]}, which is not what its line says", stop=True)


def _revenue(project: Project, truth: Truth) -> None:
    rows = project.rows(f"select {REVENUE} from monthly_revenue")
    found = {(month, currency): tuple(row) for month, currency, *row in rows}
    for key, wanted in sorted(truth.revenue.items()):
        name = f"{key[1]} in {key[0]:%Y-%m}"
        if key not in found:
            raise Wrong(f"monthly_revenue has no row of {name}", stop=True)
        if found[key] != wanted:
            raise Wrong(f"monthly_revenue: {name} is {found[key]}, which is not what its completed orders add up to")
    if len(rows) != len(truth.revenue):
        raise Wrong(f"monthly_revenue has {len(rows)} rows for {len(truth.revenue)} months and currencies")


@cache
def _truth(folder: Path) -> Truth:
    return Truth(folder)


def _reason(fields: list[str]) -> str:
    if len(fields) != 7:
        return "columns"
    order, customer, day, cents, currency, status, _ = fields
    rules = {
        "missing": bool(order and customer),
        "date": _is_date(day),
        "total": cents.isdigit(),
        "currency": currency in feed.CURRENCIES,
        "status": status in feed.STATUSES,
    }
    return next((reason for reason, holds in rules.items() if not holds), "")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _write(folder: Path, days: int, lines: int, *, seed: int) -> None:
    """A feed in UTF-8 without byte order marks: encodings are another lab's."""
    for file in feed.generate(folder, days=days, rows=lines, seed=seed):
        data = file.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        file.write_text(text.replace("\r\n", "\n"), encoding="utf-8")
