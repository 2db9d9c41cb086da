"""What lab 2 asks for: three tables of the right grain, with keys, on which five questions have one answer."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from lakelab.pipeline import rides as feed
from lakelab.practice import Work, Wrong

RIDES = {"small": 4_000, "full": 100_000}
UNSEEN_RIDES, UNSEEN_SEED = 2_000, 99
DAYS = 75
COLUMNS = {
    "dim_driver": ("driver_key", "driver_id", "city", "vehicle"),
    "dim_location": ("location_key", "city", "currency"),
    "fact_rides": (
        "ride_id",
        "driver_key",
        "pickup_location_key",
        "dropoff_location_key",
        "requested_at",
        "duration_seconds",
        "distance_meters",
        "fare_cents",
        "status",
    ),
}
KEYS = {"dim_driver": "driver_key", "dim_location": "location_key", "fact_rides": "ride_id"}
ROLES = ("driver_key", "pickup_location_key", "dropoff_location_key")


def prepare(work: Work) -> None:
    """Write the feed that the learner sees."""
    file = work.data / "rides.ndjson"
    if not file.exists():
        partial = file.with_suffix(".tmp")
        _write(partial, RIDES[work.size], seed=2)
        partial.replace(file)


def check_schema(work: Work) -> str:
    """schema.sql makes three tables with their columns and keys."""
    connection = duckdb.connect()
    with work.running("schema.sql"):
        connection.execute(work.read("schema.sql"))
    for table, columns in COLUMNS.items():
        found = connection.execute(
            "select column_name, is_nullable from information_schema.columns where table_name = ?", [table]
        ).fetchall()
        if not found:
            raise Wrong(f"schema.sql makes no table {table}", stop=True)
        missing = [name for name in columns if name not in dict(found)]
        if missing:
            raise Wrong(f"{table} has no column {', '.join(missing)}", stop=True)
        nullable = [name for name, can in found if can == "YES"]
        if nullable:
            raise Wrong(f"{table}: {', '.join(nullable)} may be NULL")
        if _constraints(connection, table, "PRIMARY KEY") != {KEYS[table]}:
            raise Wrong(f"{table}: {KEYS[table]} is not its primary key")
    for role in ROLES:
        if role not in _constraints(connection, "fact_rides", "FOREIGN KEY"):
            raise Wrong(f"fact_rides: {role} is no foreign key")
    return "primary keys, foreign keys, no NULL"


def check_driver_grain(work: Work) -> str:
    """dim_driver has one row a driver, as he was at his latest ride."""
    connection, truth = _loaded(work), _truth(work)
    repeated = connection.execute(
        "select driver_id, count(*) from dim_driver group by driver_id having count(*) > 1 order by driver_id limit 1"
    ).fetchone()
    if repeated:
        raise Wrong(f"driver {repeated[0]} has {repeated[1]} rows in dim_driver", stop=True)
    found = {
        row[0]: row[1:] for row in connection.execute("select driver_id, city, vehicle from dim_driver").fetchall()
    }
    if found.keys() != truth.drivers.keys():
        raise Wrong(f"dim_driver has {len(found):,} drivers; the feed has {len(truth.drivers):,}")
    old = [driver for driver, about in truth.drivers.items() if found[driver] != about]
    if old:
        raise Wrong(f"dim_driver: {len(old):,} drivers are not as they were at their latest ride, {old[0]} among them")
    return f"{len(found):,} drivers"


def check_location_grain(work: Work) -> str:
    """dim_location has one row a city, and one for no city."""
    rows = _loaded(work).execute("select city, currency from dim_location").fetchall()
    for city, number in Counter(city for city, _ in rows).items():
        if number > 1:
            raise Wrong(f"{city} has {number} rows in dim_location")
    found, truth = dict(rows), _truth(work).currencies
    if "unknown" not in found:
        raise Wrong("dim_location has no row named 'unknown', so a ride that ended nowhere has nothing to point to")
    if found.keys() - {"unknown"} != truth.keys():
        raise Wrong(f"dim_location has {len(found) - 1} cities; the feed has {len(truth)}")
    for city, currency in truth.items():
        if found[city] != currency:
            raise Wrong(f"dim_location: the currency of {city} is not {found[city]!r}")
    return f"{len(truth)} cities"


def check_ride_grain(work: Work) -> str:
    """fact_rides has one row a ride, every ride."""
    connection, truth = _loaded(work), _truth(work)
    found = {row[0] for row in connection.execute("select ride_id from fact_rides").fetchall()}
    missing = sorted(truth.rides.keys() - found)
    if missing:
        status = truth.rides[missing[0]]["status"]
        raise Wrong(
            f"{len(missing):,} rides of the feed are not in fact_rides, {missing[0]} ({status}) among them", stop=True
        )
    work.measure("lines that the feed repeats", truth.lines - len(truth.rides), "lines")
    work.measure("a line of the feed", (work.data / "rides.ndjson").stat().st_size / truth.lines, "bytes")
    work.measure("a row of the fact table, as Parquet", _parquet_bytes(work, connection) / len(found), "bytes")
    return f"{len(found):,} rides"


def check_measures(work: Work) -> str:
    """The measures add up to those of the feed, and each ride has its roles."""
    connection, truth = _loaded(work), _truth(work)
    for name in ("fare_cents", "distance_meters", "duration_seconds"):
        ((found,),) = connection.execute(f"select sum({name}) from fact_rides").fetchall()
        if found != sum(ride[name] for ride in truth.rides.values()):
            raise Wrong(f"fact_rides: the sum of {name} is {found:,}, which is not that of the feed's rides")
    rows = connection.execute("""
        select ride_id, driver_id, pickup.city, dropoff.city
        from fact_rides
        join dim_driver using (driver_key)
        join dim_location as pickup on pickup.location_key = pickup_location_key
        join dim_location as dropoff on dropoff.location_key = dropoff_location_key
    """).fetchall()
    for ride_id, driver, pickup, dropoff in rows:
        ride = truth.rides[ride_id]
        if (driver, pickup, dropoff) != (ride["driver_id"], ride["pickup_city"], ride["dropoff_city"] or "unknown"):
            raise Wrong(f"ride {ride_id} points to {driver}, {pickup} and {dropoff}, which is not what its event says")
    return "cents, metres, seconds"


def check_questions(work: Work) -> str:
    """The five questions have one answer."""
    wrong = []
    for name, answer in ANSWERS.items():
        try:
            _ask(work, name, _loaded(work), answer(_truth(work)), "")
            _ask(work, name, _unseen(work), answer(_unseen_truth(work)), " on another week's feed")
        except Wrong as error:
            wrong.append(error.message)
    if wrong:
        raise Wrong("\n".join(wrong))
    return "on this feed and on one that you have not seen"


class Truth:
    """What a feed holds, read by plain Python."""

    def __init__(self, file: Path):
        lines = file.read_text(encoding="utf-8").splitlines()
        self.lines = len(lines)
        self.rides: dict[str, dict[str, Any]] = {}
        for line in lines:
            ride = json.loads(line)
            began, ended = (datetime.fromisoformat(ride[name]) for name in ("requested_at", "ended_at"))
            self.rides[ride["ride_id"]] = ride | {
                "month": date(began.year, began.month, 1),
                "duration_seconds": int((ended - began).total_seconds()),
            }
        in_order = sorted(self.rides.values(), key=lambda ride: ride["requested_at"])
        self.drivers = {ride["driver_id"]: (ride["driver_city"], ride["vehicle"]) for ride in in_order}
        self.currencies = {ride["pickup_city"]: ride["currency"] for ride in in_order}
        self.completed = [ride for ride in in_order if ride["status"] == "completed"]


def _revenue(truth: Truth) -> list[tuple[Any, ...]]:
    cents: defaultdict[tuple[date, str], int] = defaultdict(int)
    for ride in truth.completed:
        cents[ride["month"], ride["currency"]] += ride["fare_cents"]
    return [(*key, value) for key, value in sorted(cents.items())]


def _busiest(truth: Truth) -> list[tuple[Any, ...]]:
    rides = Counter(ride["driver_id"] for ride in truth.completed)
    return sorted(rides.items(), key=lambda pair: (-pair[1], pair[0]))[:5]


def _dropoffs(truth: Truth) -> list[tuple[Any, ...]]:
    return sorted(Counter(ride["dropoff_city"] or "unknown" for ride in truth.rides.values()).items())


def _cancellation_rate(truth: Truth) -> list[tuple[Any, ...]]:
    rides = Counter(ride["pickup_city"] for ride in truth.rides.values())
    cancelled = Counter(ride["pickup_city"] for ride in truth.rides.values() if ride["status"] == "cancelled")
    return [(city, cancelled[city] / rides[city]) for city in sorted(rides)]


def _fare_by_vehicle(truth: Truth) -> list[tuple[Any, ...]]:
    fares: defaultdict[str, list[int]] = defaultdict(list)
    for ride in truth.completed:
        fares[truth.drivers[ride["driver_id"]][1]].append(ride["fare_cents"])
    return [(vehicle, sum(cents) / len(cents)) for vehicle, cents in sorted(fares.items())]


ANSWERS: dict[str, Callable[[Truth], list[tuple[Any, ...]]]] = {
    "questions/1_revenue.sql": _revenue,
    "questions/2_busiest_drivers.sql": _busiest,
    "questions/3_dropoffs.sql": _dropoffs,
    "questions/4_cancellation_rate.sql": _cancellation_rate,
    "questions/5_fare_by_vehicle.sql": _fare_by_vehicle,
}


def _ask(
    work: Work, name: str, connection: duckdb.DuckDBPyConnection, right: list[tuple[Any, ...]], where: str
) -> None:
    sql = work.read(name)
    if "raw_rides" in sql:
        raise Wrong(f"{name} reads raw_rides; the question is for the three tables")
    with work.running(name):
        result = connection.execute(sql)
        rows = result.fetchall() if result.description else []
    if not rows:
        raise Wrong(f"{name} gives no rows{where}")
    if len(rows[0]) != len(right[0]):
        raise Wrong(f"{name} gives {len(rows[0])} columns; asked are {len(right[0])}")
    if len(rows) != len(right):
        raise Wrong(f"{name} gives {len(rows)} rows{where}, which is not how many there are")
    for number, (found, asked) in enumerate(zip(rows, right, strict=True), 1):
        if not all(_equal(one, other) for one, other in zip(found, asked, strict=True)):
            shown = ", ".join(str(value) for value in found)
            raise Wrong(f"{name}: row {number}{where} is not right (yours: {shown})")


def _equal(found: Any, asked: Any) -> bool:
    if isinstance(asked, float):
        # a rounded figure: half a unit of the last place that is asked for
        return found is not None and abs(float(found) - asked) <= (0.00005 if asked < 1 else 0.005) + 1e-9
    if isinstance(found, datetime):
        found = found.date()
    return found == asked


@cache
def _truth_of(file: Path) -> Truth:
    return Truth(file)


def _truth(work: Work) -> Truth:
    return _truth_of(work.data / "rides.ndjson")


def _unseen_file(work: Work) -> Path:
    file = work.data / "unseen" / "rides.ndjson"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        _write(file, UNSEEN_RIDES, seed=UNSEEN_SEED)
    return file


def _unseen_truth(work: Work) -> Truth:
    return _truth_of(_unseen_file(work))


_connections: dict[Path, duckdb.DuckDBPyConnection | Wrong] = {}


def _loaded(work: Work) -> duckdb.DuckDBPyConnection:
    return _load(work, work.data / "rides.ndjson")


def _unseen(work: Work) -> duckdb.DuckDBPyConnection:
    return _load(work, _unseen_file(work))


def _load(work: Work, file: Path) -> duckdb.DuckDBPyConnection:
    """A database in which schema.sql and load.sql have run once."""
    if file not in _connections:
        _connections[file] = _fill(work, file)
    found = _connections[file]
    if isinstance(found, Wrong):
        raise found
    return found


def _fill(work: Work, file: Path) -> duckdb.DuckDBPyConnection | Wrong:
    connection = duckdb.connect()
    connection.execute(f"create view raw_rides as from read_ndjson('{file}')")
    try:
        with work.running("schema.sql"):
            connection.execute(work.read("schema.sql"))
        with work.running("load.sql"):
            connection.execute(work.read("load.sql"))
    except Wrong as wrong:
        if isinstance(wrong.__cause__, duckdb.ConstraintException):
            return Wrong(f"{wrong.message}{_fan_out(connection)}", stop=True)
        return Wrong(wrong.message, stop=True)
    for table in COLUMNS:
        if connection.execute(f"select count(*) from {table}").fetchall() == [(0,)]:
            return Wrong(f"load.sql leaves {table} empty", stop=True)
    return connection


def _fan_out(connection: duckdb.DuckDBPyConnection) -> str:
    """Why a load may have broken a constraint, from the dimensions that it has filled so far."""
    for table, natural in (("dim_driver", "driver_id"), ("dim_location", "city")):
        found = connection.execute(
            f"select {natural}, count(*) from {table} group by all having count(*) > 1 order by all limit 1"
        ).fetchone()
        if found:
            return f"\n{natural} {found[0]} has {found[1]} rows in {table}: a join to it counts a ride that often"
    return "\nIs an event in the feed twice, or does a join find two rows or none?"


def _constraints(connection: duckdb.DuckDBPyConnection, table: str, kind: str) -> set[str]:
    return {
        name
        for (names,) in connection.execute(
            "select constraint_column_names from duckdb_constraints() where table_name = ? and constraint_type = ?",
            [table, kind],
        ).fetchall()
        for name in names
    }


def _parquet_bytes(work: Work, connection: duckdb.DuckDBPyConnection) -> int:
    file = work.data / "fact_rides.parquet"
    connection.execute(f"copy fact_rides to '{file}'")
    return file.stat().st_size


def _write(file: Path, rides: int, *, seed: int) -> None:
    """A feed in which one event of fifty was delivered twice."""
    chance = random.Random(seed)  # noqa: S311
    lines = [ride.body for ride in feed.generate(rides, seed=seed, days=DAYS)]
    for line in chance.sample(lines, rides // 50):
        lines.insert(chance.randrange(len(lines)), line)
    file.write_bytes(b"\n".join(lines) + b"\n")
