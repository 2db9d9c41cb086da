"""What lab 9 asks for: a model that stays right over runs with late, changed and archived rows."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from lakelab.practice import Work, Wrong
from lakelab.practice.dbt import Project
from lakelab.practice.shop import write_csv

DAYS = 6
NEW_A_DAY = {"small": 400, "full": 100_000}
FIRST = date(2025, 3, 1)
BUILT_AS = {"stg_exports": "view", "orders": "incremental", "daily_orders": "table"}
COLUMNS = "order_id, customer, ordered_at, status, total_cents, exported_on"


def prepare(work: Work) -> None:
    """Write the exports of six days."""
    folder = work.data / "exports"
    if folder.exists():
        return
    partial = work.data / "partial"
    partial.mkdir(exist_ok=True)
    for day, rows in _exports(NEW_A_DAY[work.size]).items():
        write_csv(partial / f"{day}.csv", rows)
    partial.replace(folder)


def check_materializations(work: Work) -> str:
    """Each model is built as asked."""
    project = Project(work)
    project.dbt("parse")
    for name, wanted in BUILT_AS.items():
        found = project.node(name)["config"]["materialized"]
        if name != "orders" and found != wanted:
            raise Wrong(f"{name} is built as {found}, not as {wanted}", stop=True)
    if project.parents("orders") != ["stg_exports"] or project.parents("daily_orders") != ["orders"]:
        raise Wrong("orders reads stg_exports, and daily_orders reads orders, by ref()", stop=True)
    return "view, incremental, table"


def check_first_run(work: Work) -> str:
    """The first run has one row an order, as it was exported last."""
    project = Project(work)
    project.clear()
    seconds = _build(work, project, range(DAYS - 1))
    work.measure(f"the first run, over {DAYS - 1} exports", seconds, "s")
    _compare(work, project, DAYS - 1)
    return f"{len(_truth(work.data, DAYS - 1)):,} orders"


def check_next_run(work: Work) -> str:
    """The next run takes the new export, with its late and changed orders, and forgets nothing."""
    project = Project(work)
    seconds = _build(work, project, range(2, DAYS))
    work.measure("the next run, with one export more", seconds, "s")
    _compare(work, project, DAYS)
    if project.rows("select min(exported_on) from stg_exports")[0][0] != FIRST + timedelta(2):
        raise Wrong("stg_exports does not show what is exported now: two files were archived, and are gone")
    return "two exports archived, one new"


def check_same_run_again(work: Work) -> str:
    """The same run again changes nothing, and reads no export a second time."""
    project = Project(work)
    before = project.rows(f"select {COLUMNS} from orders order by all")
    _build(work, project, range(2, DAYS))
    if project.rows(f"select {COLUMNS} from orders order by all") != before:
        raise Wrong("the same run once more has changed orders", stop=True)
    _build(work, project, range(2, DAYS), overwritten=DAYS - 2)
    if project.rows(f"select {COLUMNS} from orders order by all") != before:
        raise Wrong(f"the export of {FIRST + timedelta(DAYS - 2)} was read again by a later run, and it had been read")
    return "as it was"


def _build(work: Work, project: Project, days: range, overwritten: int | None = None) -> float:
    """Run the models over the exports of some days; the seconds that it took.

    Args:
        overwritten: this day's file says other amounts than it did.
    """
    folder = Path(work.cleanup.enter_context(tempfile.TemporaryDirectory()))
    for number in days:
        name = f"{FIRST + timedelta(number)}.csv"
        export = work.data / "exports" / name
        if number == overwritten:
            (folder / name).write_text(export.read_text().replace(",placed,", ",placed,1"))
        else:
            (folder / name).symlink_to(export)
    began = time.perf_counter()
    project.dbt("run", variables={"exports": str(folder)})
    return time.perf_counter() - began


def _compare(work: Work, project: Project, days: int) -> None:
    rows = project.rows(f"select {COLUMNS} from orders")
    wanted = _truth(work.data, days)
    repeated = [order for order, number in Counter(row[0] for row in rows).items() if number > 1]
    if repeated:
        number = sum(row[0] == min(repeated) for row in rows)
        raise Wrong(f"order {min(repeated)} has {number} rows in orders", stop=True)
    found = {row[0]: row[1:] for row in rows}
    lost = wanted.keys() - found.keys()
    archived = {order for order in lost if wanted[order][-1] < FIRST + timedelta(2)}
    if archived:
        raise Wrong(f"{len(archived):,} orders of archived exports are gone, {min(archived)} among them", stop=True)
    old = [order for order in wanted if order in found and found[order] != wanted[order]]
    if lost or old:
        raise Wrong(
            f"{len(lost) + len(old):,} orders that came late or have changed are missing in orders, or are as they "
            f"were, {min([*lost, *old])} among them",
            stop=True,
        )
    if len(found) != len(wanted):
        raise Wrong(f"orders has {len(found):,} orders, and the exports {len(wanted):,}")
    _daily(project, wanted)


def _daily(project: Project, wanted: dict[int, tuple[Any, ...]]) -> None:
    days: dict[date, tuple[int, int]] = {}
    for _, ordered_at, _, cents, _ in wanted.values():
        orders, total = days.get(ordered_at.date(), (0, 0))
        days[ordered_at.date()] = (orders + 1, total + cents)
    found = {row[0]: row[1:] for row in project.rows("select ordered_on, orders, total_cents from daily_orders")}
    if found != days:
        raise Wrong("daily_orders does not add up to what the exports say of the orders, day by day")


@cache
def _truth(data: Path, days: int) -> dict[int, tuple[Any, ...]]:
    """Each order as the last of the first exports says, by plain Python."""
    orders: dict[int, tuple[Any, ...]] = {}
    for number in range(days):
        day = FIRST + timedelta(number)
        with (data / "exports" / f"{day}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                moment = datetime.fromisoformat(row["ordered_at"])
                orders[int(row["order_id"])] = (row["customer"], moment, row["status"], int(row["total_cents"]), day)
    return orders


def _exports(new_a_day: int) -> dict[date, list[dict[str, Any]]]:
    chance = random.Random(9)  # noqa: S311
    exports: dict[date, list[dict[str, Any]]] = {FIRST + timedelta(number): [] for number in range(DAYS)}
    for number in range(DAYS * new_a_day):
        day = FIRST + timedelta(number // new_a_day)
        order = {
            "order_id": number + 1,
            "customer": f"c-{chance.randrange(new_a_day)}",
            "ordered_at": datetime(day.year, day.month, day.day) + timedelta(seconds=chance.randrange(86_400)),
            "status": "placed",
            "total_cents": chance.randrange(100, 20_000),
        }
        late = chance.choice((1, 2)) if chance.random() < 0.05 else 0
        exports.get(day + timedelta(late), []).append(order)
        if chance.random() < 0.6:
            changed = day + timedelta(late + chance.choice((1, 2)))
            exports.get(changed, []).append(order | {"status": chance.choice(("shipped", "cancelled"))})
    return exports
