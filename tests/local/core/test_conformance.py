"""The same Athena and Glue over every core: tables in every format, writing, partitions, crawls, jobs, rights."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from lakelab.cloud.core.capabilities import LAKE, PROBES
from lakelab.cloud.core.table import column, read, write
from lakelab.testing import Cloud

DEADLINE = 60.0
PAGE = Path(__file__).resolve().parents[3] / "docs/localstack.md"


class Lake:
    """A bucket and a database of a test's own, and SQL over them."""

    def __init__(self, cloud: Cloud, keys: tuple[str, ...] | None = None, like: Lake | None = None):
        self.cloud = cloud
        self.bucket = like.bucket if like else cloud.bucket()
        self.database = like.database if like else cloud.database()
        self.s3 = cloud.client("s3")
        self.glue = cloud.client("glue")
        self.athena = cloud.client("athena", *([keys] if keys else []))

    def put(self, key: str, body: bytes | str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def finished(self, sql: str) -> dict[str, Any]:
        query = self.athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/results/"},
        )["QueryExecutionId"]
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            found = self.athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return found
            time.sleep(0.05)
        raise AssertionError(f"still running: {sql}")

    def rows(self, sql: str) -> list[list[str | None]]:
        """The rows of a query without its header, as its results file in S3 would be read."""
        found = self.finished(sql)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        answer = self.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]["Rows"]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer]
        return rows[1:] if found["StatementType"] == "DML" and sql.lstrip().startswith(("select", "with")) else rows

    def table(self, name: str, columns: str, location: str, rest: str = "") -> None:
        self.rows(f"create external table {name} ({columns}) {rest} location 's3://{self.bucket}/{location}/'")


@pytest.fixture
def lake(any_core: Cloud) -> Lake:
    return Lake(any_core)


def test_a_csv_table_is_read_where_it_lies(lake: Lake):
    lake.put("csv/a.csv", "1,one\n2,two\n")
    lake.put("csv/b.csv.gz", gzip.compress(b"3,three\n"))
    lake.table("numbers", "n int, name string", "csv", "row format delimited fields terminated by ','")
    assert lake.rows("select n, name from numbers order by n") == [["1", "one"], ["2", "two"], ["3", "three"]]


def test_an_overwritten_object_is_read_anew(lake: Lake):
    lake.table("numbers", "n int", "csv", "row format delimited fields terminated by ','")
    for text, total in (("1\n2\n", "3"), ("10\n20\n", "30")):
        lake.put("csv/a.csv", text)
        assert lake.rows("select sum(n) from numbers") == [[total]]


def test_parquet_and_json_join(lake: Lake):
    data = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "cents": [150, 250]}), data)
    lake.put("orders/a.parquet", data.getvalue())
    lake.put("names/a.json", '{"id": 1, "name": "one"}\n{"id": 2, "name": "two"}\n')
    lake.table("orders", "id bigint, cents bigint", "orders", "stored as parquet")
    lake.table("names", "id bigint, name string", "names", "row format serde 'org.openx.data.jsonserde.JsonSerDe'")
    sql = "select name, cents from orders join names on orders.id = names.id order by 1"
    assert lake.rows(sql) == [["one", "150"], ["two", "250"]]


def test_ctas_writes_partitions_that_insert_adds_to(lake: Lake):
    lake.rows(
        f"create table sales with (format = 'PARQUET', partitioned_by = array['day'],"
        f" external_location = 's3://{lake.bucket}/sales/')"
        " as select 1 as id, 10 as cents, '2025-01-01' as day union all select 2, 20, '2025-01-02'"
    )
    lake.rows("insert into sales select 3, 30, '2025-01-02'")
    assert lake.rows("select day, sum(cents) from sales group by 1 order by 1") == [
        ["2025-01-01", "10"],
        ["2025-01-02", "50"],
    ]
    found = lake.glue.get_partitions(DatabaseName=lake.database, TableName="sales", Expression="day > '2025-01-01'")
    assert [partition["Values"] for partition in found["Partitions"]] == [["2025-01-02"]]
    keys = [item["Key"] for item in lake.s3.list_objects_v2(Bucket=lake.bucket, Prefix="sales/")["Contents"]]
    assert all(key.startswith(("sales/day=2025-01-01/", "sales/day=2025-01-02/")) for key in keys)


def test_an_iceberg_table_takes_a_merge_and_remembers(lake: Lake):
    lake.rows(
        f"create table prices (id int, cents int) location 's3://{lake.bucket}/prices/'"
        " tblproperties ('table_type' = 'ICEBERG')"
    )
    lake.rows("insert into prices values (1, 10), (2, 20)")
    lake.rows(
        "merge into prices p using (select 2 as id, 25 as cents union all select 3, 30) n on p.id = n.id"
        " when matched then update set cents = n.cents when not matched then insert (id, cents) values (n.id, n.cents)"
    )
    assert lake.rows("select id, cents from prices order by 1") == [["1", "10"], ["2", "25"], ["3", "30"]]
    assert len(lake.rows('select snapshot_id from "prices$snapshots"')) >= 2


def test_a_view_and_the_results_file(lake: Lake):
    lake.rows("create view doubled as select n * 2 as twice from (values 1, 2) t (n)")
    found = lake.finished("select twice from doubled order by 1")
    bucket, _, key = found["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    assert lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b'"twice"\n"2"\n"4"\n'


def test_a_query_that_is_wrong_fails_with_athenas_words(lake: Lake):
    status = lake.finished("select missing from nowhere")["Status"]
    assert status["State"] == "FAILED"
    assert "TABLE_NOT_FOUND" in status["StateChangeReason"]


def test_a_crawler_finds_the_tables(lake: Lake):
    role = _role(lake.cloud, {"Effect": "Allow", "Action": ["s3:*", "glue:*", "logs:*"], "Resource": "*"})
    for day in ("01", "02"):
        lake.put(f"raw/day=2025-01-{day}/a.csv", "id,amount\n1,10\n2,20\n")
    name = f"crawler-{uuid4().hex[:8]}"
    lake.glue.create_crawler(
        Name=name, Role=role, DatabaseName=lake.database, Targets={"S3Targets": [{"Path": f"s3://{lake.bucket}/raw/"}]}
    )
    try:
        lake.glue.start_crawler(Name=name)
        deadline = time.monotonic() + DEADLINE
        while (crawler := lake.glue.get_crawler(Name=name)["Crawler"])["State"] != "READY":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]
    finally:
        lake.glue.delete_crawler(Name=name)
    assert lake.rows("select day, sum(amount) from raw group by 1 order by 1") == [
        ["2025-01-01", "30"],
        ["2025-01-02", "30"],
    ]


def test_glue_says_what_is_not_there_and_what_is_there_twice(lake: Lake):
    with pytest.raises(ClientError) as missing:
        lake.glue.get_table(DatabaseName=lake.database, Name="nowhere")
    assert missing.value.response["Error"]["Code"] == "EntityNotFoundException"
    with pytest.raises(ClientError) as twice:
        lake.glue.create_database(DatabaseInput={"Name": lake.database})
    assert twice.value.response["Error"]["Code"] == "AlreadyExistsException"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        pytest.param(None, "", id="all"),
        pytest.param("glue:GetTable", "glue:GetTable", id="no right for the table"),
        pytest.param("s3:GetObject", "s3:GetObject", id="no right for the data"),
        pytest.param("athena:StartQueryExecution", "athena:StartQueryExecution", id="no right for Athena"),
    ],
)
def test_a_role_needs_its_rights(lake: Lake, missing: str | None, said: str):
    lake.put("csv/a.csv", "1\n2\n")
    lake.table("numbers", "n int", "csv", "row format delimited fields terminated by ','")
    actions = {"athena:*", "glue:*", "s3:*"}
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}]
    if missing:
        statements.append({"Effect": "Deny", "Action": missing, "Resource": "*"})
    role = _role(lake.cloud, *statements)
    taken = lake.cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="reader")["Credentials"]
    reader = Lake(lake.cloud, (taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"]), like=lake)
    if missing is None:
        assert reader.rows("select sum(n) from numbers") == [["3"]]
        return
    try:
        text = reader.finished("select sum(n) from numbers")["Status"].get("StateChangeReason", "")
    except ClientError as refused:
        text = refused.response["Error"]["Message"]
    assert f"not authorized to perform: {said}" in text


def test_what_the_core_lacks_is_known(any_core: Cloud):
    services = any_core.server.core()["services"]
    assert set(services) == {*LAKE, *PROBES}
    assert all(services[name]["by"] == "lakelab" for name in LAKE)
    assert all(found["reason"] for found in services.values() if found["by"] == "absent")


def test_the_page_says_who_answers(any_core: Cloud):
    """The table of docs/localstack.md is this run's: `make core-table` writes it."""
    core = any_core.server.core()
    title = f"moto {version('moto')}" if core["name"] == "moto" else f"{core['name']} {core['version']}"
    found = column(core["services"])
    if os.environ.get("WRITE_CORE_TABLE"):
        PAGE.write_text(write(PAGE.read_text(), title, found))
    assert read(PAGE.read_text())[title] == found


def _role(cloud: Cloud, *statements: dict[str, Any]) -> str:
    iam, name = cloud.client("iam"), f"role-{uuid4().hex[:8]}"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_trust(cloud)))["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=document)
    return arn


def _trust(cloud: Cloud) -> dict[str, Any]:
    account = cloud.client("sts").get_caller_identity()["Account"]
    principal = {"Service": "glue.amazonaws.com", "AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}
