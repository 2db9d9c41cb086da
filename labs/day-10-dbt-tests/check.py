"""What lab 10 asks for: tests that are silent on good data and find each defect of bad data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from lakelab.practice import Work, Wrong
from lakelab.practice.dbt import Node, Project
from lakelab.practice.shop import Shop, shop


class Rule(NamedTuple):
    """A test that is asked for, and how many rows of the bad data it has to find."""

    test: str
    model: str
    column: str
    defect: str
    failures: int = 1


RULES = (
    Rule("unique", "stg_customers", "customer_id", "a customer twice"),
    Rule("not_null", "stg_customers", "customer_id", "a customer without an id"),
    Rule("unique", "stg_orders", "order_id", "an order twice"),
    Rule("not_null", "stg_orders", "order_id", "an order without an id"),
    Rule("relationships", "stg_orders", "customer_id", "an order of nobody"),
    Rule("accepted_values", "stg_orders", "status", "a status that nobody knows"),
    Rule("never_negative", "stg_orders", "order_total", "a negative total"),
    Rule("relationships", "stg_payments", "order_id", "a payment of no order"),
)
ADD_UP = "payments_add_up"
UNPAID = 2  # of the bad data's orders: one paid in part, one not at all


def prepare(work: Work) -> None:
    """Write the shop, and one with a defect of each kind."""
    if (work.data / "bad" / "payments.csv").exists():
        return
    good = shop(seed=10)
    good.write(work.data)
    _broken(good).write(work.data / "bad")


def check_tests_exist(work: Work) -> str:
    """Each rule has its test."""
    project = Project(work)
    project.dbt("parse")
    tests = [node for node in project.manifest["nodes"].values() if node["resource_type"] == "test"]
    known = {
        (test["test_metadata"]["name"], (test["attached_node"] or "").rpartition(".")[2], test["column_name"])
        for test in tests
        if test.get("test_metadata")
    }
    for rule in RULES:
        if (rule.test, rule.model, rule.column) not in known:
            raise Wrong(f"{rule.model}.{rule.column} has no test {rule.test}", stop=True)
    if ADD_UP not in {test["name"] for test in tests}:
        raise Wrong(f"there is no singular test tests/{ADD_UP}.sql", stop=True)
    if not project.manifest["unit_tests"]:
        raise Wrong("there is no unit test", stop=True)
    work.measure("tests", len(tests) + len(project.manifest["unit_tests"]), "tests")
    return "8 of columns, one of two tables, one of the SQL"


def check_good_data(work: Work) -> str:
    """On good data every test passes."""
    project = Project(work)
    project.clear()
    nodes = project.dbt("build", ok=False)
    for node in nodes:
        if node.failed and node.kind == "test":
            raise Wrong(
                f"{node.name} fails on good data: it finds {node.failures} rows, and each order there is paid or free",
                stop=True,
            )
        if node.failed:
            raise Wrong(f"{node.kind} {node.name}: {node.message}", stop=True)
        if node.status == "warn":
            raise Wrong(f"{node.name} warns on good data: it finds {node.failures} rows")
    return f"{sum(node.kind in ('test', 'unit_test') for node in nodes)} tests pass"


def check_bad_data(work: Work) -> str:
    """On bad data each defect is found by its test, as an error."""
    project = Project(work)
    folder = {"shop": str(Path("data", "bad"))}
    project.dbt("run", variables=folder)
    nodes = project.dbt("test", "--select", "test_type:data", ok=False, variables=folder)
    wrong = []
    for rule in RULES:
        found = [node for node in nodes if (node.test, node.model, node.column) == (rule.test, rule.model, rule.column)]
        wrong += _judge(found, f"{rule.test} of {rule.model}.{rule.column}", rule.defect, rule.failures)
    wrong += _judge([node for node in nodes if node.name == ADD_UP], ADD_UP, "orders that are not paid in full", UNPAID)
    if wrong:
        raise Wrong("\n".join(wrong))
    work.measure("defects found", len(RULES) + 1, f"of {len(RULES) + 1}")
    return "nine kinds of defects"


def check_unit_test(work: Work) -> str:
    """The unit test notices when returned orders count."""
    changed = Project(work).copy()
    model = changed.folder / "models" / "customer_totals.sql"
    model.write_text(work.read("models/customer_totals.sql").replace("status <> 'returned'", "true"), encoding="utf-8")
    nodes = [
        node for node in changed.dbt("build", "--select", "+customer_totals", ok=False) if node.kind == "unit_test"
    ]
    if not any(node.failed for node in nodes):
        raise Wrong("customer_totals was changed to count returned orders, too, and the unit test still passes")
    return "it does"


def _judge(found: list[Node], name: str, defect: str, failures: int) -> list[str]:
    for node in found:
        if node.failures != failures:
            return [f"{name} finds {node.failures} rows in the bad data, which has {failures}: {defect}"]
        if not node.failed:
            return [f"{name} only warns of {defect}: a build with that would be green"]
    return [] if found else [f"{name} did not run"]


def _broken(good: Shop) -> Shop:
    """A shop with one defect of each kind, each in rows of its own."""
    bad = good.copy()
    free = [order for order in bad.orders if order["subtotal"] == order["discount"]]
    paid = [order for order in bad.orders if order["subtotal"] > order["discount"]]
    day = datetime(2025, 3, 31)
    order = {"customer": 1, "ordered": day, "status": "placed", "subtotal": 0, "discount": 0}
    bad.customers += [dict(bad.customers[-1]), {**bad.customers[-1], "id": ""}]
    bad.orders += [
        dict(free[0]),
        {"id": "", **order},
        {"id": 9001, **order, "customer": 9999},
        {"id": 9002, **order, "status": "lost"},
        {"id": 9003, **order, "subtotal": 500, "discount": 1000},
        {"id": 9004, **order, "subtotal": 1200},
    ]
    part = next(payment for payment in bad.payments if payment["order"] == paid[0]["id"])
    part["amount"] -= 1
    bad.payments += [
        {"id": 90_001, "order": 9003, "method": "card", "amount": -500},
        {"id": 90_002, "order": 99_999, "method": "card", "amount": 100},
    ]
    return bad
