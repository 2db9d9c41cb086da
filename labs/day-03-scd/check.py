"""What lab 3 asks for: types 1 and 2 by MERGE on DuckDB and on Athena's Iceberg, and type 2 in Python."""

from __future__ import annotations

import io
import itertools
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from lakelab.practice import Work, Wrong

DRIVERS = {"small": 30, "full": 400}
BATCHES = 4
BEGIN = datetime(2025, 1, 1)  # the feed's times have no zone, as the tables' have none
CITIES = ("Berlin", "Köln", "Leeds", "London", "Wien")
VEHICLES = ("economy", "comfort", "van")
ROUNDS = 40  # of other feeds, for scd2.py

COLUMNS = "driver_id varchar, city varchar, vehicle varchar"
TABLES = {
    "changes": f"{COLUMNS}, op varchar, changed_at timestamp",
    "dim_driver_1": f"{COLUMNS}, is_deleted boolean, changed_at timestamp",
    "dim_driver_2": f"{COLUMNS}, valid_from timestamp, valid_to timestamp",
}


@dataclass(frozen=True)
class Event:
    """A change of a driver."""

    driver_id: str
    city: str | None
    vehicle: str | None
    op: str
    changed_at: datetime


Row = tuple[Any, ...]
Truth = Callable[[list[Event]], dict[Any, Row]]


def feed(drivers: int, seed: int) -> list[list[Event]]:
    """Batches of changes, as they are delivered: some late, several of a driver at a time, one batch twice."""
    chance = random.Random(seed)  # noqa: S311
    batches: list[list[Event]] = [[] for _ in range(BATCHES)]
    for number in range(drivers):
        events = _life(chance, f"d-{number:03}")
        for place, event in enumerate(events):
            batch = (event.changed_at - BEGIN).days * BATCHES // 100
            if chance.random() < 0.25 and _may_be_late(events, place):
                batch = min(BATCHES - 1, batch + chance.randint(1, 2))
            batches[batch].append(event)
    for batch in batches:
        chance.shuffle(batch)
    return [*batches[:3], batches[2], *batches[3:]]


def _life(chance: random.Random, driver_id: str) -> list[Event]:
    times = sorted(chance.sample(range(100 * 24 * 60), chance.randint(2, 8)))
    events: list[Event] = []
    for minute in times:
        gone = bool(events) and events[-1].op == "upsert" and chance.random() < 0.2
        about = (None, None, "delete") if gone else (chance.choice(CITIES), chance.choice(VEHICLES), "upsert")
        events.append(Event(driver_id, *about, BEGIN + timedelta(minutes=minute)))
    return events


def _may_be_late(events: list[Event], place: int) -> bool:
    """A delete that ends no version leaves no trace in a dimension, so what comes before a delete is never late."""
    followed = place + 1 < len(events) and events[place + 1].op == "delete"
    return events[place].op == "upsert" and not followed


def newest(events: list[Event]) -> dict[Any, Row]:
    """Type 1: a driver -> city, vehicle, is_deleted, changed_at."""
    found: dict[Any, Row] = {}
    for event in sorted(events, key=lambda event: event.changed_at):
        found[event.driver_id] = (event.city, event.vehicle, event.op == "delete", event.changed_at)
    return found


def versions(events: list[Event]) -> dict[Any, Row]:
    """Type 2: a driver and valid_from -> city, vehicle, valid_to."""
    by_driver: defaultdict[str, list[Event]] = defaultdict(list)
    for event in sorted(set(events), key=lambda event: event.changed_at):
        by_driver[event.driver_id].append(event)
    return {
        (driver, event.changed_at): (event.city, event.vehicle, after.changed_at if after else None)
        for driver, life in by_driver.items()
        for event, after in itertools.zip_longest(life, life[1:])
        if event.op == "upsert"
    }


TRUTHS: dict[str, tuple[str, int, Truth]] = {
    "scd1.sql": ("dim_driver_1", 1, newest),
    "scd2.sql": ("dim_driver_2", 2, versions),
}


def prepare(work: Work) -> None:
    """Write the batches for the learner to look at."""
    for number, batch in enumerate(_batches(work), 1):
        lines = [json.dumps(vars(event), default=str, ensure_ascii=False) for event in batch]
        (work.data / f"batch-{number}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")


def check_python(work: Work) -> str:
    """scd2.py keeps the history, batch by batch."""
    answer = work.module("scd2.py")
    _follow(work, answer, _batches(work), "")
    for seed in range(ROUNDS):
        _follow(work, answer, feed(5, seed=1000 + seed), " of another feed")
    return f"on this feed and on {ROUNDS} others"


def check_type_1_on_duckdb(work: Work) -> str:
    """scd1.sql on DuckDB: each driver as his newest change says."""
    return _on_duckdb(work, "scd1.sql")


def check_type_2_on_duckdb(work: Work) -> str:
    """scd2.sql on DuckDB: each driver's versions."""
    return _on_duckdb(work, "scd2.sql")


def check_type_1_on_athena(work: Work) -> str:
    """scd1.sql on an Iceberg table of Athena."""
    return _on_athena(work, "scd1.sql")


def check_type_2_on_athena(work: Work) -> str:
    """scd2.sql on an Iceberg table of Athena."""
    return _on_athena(work, "scd2.sql")


def _follow(work: Work, answer: ModuleType, batches: list[list[Event]], where: str) -> None:
    history: list[Any] = []
    seen: list[Event] = []
    for number, batch in enumerate(batches, 1):
        seen += batch
        with work.running("apply_changes() in scd2.py"):
            history = answer.apply_changes(list(history), [answer.Change(**vars(event)) for event in batch])
            found = [(one.driver_id, one.valid_from, one.city, one.vehicle, one.valid_to) for one in history]
        _compare("scd2.py", f"batch {number}{where}", found, 2, versions(seen), seen)


def _on_duckdb(work: Work, name: str) -> str:
    table, keys, truth = TRUTHS[name]
    statement = _statement(work, name)
    connection = duckdb.connect()
    for each, columns in TABLES.items():
        connection.execute(f"create table {each} ({columns})")
    seen: list[Event] = []
    times = []
    for number, batch in enumerate(_batches(work), 1):
        seen += batch
        connection.execute("delete from changes")
        connection.executemany(
            "insert into changes values (?, ?, ?, ?, ?)", [tuple(vars(one).values()) for one in batch]
        )
        began = time.perf_counter()
        with work.running(f"{name} on DuckDB"):
            connection.execute(statement)
        times.append(time.perf_counter() - began)
        rows = connection.execute(_select(table)).fetchall()
        _compare(name, f"batch {number} on DuckDB", rows, keys, truth(seen), seen)
    work.measure(f"{name} on DuckDB, a batch", statistics.median(times) * 1000, "ms")
    return f"{len(rows)} rows"


def _on_athena(work: Work, name: str) -> str:
    table, keys, truth = TRUTHS[name]
    statement = _statement(work, name)
    bucket, database, s3 = work.bucket("scd"), work.database(), work.client("s3")
    work.athena(
        f"create external table changes ({TABLES['changes'].replace('varchar', 'string')}) "
        f"stored as parquet location 's3://{bucket}/changes/'",
        database,
    )
    for each in ("dim_driver_1", "dim_driver_2"):
        columns = TABLES[each].replace("varchar", "string")
        properties = f"location 's3://{bucket}/{each}/' tblproperties ('table_type' = 'ICEBERG')"
        work.athena(f"create table {each} ({columns}) {properties}", database)
    seen: list[Event] = []
    times = []
    for number, batch in enumerate(_batches(work), 1):
        seen += batch
        s3.put_object(Bucket=bucket, Key="changes/batch.parquet", Body=_parquet(batch))
        with work.running(f"{name} on Athena"):
            times.append(work.athena(statement, database).seconds)
        rows = [_typed(row, table) for row in work.athena(_select(table), database).rows]
        _compare(name, f"batch {number} on Athena", rows, keys, truth(seen), seen)
    work.measure(f"{name} on the local Athena, a batch", statistics.median(times) * 1000, "ms")
    ((snapshots,),) = work.athena(f'select count(*) from "{table}$snapshots"', database).rows
    work.measure(f"snapshots of {table}", float(snapshots or 0), "snapshots")
    return f"{len(rows)} rows"


def _statement(work: Work, name: str) -> str:
    text = work.read(name).strip().rstrip(";")
    words = " ".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).split()
    if not words:
        raise Wrong(f"{name} is still to be written")
    if words[0].lower() != "merge":
        raise Wrong(f"{name} is not one MERGE statement: it begins with {words[0]}")
    return text


def _select(table: str) -> str:
    columns = {
        "dim_driver_1": "driver_id, city, vehicle, is_deleted, changed_at",
        "dim_driver_2": "driver_id, valid_from, city, vehicle, valid_to",
    }
    return f"select {columns[table]} from {table}"


def _typed(row: list[str | None], table: str) -> Row:
    """A row of Athena's results, which are text."""
    times = (4,) if table == "dim_driver_1" else (1, 4)
    found: list[Any] = list(row)
    for place in times:
        if found[place] is not None:
            found[place] = datetime.fromisoformat(found[place])
    if table == "dim_driver_1":
        found[3] = found[3] == "true"
    return tuple(found)


def _compare(name: str, when: str, rows: list[Row], keys: int, asked: dict[Any, Row], events: list[Event]) -> None:
    """Raise Wrong about the first row that is not right; `keys` of its columns tell which row it is."""
    found: dict[Any, Row] = {}
    for row in rows:
        key = row[0] if keys == 1 else row[:keys]
        if key in found:
            life = f"\n  what was delivered of him so far:\n{_life_of(key, events)}"
            raise Wrong(f"{name}, after {when}: {_name(key)} is there twice{life}")
        found[key] = row[keys:]
    for key in sorted(asked.keys() | found.keys(), key=str):
        life = f"\n  what was delivered of him so far:\n{_life_of(key, events)}"
        if key not in found:
            raise Wrong(f"{name}, after {when}: {_name(key)} is missing{life}")
        if key not in asked:
            raise Wrong(f"{name}, after {when}: {_name(key)} is there, and nothing says so{life}")
        if found[key] != asked[key]:
            shown = ", ".join(str(value) for value in found[key])
            rule = "what the newest change says" if keys == 1 else "how long it was true, or what was true then"
            raise Wrong(f"{name}, after {when}: {_name(key)} is ({shown}), which is not {rule}{life}")


def _name(key: Any) -> str:
    return str(key) if isinstance(key, str) else f"the version of {key[0]} from {key[1]} on"


def _life_of(key: Any, events: list[Event]) -> str:
    driver = key if isinstance(key, str) else key[0]
    return "\n".join(
        f"    {event.changed_at} {event.op} {event.city or ''} {event.vehicle or ''}".rstrip()
        for event in events
        if event.driver_id == driver
    )


def _parquet(batch: list[Event]) -> bytes:
    table = pa.table(
        {
            "driver_id": [event.driver_id for event in batch],
            "city": pa.array([event.city for event in batch], pa.string()),
            "vehicle": pa.array([event.vehicle for event in batch], pa.string()),
            "op": [event.op for event in batch],
            "changed_at": pa.array([event.changed_at for event in batch], pa.timestamp("ms")),
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def _batches(work: Work) -> list[list[Event]]:
    return feed(DRIVERS[work.size], seed=3)
