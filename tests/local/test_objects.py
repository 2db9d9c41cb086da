"""S3 as the lake services use it: the core's index and files give what the public API gives, with the same rights."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from lakelab.testing import Cloud


@pytest.fixture
def table(cloud: Cloud) -> tuple[str, str, str]:
    """A bucket with a CSV table of two files, and its database."""
    bucket, database = cloud.bucket(), cloud.database()
    s3 = cloud.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name, body in {"a.csv": b"1\n2\n", "b é.csv": b"3\n", "gone.csv": b"4\n"}.items():
        s3.put_object(Bucket=bucket, Key=f"numbers/{name}", Body=body)
    s3.delete_object(Bucket=bucket, Key="numbers/gone.csv")
    s3.put_object(Bucket=bucket, Key="numbers-of-others/c.csv", Body=b"5\n")
    cloud.client("glue").create_table(
        DatabaseName=database,
        TableInput={
            "Name": "numbers",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Columns": [{"Name": "n", "Type": "int"}],
                "Location": f"s3://{bucket}/numbers/",
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"},
            },
        },
    )
    return bucket, database, "numbers"


def total(cloud: Cloud, database: str, bucket: str, keys: tuple[str, ...] | None = None) -> tuple[str, str]:
    """The state and the answer (or the reason) of a sum over the table."""
    athena = cloud.client("athena", keys) if keys else cloud.client("athena")
    execution = athena.start_query_execution(
        QueryString="select sum(n) from numbers",
        QueryExecutionContext={"Database": database},
        ResultConfiguration={"OutputLocation": f"s3://{bucket}/results/"},
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
    if status["State"] != "SUCCEEDED":
        return status["State"], status["StateChangeReason"]
    rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    return status["State"], rows[1]["Data"][0]["VarCharValue"]


def test_a_query_reads_the_objects_that_a_listing_shows(cloud: Cloud, table: tuple[str, str, str]):
    bucket, database, _ = table
    assert total(cloud, database, bucket) == ("SUCCEEDED", "6")


def test_a_new_and_a_deleted_object_are_seen_at_once(cloud: Cloud, table: tuple[str, str, str]):
    bucket, database, _ = table
    cloud.client("s3").put_object(Bucket=bucket, Key="numbers/d.csv", Body=b"10\n")
    assert total(cloud, database, bucket) == ("SUCCEEDED", "16")
    cloud.client("s3").delete_object(Bucket=bucket, Key="numbers/a.csv")
    assert total(cloud, database, bucket) == ("SUCCEEDED", "13")


def test_a_bucket_that_is_gone_fails_the_query(cloud: Cloud, table: tuple[str, str, str]):
    _, database, _ = table
    results = cloud.bucket()
    cloud.client("glue").update_table(
        DatabaseName=database,
        TableInput={
            "Name": "numbers",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Columns": [{"Name": "n", "Type": "int"}],
                "Location": f"s3://never-made-{uuid4().hex}/numbers/",
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"},
            },
        },
    )
    state, reason = total(cloud, database, results)
    assert state == "FAILED"
    assert "bucket" in reason.lower()


def test_listing_needs_the_right_to_list_that_prefix(cloud: Cloud, table: tuple[str, str, str]):
    bucket, database, _ = table
    keys = _user(cloud, bucket, prefix="other/*")
    state, reason = total(cloud, database, bucket, keys)
    assert state == "FAILED"
    assert "s3:ListBucket" in reason or "Access" in reason
    assert total(cloud, database, bucket, _user(cloud, bucket, prefix="numbers/*")) == ("SUCCEEDED", "6")


def _user(cloud: Cloud, bucket: str, prefix: str) -> tuple[str, str]:
    """The keys of a user who may query, read every object, but list only one prefix."""
    allowed = {"Effect": "Allow", "Action": ["athena:*", "glue:*", "s3:GetObject", "s3:PutObject"], "Resource": "*"}
    listing = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringLike": {"s3:prefix": [prefix]}},
    }
    name = f"user-{uuid4().hex[:8]}"
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name,
        PolicyName="query",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed, listing]}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]
