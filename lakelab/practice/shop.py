"""The data of the dbt labs: a small shop, the same for the same seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FIRST = ("Ada", "Grace", "Edgar", "Barbara", "Jim", "Michael", "Pat", "Frances")
LAST = ("Lovelace", "Hopper", "Codd", "Liskov", "Gray", "Stonebraker", "Selinger", "Allen")
METHODS = ("card", "voucher", "transfer", "coupon")
STATUSES = ("placed", "shipped", "completed", "returned")
OPENED = datetime(2025, 1, 1)


@dataclass
class Shop:
    """The rows of the three files, as text and numbers; amounts are cents, times are UTC.

    Some customers have no order; some orders are free, and have no payment; some are paid in two parts.
    """

    customers: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    payments: list[dict[str, Any]]

    def write(self, folder: Path) -> Path:
        """Write customers.csv, orders.csv and payments.csv."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("customers", "orders", "payments"):
            write_csv(folder / f"{name}.csv", getattr(self, name))
        return folder

    def copy(self) -> Shop:
        """Rows of its own, to be changed."""
        return replace(self, **{name: [dict(row) for row in rows] for name, rows in vars(self).items()})


def shop(*, seed: int, customers: int = 60, orders: int = 400) -> Shop:
    """A shop of this size; its orders are in the order of their time, over three months."""
    chance = random.Random(seed)  # noqa: S311
    people = [
        {
            "id": number,
            "first": chance.choice(FIRST),
            "last": chance.choice(LAST),
            "created": OPENED - timedelta(days=chance.randrange(300)),
        }
        for number in range(1, customers + 1)
    ]
    moments = sorted(chance.randrange(90 * 86_400) for _ in range(orders))
    sold: list[dict[str, Any]] = []
    payments: list[dict[str, Any]] = []
    for number, second in enumerate(moments, start=1):
        subtotal = chance.randrange(500, 20_000)
        discount = subtotal if chance.random() < 0.03 else chance.choice((0, 0, 0, subtotal // 10))
        sold.append(
            {
                "id": number,
                "customer": chance.randrange(1, customers * 9 // 10),
                "ordered": OPENED + timedelta(seconds=second),
                "status": chance.choices(STATUSES, (1, 2, 6, 1))[0],
                "subtotal": subtotal,
                "discount": discount,
            }
        )
        total = subtotal - discount
        parts = [total] if chance.random() < 0.8 else [total // 3, total - total // 3]
        payments += [
            {"id": len(payments) + place, "order": number, "method": chance.choice(METHODS), "amount": part}
            for place, part in enumerate((part for part in parts if part), start=1)
        ]
    return Shop(people, sold, payments)


def write_csv(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Rows that have the same keys, with a header; the file is whole or not there."""
    rows = list(rows)
    partial = file.with_suffix(".tmp")
    with partial.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.DictWriter(sink, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(file)
