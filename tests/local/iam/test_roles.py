"""Every role has what its work needs and no more: without any one statement the work is denied just that."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import pytest
import requests

from lakelab.cloud.clock import ask_clock
from lakelab.cloud.environment import client
from lakelab.cloud.iam.granted import granted
from lakelab.cloud.iam.record import FILE, Recorded, read
from lakelab.cloud.iam.usage import covers, difference, read_kept
from lakelab.pipeline import athena, crawl, jobs, rides
from lakelab.pipeline.ride_feed import RideFeed
from lakelab.testing import Cloud

pytestmark = pytest.mark.slow

DAYS = itertools.count()
ARTIFACTS = "arn:aws:s3:::lakelab-local-artifacts-000000000000"
CURATED = "arn:aws:s3:::lakelab-local-curated-000000000000"
RAW = "arn:aws:s3:::lakelab-local-raw-000000000000"
RESULTS = "arn:aws:s3:::lakelab-local-results-000000000000"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/lakelab-local-rides"
GLUE = "arn:aws:glue:us-east-1:000000000000:"

# role, statement, and the action and the beginning of the ARN that is denied first without it
ROWS = [
    ("ingest", "ReadTheFeed", "s3:GetObject", f"{RAW}/raw/orders/"),
    ("ingest", "WriteTheLake", "s3:PutObject", f"{CURATED}/"),
    ("ingest", "ReadTheLedger", "s3:GetObject", f"{CURATED}/ledger/orders/"),
    ("ingest", "LearnThatALedgerIsNotThere", "s3:ListBucket", CURATED),
    ("ingest", "RegisterPartitions", "glue:GetTable", GLUE),
    ("crawler", "ListTheFeed", "s3:ListBucket", RAW),
    ("crawler", "ReadTheFeed", "s3:GetObject", f"{RAW}/raw/orders/"),
    ("crawler", "SeeWhichTablesThereAre", "glue:GetTables", GLUE),
    ("crawler", "WriteTheTablesItFinds", "glue:CreateTable", GLUE),
    ("jobs", "ReadTheScripts", "s3:GetObject", f"{ARTIFACTS}/glue/compact_orders.py"),
    ("jobs", "ListTheOrders", "s3:ListBucket", CURATED),
    ("jobs", "ReadTheOrders", "s3:GetObject", f"{CURATED}/curated/orders/"),
    ("jobs", "WriteTheCompactedOrders", "s3:PutObject", f"{CURATED}/curated/orders_compacted/"),
    ("jobs", "FindTheOrders", "glue:GetPartitions", f"{GLUE}table/lakelab_local/orders"),
    ("jobs", "PointAtTheCompactedOrders", "glue:GetTable", GLUE),
    ("transform", "RunStatements", "athena:StartQueryExecution", "arn:aws:athena:us-east-1:000000000000:"),
    ("transform", "SeeWhichDatabasesThereAre", "glue:GetDatabases", GLUE),
    ("transform", "ReadTheLakesTables", "glue:GetTable", GLUE),
    ("transform", "WriteTheAnalyticsTables", "glue:GetDatabase", GLUE),
    ("transform", "ListTheLake", "s3:ListBucket", CURATED),
    ("transform", "ReadTheLake", "s3:GetObject", f"{CURATED}/"),
    ("transform", "WriteTheAnalyticsData", "s3:PutObject", f"{CURATED}/analytics/"),
    ("analyst", "RunQueries", "athena:GetWorkGroup", "arn:aws:athena:us-east-1:000000000000:"),
    ("analyst", "LookAround", "athena:GetDataCatalog", "arn:aws:athena:us-east-1:000000000000:"),
    ("analyst", "SeeWhichDatabasesThereAre", "glue:GetDatabases", GLUE),
    ("analyst", "ReadTheCatalog", "glue:GetDatabase", GLUE),
    ("analyst", "ListTheLake", "s3:ListBucket", CURATED),
    ("analyst", "ReadTheLake", "s3:GetObject", f"{CURATED}/"),
    ("analyst", "KeepTheResults", "s3:PutObject", f"{RESULTS}/analyst/"),
    ("rides_api", "PutIntoTheStream", "kinesis:PutRecord", STREAM),
    ("rides_to_lake", "ReadTheStream", "kinesis:DescribeStream", STREAM),
    ("rides_to_lake", "WriteTheLake", "s3:PutObject", f"{CURATED}/curated/rides/"),
    ("rides_to_lake", "RegisterPartitions", "glue:GetTable", GLUE),
    ("rides_delivery", "ReadTheStream", "kinesis:DescribeStream", STREAM),
    ("rides_delivery", "WriteTheRawZone", "s3:PutObject", f"{RAW}/raw/rides/"),
]


@dataclass
class Work:
    """A lab whose pipeline has run, and the parts of the work, each as its role."""

    lab: Any
    cloud: Cloud

    def root(self, service: str) -> Any:
        return client(self.lab.config, service)

    def as_role(self, role: str) -> Callable[[str], Any]:
        found = self.root("sts").assume_role(
            RoleArn=f"arn:aws:iam::000000000000:role/lakelab-local-{role}", RoleSessionName="test"
        )["Credentials"]
        keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return lambda service: self.cloud.client(service, keys)

    def recorded(self, role: str, **options: Any) -> list[Recorded]:
        return read(self.lab.config.state / FILE, role=f"arn:aws:iam::000000000000:role/{role_name(role)}", **options)

    def denials(self, role: str, since: float) -> list[Recorded]:
        """The denials after a moment, in their order; waits for the record to be written."""
        deadline = time.monotonic() + 5
        while not (found := self.recorded(role, allowed=False, since=since)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return sorted(found, key=lambda denial: denial.first)

    # ---- the parts; each raises when it cannot do its work

    def ingest(self) -> None:
        """orders_ingest on a file of a day that it has not seen."""
        text = self.root("s3").get_object(Bucket=RAW[13:], Key=self._any_file())["Body"].read().decode("latin-1")
        header, line, *_ = text.splitlines()
        order_id, customer, _, *rest = line.split(",")
        day = date(2025, 6, 1) + timedelta(days=next(DAYS))
        body = "\n".join((header, ",".join((f"{order_id}-{day}", customer, day.isoformat(), *rest)), "")).encode()
        key = f"raw/orders/{day}-{uuid4().hex[:8]}.csv"
        etag = self.root("s3").put_object(Bucket=RAW[13:], Key=key, Body=body)["ETag"].strip('"')
        object_ = {"key": quote_plus(key), "eTag": etag}
        event = {
            "Records": [
                {
                    "eventSource": "aws:s3",
                    "eventName": "ObjectCreated:Put",
                    "s3": {"bucket": {"name": RAW[13:]}, "object": object_},
                }
            ]
        }
        answer = self.root("lambda").invoke(FunctionName="lakelab-local-orders-ingest", Payload=json.dumps(event))
        said = answer["Payload"].read()
        assert "FunctionError" not in answer, said

    def _any_file(self) -> str:
        return self.root("s3").list_objects_v2(Bucket=RAW[13:], Prefix="raw/orders/orders")["Contents"][0]["Key"]

    def crawl(self) -> None:
        """The crawler on a catalog without its table."""
        glue = self.root("glue")
        for table in glue.get_tables(DatabaseName="lakelab_local", Expression="raw_.*")["TableList"]:
            glue.delete_table(DatabaseName="lakelab_local", Name=table["Name"])
        assert crawl.run(glue, "lakelab-local-raw-orders") == ["raw_orders"]

    def transform(self) -> None:
        """What dbt does for a table: look around, drop the old one with its files, make the new one, read it."""
        role, name = self.as_role("transform"), f"test_{uuid4().hex[:8]}"
        glue, s3, queries = role("glue"), role("s3"), role("athena")
        prefix = f"analytics/{name}/"
        assert glue.get_databases()["DatabaseList"]
        self._run(
            queries,
            "transform",
            f"create table {name} with (external_location = 's3://{CURATED[13:]}/{prefix}') as"
            " select count(*) as orders, (select count(*) from lakelab_local.orders_ingests) as files"
            " from lakelab_local.orders",
        )
        glue.get_paginator("get_table_versions").paginate(
            DatabaseName="lakelab_local_analytics", TableName=name
        ).build_full_result()
        self._run(queries, "transform", f"select * from {name}")
        glue.delete_table(DatabaseName="lakelab_local_analytics", Name=name)
        for item in s3.list_objects_v2(Bucket=CURATED[13:], Prefix=prefix)["Contents"]:
            s3.delete_object(Bucket=CURATED[13:], Key=item["Key"])

    def analyse(self) -> None:
        """An analyst runs the named queries, and stops one."""
        role = self.as_role("analyst")
        queries = role("athena")
        workgroup = "lakelab-local-analyst"
        assert [each["Name"] for each in role("glue").get_databases()["DatabaseList"]]
        assert queries.get_work_group(WorkGroup=workgroup)["WorkGroup"]["State"] == "ENABLED"
        queries.get_data_catalog(Name="AwsDataCatalog")
        for database in queries.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]:
            found = {"CatalogName": "AwsDataCatalog", "DatabaseName": database["Name"]}
            queries.get_database(**found)
            for table in queries.list_table_metadata(**found)["TableMetadataList"]:
                queries.get_table_metadata(**found, TableName=table["Name"])
        ids = queries.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]
        named = queries.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]
        queries.get_named_query(NamedQueryId=ids[0])
        for query in named:
            self._run(queries, "analyst", query["QueryString"], query["Database"])
        done = queries.list_query_executions(WorkGroup=workgroup)["QueryExecutionIds"]
        queries.batch_get_query_execution(QueryExecutionIds=done[:5])
        queries.get_query_runtime_statistics(QueryExecutionId=done[0])
        self._run(queries, "analyst", "select count(*) from lakelab_local.orders_quarantine")
        queries.stop_query_execution(QueryExecutionId=done[0])

    def compact(self) -> None:
        """The job on a lake whose orders have changed: an order of a day that nobody has compacted."""
        self.ingest()
        jobs.run(self.root, "lakelab-local-compact-orders", timeout=60)

    def ride(self) -> date:
        """A ride of a day of its own, over HTTP."""
        day = date(2026, 1, 1) + timedelta(days=next(DAYS))
        [ride] = rides.generate(1, seed=7)
        event = {**json.loads(ride.body), "ride_id": f"r-{uuid4().hex}"}
        event |= {"requested_at": f"{day}T10:00:00Z", "ended_at": f"{day}T10:10:00Z"}
        answer = requests.post(RideFeed(self.lab.config).url, json=event, timeout=20)
        assert answer.status_code == 202, f"the API failed: {answer.status_code} {answer.text}"
        return day

    def ride_to_the_lake(self) -> None:
        """A ride as far as the table and its partition."""
        wanted = {"DatabaseName": "lakelab_local", "TableName": "rides", "Expression": f"ride_date = '{self.ride()}'"}
        glue = self.root("glue")
        self._wait("rides_to_lake", lambda: glue.get_partitions(**wanted)["Partitions"])

    def deliver_a_ride(self) -> None:
        """A ride as far as the raw zone; the time that Firehose gathers events for passes at once."""
        place, s3 = {"Bucket": RAW[13:], "Prefix": f"raw/rides/ride_date={self.ride()}/"}, self.root("s3")
        self._wait("rides_delivery", lambda: s3.list_objects_v2(**place).get("Contents"), seconds=301)

    def _wait(self, role: str, there: Callable[[], Any], *, seconds: float = 0) -> None:
        """Until something is there; fails when the role is denied something meanwhile."""
        began, deadline = time.time(), time.monotonic() + 60
        while not there():
            assert not self.recorded(role, allowed=False, since=began), f"{role} was denied"
            assert time.monotonic() < deadline, f"the work of {role} failed: nothing came"
            if seconds:
                ask_clock(self.lab.config, advance=seconds)
            time.sleep(0.5)

    @staticmethod
    def _run(queries: Any, workgroup: str, sql: str, database: str = "lakelab_local_analytics") -> None:
        athena.run(queries, sql, database=database, workgroup=f"lakelab-local-{workgroup}")


PARTS: dict[str, Callable[[Work], Any]] = {
    "ingest": Work.ingest,
    "crawler": Work.crawl,
    "transform": Work.transform,
    "analyst": Work.analyse,
    "jobs": Work.compact,
    "rides_api": Work.ride,
    "rides_to_lake": Work.ride_to_the_lake,
    "rides_delivery": Work.deliver_a_ride,
}
STREAM_ROLES = ("rides_api", "rides_to_lake", "rides_delivery")


def role_name(role: str) -> str:
    return f"lakelab-local-{role.replace('_', '-')}"


@pytest.fixture(scope="module")
def work(new_lab: Callable[[], Any]) -> Work:
    lab = new_lab()
    lab.up()
    lab.run("up", "stream")
    return Work(lab, Cloud(lab.config, None))  # type: ignore[arg-type]  # the lab stops its own server


@pytest.fixture
def alone(work: Work) -> None:
    """No event runs the function but the test's own call."""
    work.root("s3").put_bucket_notification_configuration(Bucket=RAW[13:], NotificationConfiguration={})


@contextmanager
def without(work: Work, role: str, sid: str) -> Iterator[None]:
    """The role without one of its statements."""
    iam, name = work.root("iam"), role_name(role)
    document = iam.get_role_policy(RoleName=name, PolicyName=role)["PolicyDocument"]
    left = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    iam.put_role_policy(
        RoleName=name, PolicyName=role, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": left})
    )
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=name, PolicyName=role, PolicyDocument=json.dumps(document))


@pytest.mark.parametrize("role", ["ingest", "crawler", "transform"])
def test_nothing_is_unused_after_the_pipeline_has_run_once(work: Work, role: str):
    found = granted(work.root, role_name(role))
    recorded = work.recorded(role)
    compared = difference(found, recorded, read_kept(work.lab.config.root / "policies/iam/kept.yaml"))
    assert compared.calls
    assert compared.unused == []
    assert compared.denied == ()
    assert covers(compared.minimal, found, recorded) == []


@pytest.mark.parametrize("role", ["analyst", "jobs", *STREAM_ROLES])
def test_nothing_is_unused_after_a_part_has_done_its_work_once(work: Work, role: str):
    PARTS[role](work)
    time.sleep(1)  # the record is written every half second
    found, recorded = granted(work.root, role_name(role)), work.recorded(role)
    compared = difference(found, recorded, read_kept(work.lab.config.root / "policies/iam/kept.yaml"))
    assert compared.unused == []
    assert compared.denied == ()
    assert covers(compared.minimal, found, recorded) == []


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("role", "sid", "action", "resource"), [pytest.param(*row, id=f"{row[0]} without {row[1]}") for row in ROWS]
)
def test_without_a_statement_the_work_is_denied_just_that(work: Work, role: str, sid: str, action: str, resource: str):
    began = time.time()
    with without(work, role, sid), pytest.raises(Exception, match=r"(?i)denied|not authorized|fail"):
        PARTS[role](work)
    denied = work.denials(role, began)
    assert denied[0].action == action
    assert denied[0].resource.startswith(resource)
    assert denied[0].missing is not None
    assert denied[0].missing["Action"] == action

    healed = time.time()
    PARTS[role](work)
    time.sleep(0.8)
    assert work.recorded(role, allowed=False, since=healed) == []


@pytest.mark.usefixtures("alone")
def test_without_the_right_to_write_logs_a_function_works_and_says_nothing(work: Work):
    began = time.time()
    with without(work, "ingest", "WriteLogs"):
        work.ingest()
    assert {each.action for each in work.denials("ingest", began)} == {"logs:CreateLogStream"}


def test_without_the_right_to_write_logs_a_crawl_goes_on(work: Work):
    began = time.time()
    with without(work, "crawler", "WriteLogs"):
        work.crawl()
    assert {each.action.partition(":")[0] for each in work.denials("crawler", began)} == {"logs"}


@pytest.mark.parametrize("role", list(PARTS))
def test_every_statement_is_tried_or_kept_for_a_reason(role: str, request: pytest.FixtureRequest):
    """A new statement has to get a row above, or a reason in kept.yaml."""
    root = request.config.rootpath
    document = json.loads((root / f"policies/iam/{role}.json").read_text())
    kept = read_kept(root / "policies/iam/kept.yaml").get(role, {})
    tried = {row[1] for row in ROWS if row[0] == role} | {"WriteLogs"}
    left = {statement["Sid"] for statement in document["Statement"]} - tried
    assert left <= {sid for sid, reasons in kept.items() if "*" in reasons}
