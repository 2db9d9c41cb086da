"""The generator of ride events, seeded: drivers who move, and a share of events that a consumer must refuse."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, Literal

FIRST_MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
CITIES = {"EUR": ("Berlin", "Köln", "Málaga", "Wien"), "GBP": ("London", "Leeds"), "USD": ("New York", "Boston")}
CURRENCY = {city: currency for currency, cities in CITIES.items() for city in cities}
EVERY_CITY = tuple(CURRENCY)
VEHICLES = ("economy", "comfort", "van")
VEHICLE_WEIGHTS = (80, 15, 5)
MOVES = 0.02  # the chance that a driver has moved before a ride
NEW_CARS = 0.01

Kind = Literal["good", "malformed", "poison"]


@dataclass(frozen=True)
class Ride:
    """One event: the body to POST, and what has to become of it.

    `malformed` breaks the contract, and the API refuses it; `poison` keeps the contract field by field, and only its
    consumer can see that it makes no sense.
    """

    id: str
    kind: Kind
    body: bytes


def generate(count: int, *, seed: int, days: int = 3, malformed: float = 0.0, poison: float = 0.0) -> Iterator[Ride]:
    """`count` events in the order of their time, spread over `days` from 2025-01-01 on.

    Drivers are Zipf-shaped: the n-th drives in proportion to 1/n. Now and then one moves to another city or drives
    another class of car from then on, so that a dimension of drivers has a history. Equal seeds give equal bytes, and
    rides of different seeds have different ids.

    Args:
        malformed: the share of events that break the contract, from 0 to 1; exactly `round(count * malformed)`.
        poison: the share of events that end before they begin, likewise.
    """
    chance = random.Random(seed)  # noqa: S311  # data, not secrets
    drivers = _drivers(chance, count)
    weights = list(accumulate(1 / rank for rank in range(1, len(drivers) + 1)))
    kinds: dict[int, Kind] = {}
    bad = chance.sample(range(count), min(count, round(count * malformed) + round(count * poison)))
    for place, number in enumerate(bad):
        kinds[number] = "malformed" if place < round(count * malformed) else "poison"
    step = timedelta(days=days) / max(count, 1)
    for number in range(count):
        driver = chance.choices(drivers, cum_weights=weights)[0]
        _live(chance, driver)
        event = _event(chance, f"r-{seed}-{number + 1:07}", driver, FIRST_MOMENT + step * number)
        kind = kinds.get(number, "good")
        if kind == "poison":
            event["requested_at"], event["ended_at"] = event["ended_at"], event["requested_at"]
        body = json.dumps(event, ensure_ascii=False).encode()
        yield Ride(event["ride_id"], kind, _broken(chance, event, body) if kind == "malformed" else body)


def _drivers(chance: random.Random, count: int) -> list[dict[str, str]]:
    return [
        {
            "id": f"d-{number:05}",
            "city": chance.choice(EVERY_CITY),
            "vehicle": chance.choices(VEHICLES, weights=VEHICLE_WEIGHTS)[0],
        }
        for number in range(1, max(10, count // 50) + 1)
    ]


def _live(chance: random.Random, driver: dict[str, str]) -> None:
    if chance.random() < MOVES:
        driver["city"] = chance.choice(EVERY_CITY)
    if chance.random() < NEW_CARS:
        driver["vehicle"] = chance.choices(VEHICLES, weights=VEHICLE_WEIGHTS)[0]


def _event(chance: random.Random, ride_id: str, driver: dict[str, str], moment: datetime) -> dict[str, Any]:
    completed = chance.random() < 0.93
    distance = int(chance.lognormvariate(8.5, 0.7)) if completed else 0
    city = driver["city"]
    ended = moment + timedelta(seconds=60 + distance // 8)
    return {
        "ride_id": ride_id,
        "rider_id": f"c-{chance.randrange(1, 5000):05}",
        "driver_id": driver["id"],
        "driver_city": city,
        "vehicle": driver["vehicle"],
        "pickup_city": city,
        "dropoff_city": city if completed else None,
        "status": "completed" if completed else "cancelled",
        "distance_meters": distance,
        "fare_cents": 250 + distance * 18 // 100 if completed else 0,
        "currency": CURRENCY[city],
        "requested_at": _text(moment),
        "ended_at": _text(ended),
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _broken(chance: random.Random, event: dict[str, Any], body: bytes) -> bytes:
    """The event in one of the ways in which careless producers break it."""
    changes: tuple[dict[str, Any], ...] = (
        {"fare_cents": -1},
        {"fare_cents": f"{event['fare_cents']} cents"},
        {"currency": "XYZ"},
        {"requested_at": "yesterday"},
        {"driver_id": None},
        {"surplus": True},
    )
    way = chance.randrange(len(changes) + 1)
    if way == len(changes):
        return body[: len(body) // 2]
    return json.dumps({**event, **changes[way]}, ensure_ascii=False).encode()
