"""What lab 8 asks for: sources, two staging views, a mart, and a graph that dbt knows."""

from __future__ import annotations

import csv
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from lakelab.practice import Work, Wrong
from lakelab.practice.dbt import Project
from lakelab.practice.shop import shop

FOLDERS = {"stg_customers": "models/staging", "stg_orders": "models/staging", "customer_orders": "models/marts"}
PARENTS = {
    "stg_customers": ["raw.customers"],
    "stg_orders": ["raw.orders"],
    "customer_orders": ["stg_customers", "stg_orders"],
}
BUILT_AS = {"stg_customers": "view", "stg_orders": "view", "customer_orders": "table"}
COLUMNS = {
    "stg_customers": "customer_id, first_name, last_name, created_at",
    "stg_orders": "order_id, customer_id, ordered_at, status, subtotal_cents, discount_cents, total_cents",
    "customer_orders": "customer_id, first_name, last_name, first_ordered_at, orders, total_cents",
}


def prepare(work: Work) -> None:
    """Write the shop's tables."""
    if not (work.data / "orders.csv").exists():
        shop(seed=8).write(work.data)


def check_structure(work: Work) -> str:
    """The project parses, and its models are in the folders of their layers."""
    project = Project(work)
    project.dbt("parse")
    for name, folder in FOLDERS.items():
        found = str(Path(project.node(name)["original_file_path"]).parent)
        if found != folder:
            raise Wrong(f"{name} is in {found}, not in {folder}", stop=True)
    return "staging and marts"


def check_graph(work: Work) -> str:
    """dbt knows what each model is made from."""
    project = Project(work)
    for name, parents in PARENTS.items():
        found = project.parents(name)
        if found != parents:
            raise Wrong(f"{name} reads {_listed(found)} by source() and ref(), not {_listed(parents)}", stop=True)
    return "sources, staging, marts"


def check_build(work: Work) -> str:
    """It builds, staging as views and marts as tables."""
    project = Project(work)
    project.clear()
    began = time.perf_counter()
    nodes = project.dbt("build")
    work.measure("the whole of dbt build, in a process that has started", time.perf_counter() - began, "s")
    work.measure("nodes built", len(nodes), "nodes")
    kinds = dict(project.rows("select table_name, table_type from information_schema.tables"))
    for name, wanted in BUILT_AS.items():
        found = "view" if kinds.get(name) == "VIEW" else "table"
        if found != wanted:
            raise Wrong(f"{name} is a {found}; its layer is built as {wanted}s, by dbt_project.yml")
    return "2 views, 1 table"


def check_staging(work: Work) -> str:
    """A staging model has its columns, and every row of its source."""
    project = Project(work)
    for name, columns in COLUMNS.items():
        found = ", ".join(row[0] for row in project.rows(f"describe {name}"))
        if found != columns:
            raise Wrong(f"{name} has the columns {found}, not {columns}", stop=True)
    for name, table in (("stg_customers", "customers"), ("stg_orders", "orders")):
        rows, raw = project.rows(f"select count(*) from {name}")[0][0], len(_raw(work, table))
        if rows != raw:
            raise Wrong(f"{name} has {rows} rows, and {table}.csv has {raw}: staging leaves none out and adds none")
    wanted = {int(row["id"]): int(row["subtotal"]) - int(row["discount"]) for row in _raw(work, "orders")}
    found_totals = dict(project.rows("select order_id, total_cents from stg_orders"))
    for order, cents in wanted.items():
        if found_totals.get(order) != cents:
            raise Wrong(
                f"stg_orders: total_cents of order {order} is {found_totals.get(order)}, which is not what is paid"
            )
    types = {row[0]: row[1] for row in project.rows("describe stg_orders")}
    if types["ordered_at"] != "TIMESTAMP":
        raise Wrong(f"stg_orders: ordered_at is a {types['ordered_at']}, not a TIMESTAMP")
    return "every row"


def check_mart(work: Work) -> str:
    """customer_orders has one row a customer, every customer."""
    found = Project(work).rows(f"select {COLUMNS['customer_orders']} from customer_orders order by customer_id")
    wanted = _customer_orders(work)
    missing = wanted.keys() - {row[0] for row in found}
    if missing:
        raise Wrong(f"{len(missing)} customers are not in customer_orders, customer {min(missing)} among them")
    if len(found) != len(wanted):
        raise Wrong(f"customer_orders has {len(found)} rows for {len(wanted)} customers")
    for row in found:
        if row != wanted[row[0]]:
            raise Wrong(
                f"customer_orders: the row of customer {row[0]} is {row[1:]}, which is not what orders.csv says"
            )
    return f"{len(found)} customers"


def _customer_orders(work: Work) -> dict[int, tuple[Any, ...]]:
    orders = _raw(work, "orders")
    wanted = {}
    for customer in _raw(work, "customers"):
        theirs = [order for order in orders if order["customer"] == customer["id"]]
        first = min((datetime.fromisoformat(order["ordered"]) for order in theirs), default=None)
        cents = sum(int(order["subtotal"]) - int(order["discount"]) for order in theirs)
        wanted[int(customer["id"])] = (
            int(customer["id"]),
            customer["first"],
            customer["last"],
            first,
            len(theirs),
            cents,
        )
    return wanted


def _raw(work: Work, table: str) -> list[dict[str, str]]:
    with (work.data / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _listed(names: list[str]) -> str:
    return " and ".join(names) or "nothing"
