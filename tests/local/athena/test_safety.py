"""SQL reads and writes nothing but the tables' objects, uses bounded resources, and needs the caller's rights."""

from __future__ import annotations

import copy
import json
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from table(read_text('/etc/passwd'))",
        "select read_text('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd'",
        'select * from "/etc/passwd"',
        'select * from default."/etc/passwd"',
        "select * from parquet_metadata('/etc/passwd')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from duckdb_settings()",
        "select * from pragma_version()",
        "select * from system.main.duckdb_settings",
        "select * from temp.main.x",
        "select getenv('HOME')",
        "select current_setting('temp_directory')",
        "select query('select 1')",
        "select * from query('select 1')",
        "copy (select 1) to '/tmp/stolen'",
        "attach '/tmp/stolen.db' as stolen",
        "install httpfs",
        "load httpfs",
        "pragma enable_external_access",
        "set enable_external_access = true",
        "export database '/tmp/stolen'",
        "call pragma_version()",
        "create table x with (external_location = 'file:///tmp/stolen') as select 1 as a",
        "unload (select 1 as a) to '/tmp/stolen/' with (format = 'JSON')",
        "create external table x (a string) location 'file:///etc/'",
        "create external table x (a string) location '/etc/'",
    ],
)
def test_no_way_out_of_the_lake(lake, sql):
    try:
        ran = lake.run(sql)
    except ClientError as refused:
        outcome, text = refused.response.get("Error", {}).get("Code"), str(refused)
    else:
        outcome, text = ran.state, ran.reason
    assert outcome in ("InvalidRequestException", "FAILED")
    assert "root:" not in text
    assert not any(Path("/tmp").glob("stolen*"))


def test_a_location_that_climbs_out_of_its_bucket_names_a_key(lake):
    """`..` in a key is a name like any other."""
    name = lake.name()
    lake.do(f"create external table {name} (a string) location '{lake.uri}/../../../etc/'")
    ran = lake.run(f"select * from {name}")
    assert ran.rows[1:] == []


def test_a_running_query_is_cancelled(lake):
    numbers = "unnest(sequence(1, 10000))"
    execution_id = lake.athena.start_query_execution(
        QueryString=f"select a.x, b.y from {numbers} a(x) cross join {numbers} b(y) cross join {numbers} c(z)",
        ResultConfiguration={"OutputLocation": f"{lake.uri}/results/"},
    )["QueryExecutionId"]
    lake.athena.stop_query_execution(QueryExecutionId=execution_id)
    deadline = time.monotonic() + 5
    while True:
        status = lake.athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]["Status"]
        if status["State"] == "CANCELLED":
            break
        assert time.monotonic() < deadline, status
        threading.Event().wait(0.02)
    assert lake.keys(f"results/{execution_id}") == []


def test_a_query_over_the_cutoff_is_cancelled(lake):
    workgroup = lake.name()
    lake.athena.create_work_group(
        Name=workgroup,
        Configuration={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfiguration": {"OutputLocation": f"{lake.uri}/results/"},
        },
    )
    table = lake.name()
    try:
        lake.put(f"{table}/big", b"x" * 10_000_001)
        lake.do(f"create external table {table} (a string) location '{lake.uri}/{table}/'")
        ran = lake.run(f"select length(a) from {table}", workgroup=workgroup)
        assert (ran.state, ran.reason) == ("CANCELLED", "Bytes scanned limit was exceeded")
        assert lake.query(f"select length(a) from {table}") == [["10000001"]]
    finally:
        lake.athena.delete_work_group(WorkGroup=workgroup, RecursiveDeleteOption=True)


def test_a_query_needs_the_callers_own_rights(cloud, lake):
    """A user who may run queries and read the catalog, but not the objects."""
    table = lake.name()
    lake.put(f"{table}/data", b"secret\n")
    lake.do(f"create external table {table} (a string) location '{lake.uri}/{table}/'")
    iam = cloud.client("iam")
    user = lake.name()
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    try:

        def allow(*statements: tuple[list[str], str]) -> None:
            document = [
                {"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in statements
            ]
            iam.put_user_policy(
                UserName=user,
                PolicyName="p",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": document}),
            )

        results = (["s3:*"], f"arn:aws:s3:::{lake.bucket}/results/*")
        listing = (["s3:ListBucket", "s3:GetBucketLocation"], f"arn:aws:s3:::{lake.bucket}")
        mine = copy.copy(lake)
        mine.athena = cloud.client("athena", (key["AccessKeyId"], key["SecretAccessKey"]))

        allow((["athena:*"], "*"), results, listing)
        assert "glue:GetTable" in mine.failure(f"select * from {table}")
        allow((["athena:*", "glue:Get*"], "*"), results, listing)
        failure = mine.failure(f"select * from {table}")
        assert failure.startswith("PERMISSION_DENIED: ")
        assert "s3:GetObject" in failure
        allow((["athena:*", "glue:Get*", "s3:GetObject"], "*"), results, listing)
        assert mine.query(f"select * from {table}") == [["secret"]]
        assert "glue:CreateTable" in mine.failure(f"create view {lake.name()} as select 1 as a")
    finally:
        iam.delete_user_policy(UserName=user, PolicyName="p")
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=user)
