"""The generator of the orders feed: daily CSV files as a careless producer sends them, seeded."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

HEADER = ("order_id", "customer_id", "order_date", "order_total_cents", "currency", "status", "city")
FIRST_DAY = date(2025, 1, 1)
CURRENCIES = ("EUR", "GBP", "USD")
STATUSES = ("completed", "cancelled", "refunded", "placed")
STATUS_WEIGHTS = (88, 6, 4, 2)
CITIES = ("Berlin", "Köln", "Zürich", "München", "Málaga", "São Paulo", "Montréal", "London", "New York", "")

# shares of a day's lines, in thousandths
REPEATED_IN_FILE = 5
REPEATED_FROM_YESTERDAY = 5
NEGATIVE = 3
BROKEN = 4
HELD_BACK = 2  # sent later, in the late file

Row = list[str]


@dataclass
class _Day:
    day: date
    rows: list[Row]
    late: list[Row]


def generate(folder: Path, *, days: int, rows: int, seed: int) -> list[Path]:
    """Write the feed and return its files in the order in which a producer would send them.

    There is one file a day, `orders_<day>.csv`, from 2025-01-01 on, and, for two days or more, one late file with
    orders of earlier days. Together they have exactly `rows` lines besides the headers. Customers are Zipf-shaped:
    the n-th orders in proportion to 1/n. The mess, in every day that is large enough for it:

    * lines repeated within the file, and lines of the day before sent again, byte for byte;
    * negative totals; lines with a column too few or too many, a date that is none, text in the total, no order id,
      or a currency that the contract does not know;
    * the file of the middle day is in Latin-1 with CRLF line ends; that of the last day begins with a byte order mark.

    An order counts once, wherever it is repeated; revenue is the sum of `order_total_cents` of the good lines with the
    status `completed`, by month and currency.

    Args:
        folder: made if missing; files of the same names are replaced.
        days: how many daily files, at least 1.
        rows: lines in all files together, headers not counted; at least one a day.
        seed: equal seeds give equal bytes.

    Raises:
        ValueError: `days` or `rows` is too small.
    """
    if days < 1:
        raise ValueError(f"days must be at least 1, got {days}")
    if rows < days:
        raise ValueError(f"rows must be at least one a day ({days}), got {rows}")
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311  # data, not secrets
    files = []
    late: list[Row] = []
    for number, day in enumerate(_days(chance, days, rows)):
        path = folder / f"orders_{day.day.isoformat()}.csv"
        _write(path, day.rows, latin1=number == days // 2, mark=number == days - 1 and days > 1)
        files.append(path)
        late += day.late
    if days > 1:
        path = folder / f"orders_{(FIRST_DAY + timedelta(days - 1)).isoformat()}_late.csv"
        _write(path, late)
        files.append(path)
    return files


def _days(chance: random.Random, days: int, rows: int) -> Iterator[_Day]:
    customers = [f"c-{number:05}" for number in range(1, max(10, rows // 20) + 1)]
    weights = list(accumulate(1 / rank for rank in range(1, len(customers) + 1)))
    first_id = 1
    yesterday: list[Row] = []
    for number in range(days):
        lines = rows // days + (number < rows % days)
        repeated = lines * REPEATED_IN_FILE // 1000
        again = min(lines * REPEATED_FROM_YESTERDAY // 1000, len(yesterday))
        day = FIRST_DAY + timedelta(number)
        new = lines - repeated - again
        orders = _orders(chance, day, first_id, new, customers, weights)
        first_id += new
        negative, broken = new * NEGATIVE // 1000, new * BROKEN // 1000
        good = new - negative - broken
        held = max(1, good * HELD_BACK // 1000) if number < days - 1 and good > 1 else 0
        sent, late = orders[: good - held], orders[good - held : good]
        lines_of_day = [
            *sent,
            *(_negative(order) for order in orders[good : good + negative]),
            *(_broken(order, kind) for kind, order in enumerate(orders[good + negative :], number)),
            *chance.sample(sent, min(repeated, len(sent))),
            *chance.sample(yesterday, again),
        ]
        chance.shuffle(lines_of_day)
        yesterday = sent
        yield _Day(day, lines_of_day, late)


def _orders(
    chance: random.Random, day: date, first_id: int, count: int, customers: list[str], weights: list[float]
) -> list[Row]:
    text = day.isoformat()
    return [
        [f"o-{number:07}", customer, text, str(cents), currency, status, city]
        for number, customer, cents, currency, status, city in zip(
            range(first_id, first_id + count),
            chance.choices(customers, cum_weights=weights, k=count),
            [int(chance.lognormvariate(7.3, 0.6)) for _ in range(count)],
            chance.choices(CURRENCIES, weights=(50, 20, 30), k=count),
            chance.choices(STATUSES, weights=STATUS_WEIGHTS, k=count),
            chance.choices(CITIES, k=count),
            strict=True,
        )
    ]


def _negative(order: Row) -> Row:
    return [*order[:3], "-" + str(int(order[3]) + 1), *order[4:]]


def _broken(order: Row, kind: int) -> Row:
    identity, customer, day, cents, currency, status, city = order
    return (
        [identity, customer, day, cents, currency, status],
        [*order, "surplus"],
        [identity, customer, day[:5] + "13" + day[7:], cents, currency, status, city],
        [identity, customer, day, f"{cents} cents", currency, status, city],
        ["", customer, day, cents, currency, status, city],
        [identity, customer, day, cents, "XYZ", status, city],
    )[kind % 6]


def _write(path: Path, rows: list[Row], *, latin1: bool = False, mark: bool = False) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n" if latin1 else "\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("latin-1" if latin1 else "utf-8-sig" if mark else "utf-8"))
