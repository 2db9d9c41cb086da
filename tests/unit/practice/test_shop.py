"""The data of the dbt labs: the same for the same seed, with the cases that the labs are about."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from lakelab.practice.shop import shop


def test_equal_seeds_give_equal_shops():
    assert shop(seed=1) == shop(seed=1)
    assert shop(seed=1) != shop(seed=2)


def test_payments_add_up_and_free_orders_have_none():
    found = shop(seed=10)
    paid: defaultdict[int, int] = defaultdict(int)
    for payment in found.payments:
        paid[payment["order"]] += payment["amount"]
    totals = {order["id"]: order["subtotal"] - order["discount"] for order in found.orders}
    assert {order: paid.get(order, 0) for order in totals} == totals
    assert 0 in totals.values()
    assert len(found.payments) > len([total for total in totals.values() if total])


def test_some_customers_never_ordered():
    found = shop(seed=8)
    assert {customer["id"] for customer in found.customers} > {order["customer"] for order in found.orders}


def test_a_copy_can_be_changed(tmp_path: Path):
    found = shop(seed=1, orders=3)
    changed = found.copy()
    changed.orders[0]["status"] = "lost"
    assert found.orders[0]["status"] != "lost"
    found.write(tmp_path)
    assert (tmp_path / "orders.csv").read_text().splitlines()[0] == "id,customer,ordered,status,subtotal,discount"
    assert len((tmp_path / "orders.csv").read_bytes().split(b"\n")) == 5
