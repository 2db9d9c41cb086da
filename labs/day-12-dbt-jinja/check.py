"""What lab 12 asks for: a macro that is exact, and columns that a loop writes from the data."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from lakelab.practice import Work, Wrong
from lakelab.practice.dbt import Project
from lakelab.practice.shop import shop

NEW = "crypto"
# cents: the largest are beyond what a double holds
CENTS = (0, 1, 99, 100, 12345, -250, 2**53 + 1, 999_999_999_999_999)


def prepare(work: Work) -> None:
    """Write the shop, and the same shop some weeks later: a new method, and amounts of a wholesaler."""
    if (work.data / "later" / "payments.csv").exists():
        return
    now = shop(seed=12)
    now.write(work.data)
    later = now.copy()
    day = later.orders[-1]["ordered"]
    for number, cents in enumerate(CENTS, start=5001):
        later.orders.append(
            {"id": number, "customer": 1, "ordered": day, "status": "placed", "subtotal": cents, "discount": 0}
        )
        later.payments.append({"id": 50_000 + number, "order": number, "method": NEW, "amount": cents})
    later.write(work.data / "later")


def check_builds(work: Work) -> str:
    """The project builds, and amounts are decimals."""
    project = Project(work)
    project.clear()
    project.dbt("build")
    types = {row[0]: row[1] for row in project.rows("describe stg_payments")}
    if types["amount"] != "DECIMAL(18,2)":
        raise Wrong(f"cents_to_dollars() gives a {types['amount']}, not a DECIMAL(18,2)", stop=True)
    return "DECIMAL(18,2)"


def check_exact(work: Work) -> str:
    """cents_to_dollars is exact for small and for large amounts, and for an expression."""
    project = Project(work)
    project.dbt("run", "--select", "stg_orders", "stg_payments", variables=_later())
    amounts = (("stg_payments", "amount_cents", "amount"), ("stg_orders", "total_cents", "order_total"))
    for model, cents, amount in amounts:
        for found in project.rows(f"select {cents}, {amount} from {model}"):
            if found[1] != Decimal(found[0]) / 100:
                raise Wrong(f"{model}: {found[0]} cents are {found[1]}, which is not exact")
    worst = max(CENTS)
    work.measure(f"{worst:,} cents as a double, off by", abs(Decimal(str(worst / 100)) * 100 - worst), "cents")
    scaled = project.rows(_compiled(project, "select {{ cents_to_dollars('12345', 3) }} as amount"))
    if scaled != [(Decimal("123.450"),)] or scaled[0][0].as_tuple().exponent != -3:
        raise Wrong(f"cents_to_dollars('12345', 3) is {scaled[0][0]}; with a scale of 3 it has three digits")
    return f"up to {max(CENTS):,} cents"


def check_columns(work: Work) -> str:
    """order_payments has a column for each method, and one row an order."""
    project = Project(work)
    project.dbt("run")
    _compare(work.data, project)
    compiled = next((project.folder / "target" / "compiled").rglob("order_payments.sql"))
    work.measure("lines of the template", len(work.read("models/order_payments.sql").splitlines()), "lines")
    work.measure("lines of the SQL", len(compiled.read_text(encoding="utf-8").splitlines()), "lines")
    return "0 where nothing was paid"


def check_new_method(work: Work) -> str:
    """A new method gets its column without a change of the code."""
    project = Project(work)
    project.dbt("run", variables=_later())
    _compare(work.data / "later", project)
    return NEW


def _compare(folder: Path, project: Project) -> None:
    paid: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    with (folder / "payments.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            paid[int(row["order"]), row["method"]] += Decimal(row["amount"]) / 100
    with (folder / "orders.csv").open(newline="") as file:
        orders = {int(row["id"]) for row in csv.DictReader(file)}
    methods = sorted({method for _, method in paid})
    columns = [row[0] for row in project.rows("describe order_payments")]
    for method in methods:
        if f"{method}_amount" not in columns:
            raise Wrong(f"order_payments has no column {method}_amount, and there are payments by {method}", stop=True)
    names = [f"{method}_amount" for method in methods]
    rows = project.rows(f"select order_id, {', '.join(names)}, total_amount from order_payments")
    if sorted(row[0] for row in rows) != sorted(orders):
        raise Wrong(f"order_payments has {len(rows)} rows, and there are {len(orders)} orders")
    for order, *amounts, total in rows:
        for name, method, amount in zip(names, methods, amounts, strict=True):
            if amount is None:
                raise Wrong(f"order_payments: {name} of order {order} is NULL, and should be 0")
            if amount != paid[order, method]:
                raise Wrong(f"order_payments: {name} of order {order} is {amount}, not what was paid by {method}")
        if total != sum(amounts):
            raise Wrong(f"order_payments: total_amount of order {order} is {total}, not the sum of its methods")


def _compiled(project: Project, template: str) -> str:
    """What dbt makes of a template of the checker's."""
    probe = project.copy()
    (probe.folder / "models" / "probe.sql").write_text(template, encoding="utf-8")
    probe.dbt("compile", "--select", "probe")
    return next((probe.folder / "target" / "compiled").rglob("probe.sql")).read_text(encoding="utf-8")


def _later() -> dict[str, str]:
    return {"shop": "data/later"}
