"""The roles as they are deployed: each does its work, and AWS's own answer meets it everywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lakelab.cloud.environment import role_credentials

RAW, CURATED, RESULTS = (f"lakelab-local-{zone}-000000000000" for zone in ("raw", "curated", "results"))
DENIED = {"AccessDenied", "AccessDeniedException"}


class Actor:
    """Clients of the lab with a role's temporary credentials."""

    def __init__(self, lab: Any, role: str | None):
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": None}
        self._keys = keys | (role_credentials(lab.config, f"lakelab-local-{role}") if role else {})
        self._lab = lab

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._lab.config.endpoint,
            region_name=self._lab.config.region,
            aws_access_key_id=self._keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self._keys["AWS_SESSION_TOKEN"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def query(self, sql: str, workgroup: str) -> tuple[str, str]:
        """The final state of a query and why it ended so."""
        athena = self.client("athena")
        context = {"Database": "lakelab_local"}
        started = athena.start_query_execution(QueryString=sql, QueryExecutionContext=context, WorkGroup=workgroup)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            status = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"][
                "Status"
            ]
            if status["State"] not in ("QUEUED", "RUNNING"):
                return status["State"], status.get("StateChangeReason", "")
            time.sleep(0.05)
        raise AssertionError(f"{sql} did not end")


@pytest.fixture(scope="module")
def lab(new_lab: Callable[[], Any]) -> Any:
    lab = new_lab()
    lab.run("up", "query")
    root = Actor(lab, None).client("s3")
    root.put_object(Bucket=RAW, Key="raw/orders/a.txt", Body=b"raw")
    root.put_object(Bucket=CURATED, Key="curated/orders/readme", Body=b"curated")
    return lab


def put(bucket: str, key: str) -> Callable[[Actor], object]:
    return lambda actor: actor.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")


def get(bucket: str, key: str) -> Callable[[Actor], object]:
    return lambda actor: actor.client("s3").get_object(Bucket=bucket, Key=key)


def run_in(workgroup: str) -> Callable[[Actor], object]:
    return lambda actor: actor.query("select 1", f"lakelab-local-{workgroup}")


def drop_orders(actor: Actor) -> object:
    return actor.client("glue").delete_table(DatabaseName="lakelab_local", Name="orders")


@pytest.mark.parametrize(
    ("role", "act"),
    [
        pytest.param("analyst", get(RAW, "raw/orders/a.txt"), id="analyst: read raw files"),
        pytest.param("analyst", put(CURATED, "curated/orders/x"), id="analyst: write curated data"),
        pytest.param("analyst", put(RESULTS, "transform/x"), id="analyst: write the transforms' results"),
        pytest.param("analyst", drop_orders, id="analyst: drop a table"),
        pytest.param("analyst", run_in("transform"), id="analyst: use the transforms' workgroup"),
        pytest.param("transform", get(RAW, "raw/orders/a.txt"), id="transform: read raw files"),
        pytest.param("transform", put(CURATED, "curated/orders/x"), id="transform: write what ingest writes"),
        pytest.param("transform", drop_orders, id="transform: drop a table of the lake"),
        pytest.param("transform", run_in("analyst"), id="transform: use the analysts' workgroup"),
    ],
)
def test_a_role_is_denied_what_is_not_its_work(lab: Any, role: str, act: Callable[[Actor], object]):
    with pytest.raises(ClientError, match="is not authorized to perform") as denied:
        act(Actor(lab, role))
    assert denied.value.response.get("Error", {}).get("Code") in DENIED


@pytest.mark.parametrize(
    ("role", "act"),
    [
        pytest.param("analyst", get(CURATED, "curated/orders/readme"), id="analyst: read curated data"),
        pytest.param("analyst", put(RESULTS, "analyst/x"), id="analyst: write results"),
        pytest.param("transform", put(CURATED, "analytics/x"), id="transform: write analytics data"),
    ],
)
def test_a_role_may_do_its_work(lab: Any, role: str, act: Callable[[Actor], Any]):
    answer: Any = act(Actor(lab, role))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_analyst_queries_the_lake(lab: Any):
    assert Actor(lab, "analyst").query("select count(*) from orders", "lakelab-local-analyst") == ("SUCCEEDED", "")


@pytest.mark.parametrize("role", [pytest.param("analyst", id="analyst"), pytest.param("transform", id="transform")])
def test_no_query_changes_the_lakes_own_tables(lab: Any, role: str):
    sql = "insert into orders values ('o-1', 'c-1', 100, 'EUR', 'placed', 'Köln', 'by hand', 1, date '2025-01-01')"
    state, reason = Actor(lab, role).query(sql, f"lakelab-local-{role}")
    assert state == "FAILED"
    assert "is not authorized to perform" in reason
