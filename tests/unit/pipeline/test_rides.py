"""The generator of ride events: seeded, and with exactly the share of bad ones that was asked for."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

from lakelab.pipeline.rides import generate

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))  # the folder lambdas is no installed package

from lambdas.rides_api.contract import Contract, Rejected  # noqa: E402


@pytest.fixture(scope="module")
def contract() -> Contract:
    document = yaml.safe_load((ROOT / "glue/tables/rides.yaml").read_text())
    return Contract.of(json.loads(json.dumps(document, default=str)))


def test_a_seed_gives_the_same_bytes_and_another_seed_others():
    def bodies(seed: int) -> list[bytes]:
        return [ride.body for ride in generate(200, seed=seed)]

    assert bodies(1) == bodies(1)
    assert bodies(1) != bodies(2)


def test_the_shares_are_exact():
    kinds = Counter(ride.kind for ride in generate(10_000, seed=1, malformed=0.01, poison=0.001))
    assert kinds == {"good": 9890, "malformed": 100, "poison": 10}


def test_good_and_poison_events_keep_the_contract_and_malformed_ones_break_it(contract: Contract):
    for ride in generate(2000, seed=2, malformed=0.05, poison=0.05):
        if ride.kind == "malformed":
            with pytest.raises((Rejected, ValueError)):
                contract.values(json.loads(ride.body))
            continue
        values = contract.values(json.loads(ride.body))
        assert (values["ended_at"] < values["requested_at"]) == (ride.kind == "poison")


def test_rides_have_ids_of_their_own_and_drivers_move():
    rides = [json.loads(ride.body) for ride in generate(3000, seed=3)]
    assert len({ride["ride_id"] for ride in rides}) == 3000
    assert {ride["requested_at"][:10] for ride in rides} == {"2025-01-01", "2025-01-02", "2025-01-03"}
    homes = defaultdict(set)
    for ride in rides:
        homes[ride["driver_id"]].add(ride["driver_city"])
    assert sum(len(cities) > 1 for cities in homes.values()) > 3
    busiest = Counter(ride["driver_id"] for ride in rides).most_common()
    assert busiest[0][1] > 10 * busiest[-1][1]
