"""The transforms on bad data: a row that breaks a rule turns the build red."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config

from lakelab.cloud.environment import environment

PROJECT = Path(__file__).resolve().parents[3] / "transforms"


def client(lab: Any, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=lab.config.endpoint,
        region_name=lab.config.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}),
    )


def put_orders(lab: Any, day: str, rows: list[dict[str, Any]]) -> None:
    """Write rows past orders_ingest, which would not let them in."""
    bucket = f"lakelab-local-curated-{lab.config.account}"
    location = f"curated/orders/order_date={day}/"
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    client(lab, "s3").put_object(Bucket=bucket, Key=location + "by-hand.parquet", Body=sink.getvalue())
    glue = client(lab, "glue")
    storage = glue.get_table(DatabaseName="lakelab_local", Name="orders")["Table"]["StorageDescriptor"]
    glue.create_partition(
        DatabaseName="lakelab_local",
        TableName="orders",
        PartitionInput={"Values": [day], "StorageDescriptor": storage | {"Location": f"s3://{bucket}/{location}"}},
    )


@pytest.fixture(scope="module")
def results(new_lab: Callable[[], Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int | None]]:
    """(status, failures) of each node of a build over orders of which two are wrong."""
    lab = new_lab()
    lab.run("up", "query")
    order = {
        "customer_id": "c-1",
        "currency": "EUR",
        "status": "completed",
        "city": "Köln",
        "source_key": "by hand",
        "source_line": 2,
    }
    put_orders(
        lab,
        "2025-01-01",
        [
            order | {"order_id": "o-1", "order_total_cents": 100},
            order | {"order_id": "o-2", "order_total_cents": -1},
            order | {"order_id": "o-3", "order_total_cents": 5, "status": "lost"},
        ],
    )
    folder = tmp_path_factory.mktemp("dbt")
    command = [str(Path(sys.executable).parent / "dbt"), "build", "--project-dir", str(PROJECT)]
    command += ["--profiles-dir", str(PROJECT), "--target-path", str(folder), "--log-path", str(folder)]
    done = subprocess.run(
        command, env=lab.environment | environment(lab.config), capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 1, done.stdout
    found = json.loads((folder / "run_results.json").read_text())["results"]
    return {result["unique_id"].split(".")[2]: (result["status"], result["failures"]) for result in found}


@pytest.mark.parametrize(
    "test",
    [
        pytest.param("never_negative_clean_orders_order_total", id="a negative total"),
        pytest.param("relationships_clean_orders_status__status__ref_order_statuses_", id="a status that nobody knows"),
        pytest.param("not_null_clean_orders_is_revenue", id="revenue or not: nobody knows"),
        pytest.param("every_ingested_row_is_accounted_for", id="rows that no file accounts for"),
    ],
)
def test_a_wrong_row_fails_its_test(results: dict[str, tuple[str, int | None]], test: str):
    assert results[test] == ("fail", 1)


@pytest.mark.parametrize(
    "test",
    [
        pytest.param("unique_clean_orders_order_id", id="every order once"),
        pytest.param("accepted_values_clean_orders_currency__EUR__GBP__USD", id="known currencies"),
        pytest.param("not_null_clean_orders_order_id", id="every order has an id"),
    ],
)
def test_what_is_right_passes(results: dict[str, tuple[str, int | None]], test: str):
    assert results[test] == ("pass", 0)


def test_the_unit_tests_pass_and_nothing_is_built_on_wrong_orders(results: dict[str, tuple[str, int | None]]):
    assert results["stg_orders"][0] == results["clean_orders"][0] == "success"
    assert results["monthly_revenue"][0] == "skipped"
