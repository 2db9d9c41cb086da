"""What lab 17 asks for: a table over CSV, the same as Parquet in partitions, and a question that reads one of them."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from lakelab.practice import Work, Wrong

ROWS_A_DAY = {"small": 300, "full": 40_000}
DAYS = {"small": 5, "full": 30}
FIRST, ASKED = date(2025, 3, 1), "2025-03-03"
HEADER = ("order_id", "customer_name", "city", "total_cents", "currency", "status")
COLUMNS = (*HEADER, "order_date")
CITIES = ("Berlin, Mitte", "Köln", "São Paulo", "New York, NY", "Málaga")
MB, TB = 2**20, 2**40
A_YEAR = 365 * 1000


def prepare(work: Work) -> None:
    """Write a file a day."""
    if len(list(work.data.glob("orders_*.csv"))) == DAYS[work.size]:
        return
    chance = random.Random(17)  # noqa: S311
    for number in range(DAYS[work.size]):
        day = FIRST + timedelta(number)
        partial = work.data / "partial"
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(HEADER)
            for row in range(ROWS_A_DAY[work.size]):
                writer.writerow(
                    (
                        f"o-{day:%m%d}-{row:06}",
                        f'{chance.choice(("Ada", "Grace", "Linus"))} "{chance.randrange(10**6)}"',
                        chance.choice(CITIES),
                        int(chance.lognormvariate(7.3, 0.6)),
                        chance.choice(("EUR", "USD", "GBP")),
                        chance.choices(("completed", "cancelled"), weights=(9, 1))[0],
                    )
                )
        partial.replace(work.data / f"orders_{day}.csv")


def check_upload(work: Work) -> str:
    """Each file is where its day says."""
    bucket = work.bucket()
    work.database()
    work.call("upload.py", "upload", work.client("s3"), work.data, bucket)
    found = {each["Key"] for each in work.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])}
    asked = {f"csv/order_date={FIRST + timedelta(number)}/orders.csv" for number in range(DAYS[work.size])}
    if found != asked:
        differ = sorted(found ^ asked)
        raise Wrong(f"{len(found)} objects, {len(asked)} asked; for example {differ[0]} is not as asked", stop=True)
    return f"{len(asked)} files"


def check_table(work: Work) -> str:
    """The table over CSV has the rows of the files."""
    for name in ("table.sql", "partitions.sql"):
        with work.running(name):
            work.athena(work.read(name), work_database(work))
    with work.running("orders_csv"):
        ((count,),) = work.athena("select count(*) from orders_csv", work_database(work)).rows
    rows = _rows(work)
    surplus = int(count or 0) - len(rows)
    if surplus:
        told = f"{surplus} rows more than the files hold" if surplus > 0 else f"the files hold {len(rows):,}"
        raise Wrong(f"orders_csv has {count} rows: {told}", stop=True)
    _compare(work, "orders_csv", rows)
    return f"{len(rows):,} rows in {DAYS[work.size]} partitions"


def check_parquet(work: Work) -> str:
    """The table of Parquet has the same rows, in partitions."""
    with work.running("parquet.sql"):
        work.athena(work.read("parquet.sql"), work_database(work))
    with work.running("orders"):
        table = work.client("glue").get_table(DatabaseName=work_database(work), Name="orders")["Table"]
    if [key["Name"] for key in table["PartitionKeys"]] != ["order_date"]:
        raise Wrong("orders is not partitioned by order_date alone", stop=True)
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    if types.get("total_cents") != "bigint":
        raise Wrong(f"the column total_cents of orders is {types.get('total_cents')}; asked is bigint")
    if "parquet" not in table["StorageDescriptor"]["InputFormat"].lower():
        raise Wrong("orders is not stored as Parquet")
    if not table["StorageDescriptor"]["Location"].startswith("s3://lab-day-17-lake/parquet"):
        raise Wrong(f"orders is at {table['StorageDescriptor']['Location']}")
    _compare(work, "orders", _rows(work))
    return "the same rows"


def check_question(work: Work) -> str:
    """The question has the right answer, and reads one day."""
    with work.running("question.sql"):
        answer = work.athena(work.read("question.sql"), work_database(work))
    right: defaultdict[str, int] = defaultdict(int)
    for row in _rows(work):
        if row[6] == ASKED and row[5] == "completed":
            right[row[4]] += int(row[3])
    if answer.columns != ["currency", "revenue_cents"]:
        raise Wrong(f"question.sql gives the columns {', '.join(answer.columns)}")
    if answer.rows != [[currency, str(cents)] for currency, cents in sorted(right.items())]:
        raise Wrong(f"question.sql gives {len(answer.rows)} rows, the first of them {answer.rows[:1]}: that is not it")
    asked = "select currency, sum(cast(total_cents as bigint)) from {} where status = 'completed' {} group by currency"
    day = f"and order_date = '{ASKED}'"
    scanned = {
        "CSV": work.athena(asked.format("orders_csv", ""), work_database(work)).scanned_bytes,
        "CSV, one day": work.athena(asked.format("orders_csv", day), work_database(work)).scanned_bytes,
        "Parquet": work.athena(asked.format("orders", ""), work_database(work)).scanned_bytes,
        "Parquet, one day": work.athena(asked.format("orders", day), work_database(work)).scanned_bytes,
    }
    for name, size in scanned.items():
        work.measure(f"scanned: {name}", size, "bytes")
    work.measure("scanned: yours", answer.scanned_bytes, "bytes")
    if answer.scanned_bytes > scanned["Parquet, one day"] * 1.5:
        raise Wrong(
            f"question.sql scans {answer.scanned_bytes:,} bytes; the four columns of all days are "
            f"{scanned['Parquet']:,}, and one day's are a {DAYS[work.size]}th of that"
        )
    for name in ("CSV", "Parquet, one day"):
        cents = _usd(scanned[name]) * A_YEAR
        work.measure(f"a thousand times a day for a year: {name}", cents, "USD on AWS, at 5 USD a TB")
    return f"{answer.scanned_bytes:,} bytes"


def check_cost(work: Work) -> str:
    """The price of a query."""
    cost = work.module("cost.py")
    for scanned, price in ((1, 5.0), (10 * MB, 5.0), (10 * MB + 1, 5.0), (3 * TB, 5.0), (700 * MB, 6.25), (0, 5.0)):
        with work.running("usd() in cost.py"):
            found = cost.usd(scanned, price)
        right = max(10, -(-scanned // MB)) * MB / TB * price
        if not isinstance(found, (int, float)) or abs(found - right) > 1e-12:
            raise Wrong(f"usd({scanned}) at {price} USD a TB is {found}, which is not what is billed")
    return "rounded up to a MB, at least 10"


def work_database(work: Work) -> str:
    return f"lab_{work.name.replace('-', '_')}"


def _usd(scanned: int) -> float:
    return max(10, -(-scanned // MB)) * MB / TB * 5


_read: list[tuple[str, ...]] = []


def _rows(work: Work) -> list[tuple[str, ...]]:
    """All rows, as the files hold them, with their day last."""
    if not _read:
        for file in sorted(work.data.glob("orders_*.csv")):
            with file.open(newline="", encoding="utf-8") as lines:
                _read.extend((*row, file.stem.removeprefix("orders_")) for row in list(csv.reader(lines))[1:])
    return _read


def _compare(work: Work, table: str, rows: list[tuple[str, ...]]) -> None:
    """Whether a table holds the rows: the first and last in full, and of all the sums."""
    with work.running(table):
        columns = ", ".join(COLUMNS)
        found = work.athena(
            f"select {columns} from {table} where order_date = '{ASKED}' order by order_id limit 20",
            work_database(work),
        ).rows
        sums = work.athena(
            f"select order_date, sum(cast(total_cents as bigint)), count(distinct order_id) from {table} "
            "group by order_date order by order_date",
            work_database(work),
        ).rows
    for one, asked in zip(found, [row for row in rows if row[6] == ASKED], strict=False):
        for column, value, right in zip(COLUMNS, one, asked, strict=True):
            if value != right:
                raise Wrong(f"{table}: {column} of {asked[0]} is {value!r}, in the file it is {right!r}", stop=True)
    right: defaultdict[str, list[Any]] = defaultdict(lambda: [0, 0])
    for row in rows:
        right[row[6]][0] += int(row[3])
        right[row[6]][1] += 1
    asked_sums = [[day, str(cents), str(count)] for day, (cents, count) in sorted(right.items())]
    if sums != asked_sums:
        raise Wrong(f"{table}: the totals by day are not those of the files", stop=True)
