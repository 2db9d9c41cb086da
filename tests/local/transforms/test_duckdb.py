"""The same models on dbt-athena and on dbt-duckdb give the same rows: every model, compared value by value."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyathena
import pytest

from lakelab.cloud.environment import client, environment
from lakelab.pipeline import rides
from lakelab.pipeline.deployment import Stacks

PROJECT = Path(__file__).resolve().parents[3] / "transforms"
MODELS = {path.stem for path in (PROJECT / "models").rglob("*.sql")} | {
    path.stem for path in (PROJECT / "seeds").glob("*.csv")
}
RIDES = 300


def put_rides(lab: Any, bucket: str, database: str) -> None:
    """A few days of rides, some delivered twice, with times between the milliseconds."""
    events = [json.loads(ride.body) for ride in rides.generate(RIDES, seed=5)]
    for number, event in enumerate(events):
        event |= {"shard_id": "shardId-0", "sequence_number": f"{number:05}"}
        for name, micros in (("requested_at", 900_123), ("ended_at", 100_456)):
            event[name] = datetime.fromisoformat(event[name]).replace(tzinfo=None) + timedelta(microseconds=micros)
    days: dict[date, list[dict[str, Any]]] = {}
    for event in [*events, *({**event, "sequence_number": "9"} for event in events[::7])]:
        days.setdefault(event["requested_at"].date(), []).append(event)
    glue = client(lab.config, "glue")
    storage = glue.get_table(DatabaseName=database, Name="rides")["Table"]["StorageDescriptor"]
    for day, rows in days.items():
        sink, location = io.BytesIO(), f"curated/rides/ride_date={day}/"
        pq.write_table(pa.Table.from_pylist(rows), sink)
        client(lab.config, "s3").put_object(Bucket=bucket, Key=f"{location}by-hand.parquet", Body=sink.getvalue())
        described = storage | {"Location": f"s3://{bucket}/{location}"}
        glue.create_partition(
            DatabaseName=database,
            TableName="rides",
            PartitionInput={"Values": [str(day)], "StorageDescriptor": described},
        )


def build(variables: dict[str, str], target: str, folder: Path) -> None:
    command = [str(Path(sys.executable).parent / "dbt"), "build", "--project-dir", str(PROJECT)]
    command += ["--profiles-dir", str(PROJECT), "--target", target, "--target-path", str(folder)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DBT_"))}
    done = subprocess.run(
        [*command, "--log-path", str(folder), "--no-use-colors"],
        env=kept | variables,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def in_order(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: tuple(str(value) for value in row))


@pytest.fixture(scope="module")
def engines(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Cursors on the analytics schema as dbt-athena has built it, and as dbt-duckdb has, from the same lake."""
    stacks = Stacks(lab.config, "local")
    bucket = stacks.output("lake", "curated_bucket")
    schema = stacks.output("catalog", "analytics_database")
    put_rides(lab, bucket, stacks.output("catalog", "database"))
    folder = tmp_path_factory.mktemp("dbt")
    variables = environment(lab.config) | {
        "DBT_SCHEMA": schema,
        "DBT_SOURCE_SCHEMA": stacks.output("catalog", "database"),
        "DBT_LAKE": f"s3://{bucket}",
        "DBT_DUCKDB": str(folder / "lake.duckdb"),
    }
    build(variables, "local", folder / "athena")
    build(variables, "duckdb", folder / "duckdb")
    athena = pyathena.connect(
        schema_name=schema,
        work_group=stacks.output("query", "workgroup"),
        region_name=lab.config.region,
        endpoint_url=lab.config.endpoint,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        poll_interval=0.05,
    )
    duck = duckdb.connect(str(folder / "lake.duckdb"), read_only=True)
    duck.execute(f"use {schema}")
    # staging views read the lake: the connection needs what the profile's plugin gives
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PROJECT / "plugins")
        for name, value in environment(lab.config).items():
            patch.setenv(name, value)
        importlib.import_module("lake_s3").Plugin("lake_s3", {"root": variables["DBT_LAKE"]}).configure_connection(duck)
    return athena.cursor(), duck


@pytest.mark.parametrize("model", [pytest.param(name, id=name) for name in sorted(MODELS)])
def test_a_model_has_the_same_rows_on_athena_and_on_duckdb(engines: tuple[Any, Any], model: str):
    athena, duck = engines
    athena.execute(f"select * from {model}")
    duck.execute(f"select * from {model}")
    assert [column[0] for column in duck.description] == [column[0] for column in athena.description]
    rows = duck.fetchall()
    assert rows, f"{model} is empty, and two empty tables are always equal"
    assert in_order(rows) == in_order(athena.fetchall())
