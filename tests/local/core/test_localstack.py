"""LocalStack itself, without Docker: every stack deploys to it, orders and rides flow through it, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import localstack_client.session
import psutil
import pytest

from lakelab.cloud.server import Server
from lakelab.settings import Settings
from lakelab.testing import free_port

ROOT = Path(__file__).resolve().parents[3]
FEED = ("--days", "4", "--rows", "800", "--seed", "7")
RIDES = 60
DEADLINE = 30.0


class Lab:
    """A project with LocalStack behind its local AWS, and the commands of a person."""

    def __init__(self, state: Path):
        self.config = Settings(root=ROOT, state=state, port=free_port(), core="localstack")
        self.said: dict[str, str] = {}

    def run(self, *arguments: str, code: int = 0) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKELAB_"))}
        # LAKELAB_CORE is left out: a command finds out by itself which core runs
        ours = {name: value for name, value in self.config.environment().items() if name != "LAKELAB_CORE"}
        done = subprocess.run(
            [str(Path(sys.executable).parent / "lakelab"), *arguments],
            env=kept | ours,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def session(self) -> localstack_client.session.Session:
        """Clients of LocalStack itself, past the gateway."""
        url = Server(self.config).core()["url"]
        return localstack_client.session.Session(localstack_host=url.removeprefix("http://"))

    def clients(self) -> localstack_client.session.Session:
        """Clients of the gateway, as a script of LocalStack's users gets them."""
        return localstack_client.session.Session(localstack_host=self.config.endpoint.removeprefix("http://"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("localstack") / "state")
    try:
        lab.said["start"] = lab.run("cloud", "start", "--core", "localstack")
        lab.said["stream"] = lab.run("up", "stream")
        lab.said["rides"] = lab.run("seed", "rides", "--rows", str(RIDES), "--seed", "3")
        lab.said["up"] = lab.run("up", *FEED)
        yield lab
    finally:
        Server(lab.config).stop()


def test_the_start_says_what_is_to_be_known(lab: Lab):
    for part in ("IAM enforcement is PARTIAL", "run as processes", "keeps nothing"):
        assert part in " ".join(lab.said["start"].split())


def test_orders_flow_from_upload_to_monthly_revenue(lab: Lab):
    facts = json.loads(lab.run("report", "--json"))
    assert facts["rows"]["rows_in"] == 800
    assert sum(int(row["orders"]) for row in facts["monthly_revenue"]) > 0
    assert "tests" in lab.said["up"]  # of dbt build


def test_rides_flow_from_http_to_athena(lab: Lab):
    counted = json.loads(lab.run("query", "--sql", "select count(*) from lakelab_local.rides", "--json"))
    assert 0 < int(counted["rows"][0][0]) <= RIDES


def test_the_files_are_in_localstack(lab: Lab):
    s3 = lab.session().client("s3")
    (raw,) = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "-raw-" in bucket["Name"]]
    uploaded = s3.list_objects_v2(Bucket=raw, Prefix="raw/orders/")["Contents"]
    assert len([item for item in uploaded if item["Key"].endswith(".csv")]) >= 4


def test_a_function_leaves_its_logs(lab: Lab):
    logs = lab.clients().client("logs")
    found = logs.filter_log_events(logGroupName="/aws/lambda/lakelab-local-orders-ingest")["events"]
    text = "".join(event["message"] for event in found)
    assert "START RequestId" in text
    assert "REPORT RequestId" in text


def test_everything_is_destroyed_and_nothing_left(lab: Lab):
    layers = ["stream", "query", "ingest", "catalog", "access", "lake"]
    for layer in layers:
        lab.run("deploy", "destroy", "-s", f"{layer}-local", "--yes", "--engine", "embedded")
    session = lab.session()
    left = {
        "buckets": session.client("s3").list_buckets()["Buckets"],
        "functions": session.client("lambda").list_functions()["Functions"],
        "queues": session.client("sqs").list_queues().get("QueueUrls", []),
        "roles": [r for r in session.client("iam").list_roles()["Roles"] if "lakelab" in r["RoleName"]],
        "log groups": session.client("logs").describe_log_groups()["logGroups"],
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
