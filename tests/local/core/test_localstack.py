"""LocalStack itself, without Docker: every stack deploys to it, orders and rides flow through it, nothing is left."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lakelab.cloud.server import Server
from lakelab.processes import free_port
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
FEED = ("--days", "4", "--rows", "800", "--seed", "7")
RIDES = 60
DEADLINE = 30.0


@pytest.fixture(scope="module")
def lab(new_lab: Callable[[str], Any]) -> Any:
    """A lab on LocalStack through which orders and rides have flowed."""
    lab = new_lab("localstack")
    lab.said["start"] = lab.run("cloud", "start", "--core", "localstack")
    lab.run("up", "query")
    lab.run("up", "stream")
    lab.said["rides"] = lab.run("seed", "rides", "--rows", str(RIDES), "--seed", "3")
    lab.said["up"] = lab.run("up", *FEED)
    return lab


def test_the_start_says_what_is_to_be_known(lab: Any):
    for part in ("IAM enforcement is PARTIAL", "run as processes", "keeps nothing"):
        assert part in " ".join(lab.said["start"].split())


def test_orders_flow_from_upload_to_monthly_revenue(lab: Any):
    facts = json.loads(lab.run("report", "--json"))
    assert facts["rows"]["rows_in"] == 800
    assert sum(int(row["orders"]) for row in facts["monthly_revenue"]) > 0
    assert "tests" in lab.said["up"]  # of dbt build


def test_rides_flow_from_http_to_athena(lab: Any):
    counted = json.loads(lab.run("query", "--sql", "select count(*) from lakelab_local.rides", "--json"))
    assert 0 < int(counted["rows"][0][0]) <= RIDES


def test_the_files_are_in_localstack(lab: Any):
    s3 = lab.session().client("s3")
    (raw,) = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "-raw-" in bucket["Name"]]
    uploaded = s3.list_objects_v2(Bucket=raw, Prefix="raw/orders/")["Contents"]
    assert len([item for item in uploaded if item["Key"].endswith(".csv")]) >= 4


def test_a_function_leaves_its_logs(lab: Any):
    logs = lab.clients().client("logs")
    found = logs.filter_log_events(logGroupName="/aws/lambda/lakelab-local-orders-ingest")["events"]
    text = "".join(event["message"] for event in found)
    assert "START RequestId" in text
    assert "REPORT RequestId" in text


def test_everything_is_destroyed_and_nothing_left(lab: Any):
    for layer in ("stream", "query", "ingest", "catalog", "access"):
        # 1: the results of queries are still there, in a bucket of the layer lake
        lab.run("deploy", "destroy", "-s", f"{layer}-local", "--yes", "--engine", "embedded", codes=(0, 1))
    lab.run("deploy", "destroy", "-s", "lake-local", "--yes", "--engine", "embedded")
    session = lab.session()
    groups = session.client("logs").describe_log_groups()["logGroups"]
    left = {
        "buckets": session.client("s3").list_buckets()["Buckets"],
        "functions": session.client("lambda").list_functions()["Functions"],
        "queues": session.client("sqs").list_queues().get("QueueUrls", []),
        "roles": [r for r in session.client("iam").list_roles()["Roles"] if "lakelab" in r["RoleName"]],
        # as on AWS, Glue's own log groups are the account's and not a stack's
        "log groups": [g for g in groups if not g["logGroupName"].startswith("/aws-glue/")],
        "databases": lab.clients().client("glue").get_databases()["DatabaseList"],
        "streams": lab.clients().client("kinesis").list_streams()["StreamNames"],
        "alarms": lab.clients().client("cloudwatch").describe_alarms()["MetricAlarms"],
        "APIs": lab.clients().client("apigatewayv2").get_apis()["Items"],
    }
    assert {kind: found for kind, found in left.items() if found} == {}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A LocalStack that a test may kill."""
    server = Server(Settings(root=ROOT, state=tmp_path / "state", port=free_port(), core="localstack"))
    yield server
    server.stop()


def test_localstack_ends_with_a_killed_gateway(own: Server):
    started = own.start()
    children = psutil.Process(started.pid).children(recursive=True)
    assert any("lakelab_localstack" in " ".join(child.cmdline()) for child in children)
    os.kill(started.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=DEADLINE)
    assert alive == []
