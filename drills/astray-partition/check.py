"""A partition of `orders` leads to a prefix in which nothing is."""

from __future__ import annotations

import json
from typing import Any

from lakelab.practice import Work, Wrong

TABLE = "orders"


def break_it(work: Work) -> None:
    """Remember the rows of each day, and lead one day astray."""
    if _astray(work):
        return  # it is broken still
    counts = _counts(work)
    (work.data / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    partitions = _partitions(work)
    lost = partitions[len(partitions) // 2]
    storage = lost["StorageDescriptor"]
    elsewhere = storage["Location"].rstrip("/").rpartition("/")[0] + "/order_date=1999-01-01/"
    work.client("glue").update_partition(
        DatabaseName=_database(work),
        TableName=TABLE,
        PartitionValueList=lost["Values"],
        PartitionInput={"Values": lost["Values"], "StorageDescriptor": {**storage, "Location": elsewhere}},
    )


def check_days(work: Work) -> str:
    """Every day has its orders again."""
    asked: dict[str, int] = json.loads((work.data / "counts.json").read_text(encoding="utf-8"))
    found = _counts(work)
    fewer = [day for day, count in asked.items() if found.get(day, 0) < count]
    if fewer:
        missing = sum(asked.values()) - sum(found.values())
        told = f"{len(fewer)} of {len(asked)} days have fewer orders than before; {missing} orders are not found"
        raise Wrong(told, stop=True)
    more = [day for day in asked if found[day] > asked[day]]
    if more:
        raise Wrong(f"{more[0]} has {found[more[0]]} orders, and had {asked[more[0]]}")
    return f"{sum(found.values()):,} orders in {len(found)} days"


def check_locations(work: Work) -> str:
    """No partition leads to another one's objects."""
    wrong = _astray(work)
    if wrong:
        raise Wrong(f"{len(wrong)} of {len(_partitions(work))} partitions lead elsewhere than their value says")
    return f"{len(_partitions(work))} partitions"


def _partitions(work: Work) -> list[dict[str, Any]]:
    pages = work.client("glue").get_paginator("get_partitions").paginate(DatabaseName=_database(work), TableName=TABLE)
    return sorted((each for page in pages for each in page["Partitions"]), key=lambda each: each["Values"])


def _astray(work: Work) -> list[str]:
    return [
        each["Values"][0]
        for each in _partitions(work)
        if not each["StorageDescriptor"]["Location"].rstrip("/").endswith(f"/order_date={each['Values'][0]}")
    ]


def _counts(work: Work) -> dict[str, int]:
    rows = work.athena(f"select cast(order_date as varchar), count(*) from {TABLE} group by 1", _database(work)).rows
    return {str(day): int(count or 0) for day, count in rows}


def _database(work: Work) -> str:
    return work.output("catalog", "database")
