"""The dbt project: it parses, says what everything is, and agrees with the data contracts."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PROJECT = ROOT / "transforms"


def dbt(
    command: str, target: str, folder: Path, variables: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DBT_"))}
    program = [str(Path(sys.executable).parent / "dbt"), command, "--project-dir", str(PROJECT)]
    program += ["--profiles-dir", str(PROJECT), "--target", target, *arguments]
    return subprocess.run(
        [*program, "--target-path", str(folder), "--log-path", str(folder)],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("dbt")
    done = dbt("parse", "local", folder, {})
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout.upper(), done.stdout
    return json.loads((folder / "manifest.json").read_text())


def of_type(manifest: dict[str, Any], *types: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] in types]


def test_every_model_seed_and_column_says_what_it_is(manifest: dict[str, Any]):
    nodes = of_type(manifest, "model", "seed")
    assert {node["name"] for node in nodes} == {
        "stg_orders",
        "clean_orders",
        "monthly_revenue",
        "stg_rides",
        "dim_driver",
        "dim_location",
        "fct_rides",
        "currencies",
        "order_statuses",
    }
    for node in nodes:
        assert "One row per" in node["description"], node["name"]
        assert all(column["description"] for column in node["columns"].values()), node["name"]


@pytest.mark.parametrize(
    ("model", "materialized"),
    [
        pytest.param("stg_orders", "view", id="staging is a view"),
        pytest.param("clean_orders", "table", id="clean_orders is a table"),
        pytest.param("monthly_revenue", "table", id="monthly_revenue is a table"),
        pytest.param("fct_rides", "table", id="fct_rides is a table"),
    ],
)
def test_a_model_is_materialised(manifest: dict[str, Any], model: str, materialized: str):
    [node] = [node for node in of_type(manifest, "model") if node["name"] == model]
    assert node["config"]["materialized"] == materialized


@pytest.mark.parametrize(
    ("model", "column", "test"),
    [
        pytest.param("clean_orders", "order_id", "unique", id="unique"),
        pytest.param("clean_orders", "order_id", "not_null", id="not_null"),
        pytest.param("clean_orders", "status", "relationships", id="relationships"),
        pytest.param("clean_orders", "currency", "accepted_values", id="accepted_values"),
        pytest.param("clean_orders", "order_total", "never_negative", id="order_total is never negative"),
        pytest.param("monthly_revenue", "revenue", "never_negative", id="revenue is never negative"),
        pytest.param("fct_rides", "ride_id", "unique", id="a ride once"),
        pytest.param("fct_rides", "driver_key", "relationships", id="a ride has a driver"),
        pytest.param("dim_driver", "driver_key", "unique", id="a version of a driver once"),
    ],
)
def test_a_column_is_tested(manifest: dict[str, Any], model: str, column: str, test: str):
    tests = {
        (node["attached_node"].rpartition(".")[2], node["column_name"], node["test_metadata"]["name"])
        for node in of_type(manifest, "test")
        if node.get("test_metadata")
    }
    assert (model, column, test) in tests


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("orders", id="orders"),
        pytest.param("orders_ingests", id="orders_ingests"),
        pytest.param("rides", id="rides"),
    ],
)
def test_a_source_has_exactly_the_columns_of_its_contract(manifest: dict[str, Any], table: str):
    contract = yaml.safe_load((ROOT / f"glue/tables/{table}.yaml").read_text())
    columns = [*contract["columns"], *contract.get("partition_keys", [])]
    source = manifest["sources"][f"source.lakelab.lake.{table}"]
    assert {name: column["data_type"] for name, column in source["columns"].items()} == {
        column["name"]: column["type"] for column in columns
    }
    assert source["schema"] == "lakelab_local"
    assert source["config"]["meta"] == {"location": contract["location"], "format": contract["format"]}


def test_nothing_stands_on_the_rides_but_what_is_tagged_so(manifest: dict[str, Any], tmp_path: Path):
    """`make up-local` excludes the tag rides when the layer stream is not deployed."""
    source = "source.lakelab.lake.rides"
    depend, size = {source}, 0
    while len(depend) > size:
        size = len(depend)
        depend |= {
            name for name, node in manifest["nodes"].items() if depend & set(node["depends_on"].get("nodes", ()))
        }
    done = dbt("ls", "local", tmp_path, {}, "--exclude", "tag:rides", "--output", "json", "--output-keys", "unique_id")
    left = {json.loads(line)["unique_id"] for line in done.stdout.splitlines() if line.startswith("{")}
    assert "model.lakelab.clean_orders" in left
    assert left & depend == {source}


@pytest.mark.parametrize(
    ("seed", "column"),
    [pytest.param("currencies", "currency", id="currencies"), pytest.param("order_statuses", "status", id="statuses")],
)
def test_a_seed_has_exactly_the_values_that_the_contract_allows(seed: str, column: str):
    contract = yaml.safe_load((ROOT / "glue/tables/orders.yaml").read_text())
    [allowed] = [found["values"] for found in contract["columns"] if found["name"] == column]
    with (PROJECT / f"seeds/{seed}.csv").open(newline="") as file:
        assert {row[column] for row in csv.DictReader(file)} == set(allowed)


def test_a_target_other_than_local_must_be_told_where_to_write(tmp_path: Path):
    done = dbt("parse", "sandbox", tmp_path, {})
    assert done.returncode != 0
    assert "Env var required but not provided: 'DBT_SCHEMA'" in done.stdout


def test_the_target_duckdb_has_the_same_nodes(manifest: dict[str, Any], tmp_path: Path):
    done = dbt("parse", "duckdb", tmp_path, {})
    assert done.returncode == 0, done.stdout
    found = json.loads((tmp_path / "manifest.json").read_text())
    assert found["nodes"].keys() == manifest["nodes"].keys()
    assert found["metadata"]["adapter_type"] == "duckdb"
