"""Data contracts: what a file must have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.components.contract import TABLES, contracts, read_contract

GOOD: dict[str, Any] = {
    "name": "trips",
    "description": "Trips.",
    "grain": "one row per trip",
    "location": "curated/trips/",
    "format": "parquet",
    "columns": [{"name": "trip_id", "type": "string", "meaning": "Identifies the trip."}],
}


def write(folder: Path, document: dict[str, Any], name: str = "trips") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_contracts_of_this_project_can_be_read():
    names = [contract.name for contract in contracts()]
    assert {"orders", "orders_ingests", "orders_quarantine"} <= set(names)
    assert names == sorted(path.stem for path in TABLES.glob("*.yaml"))


def test_a_contract_goes_through_json_whole(tmp_path: Path):
    contract = read_contract(write(tmp_path, GOOD))
    assert json.loads(contract.as_json()) == GOOD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"grain": None}, "trips.yaml: trips: missing grain", id="a missing key"),
        pytest.param({"owner": "me"}, "trips.yaml: trips: unknown owner", id="an unknown key"),
        pytest.param({"name": "rides"}, "trips.yaml: the name is 'rides', the file's is 'trips'", id="another name"),
        pytest.param({"format": "xls"}, "trips.yaml: the format 'xls' is none of parquet, json", id="unknown format"),
        pytest.param(
            {"columns": [{"name": "a", "type": "string"}]},
            "trips.yaml: a: missing meaning",
            id="a column without meaning",
        ),
        pytest.param(
            {"columns": [{"name": "a", "type": "string", "meaning": "x", "minimun": 0}]},
            "trips.yaml: a: unknown minimun",
            id="a misspelt constraint",
        ),
    ],
)
def test_a_contract_with_a_mistake_is_refused(tmp_path: Path, change: dict[str, Any], message: str):
    document = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=f"^{message}$"):
        read_contract(write(tmp_path, document))
