"""A record that its function cannot take stops a shard."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

from lakelab.practice import Work, Wrong

STREAM, FUNCTION, QUEUE, ROLE = (f"drill-poison-{name}" for name in ("rides", "to-lake", "failed", "to-lake"))
RIDES, POISON, BATCH = 25, 8, 10
SECONDS = 20
HANDLER = """
import base64, json
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    for record in event["Records"]:
        ride = json.loads(base64.b64decode(record["kinesis"]["data"]))
        s3.put_object(Bucket="{bucket}", Key=f"rides/{{ride['ride_id']}}.json", Body=json.dumps(ride).encode())
"""


def break_it(work: Work) -> None:
    """Make a stream with its consumer anew, and put a record into it that is no JSON."""
    _remove(work)
    kinesis, functions, account = work.client("kinesis"), work.client("lambda"), work.config.account
    bucket = work.bucket("rides")
    work.client("sqs").create_queue(QueueName=QUEUE)
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    stream = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["StreamARN"]
    reads = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
    ]
    role = _role(
        work,
        {"Action": [*reads, "kinesis:ListShards"], "Resource": stream},
        {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/rides/*"},
        {"Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{work.config.region}:{account}:{QUEUE}"},
        {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", HANDLER.format(bucket=bucket))
    functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
    )
    functions.create_event_source_mapping(
        FunctionName=FUNCTION, EventSourceArn=stream, StartingPosition="TRIM_HORIZON", BatchSize=BATCH
    )
    records = [json.dumps({"ride_id": f"r-{number}"}).encode() for number in range(RIDES)]
    records.insert(POISON, b"ride_id=r-lost")
    kinesis.put_records(StreamName=STREAM, Records=[{"Data": each, "PartitionKey": "one driver"} for each in records])


def check_rides(work: Work) -> str:
    """All good rides are in the bucket."""
    mapping = _mapping(work)
    endless = mapping.get("MaximumRetryAttempts", -1) == mapping.get("MaximumRecordAgeInSeconds", -1) == -1
    deadline = time.monotonic() + (2 if endless else SECONDS)
    bucket = f"lab-{work.name}-rides"
    while True:
        found = work.client("s3").list_objects_v2(Bucket=bucket, Prefix="rides/").get("KeyCount", 0)
        if found == RIDES:
            return f"{found} rides"
        if time.monotonic() > deadline:
            raise Wrong(f"{found} of {RIDES} good rides are in the bucket", stop=True)
        time.sleep(0.1)


def check_failed(work: Work) -> str:
    """What the function cannot take is kept for a person."""
    sqs, deadline = work.client("sqs"), time.monotonic() + SECONDS
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    while True:
        count = int(
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"][
                "ApproximateNumberOfMessages"
            ]
        )
        if count:
            break
        if "OnFailure" not in _mapping(work).get("DestinationConfig", {}) or time.monotonic() > deadline:
            raise Wrong("the good rides are there, and nothing tells anybody which record was left out")
        time.sleep(0.1)
    if count > 1:
        raise Wrong(f"the queue has {count} messages; one record could not be taken")
    return "one message"


def check_function(work: Work) -> str:
    """The function is as it was, and goes on."""
    if _mapping(work).get("State") != "Enabled":
        raise Wrong(f"the mapping of {FUNCTION} is {_mapping(work).get('State', 'gone')}")
    work.client("kinesis").put_record(StreamName=STREAM, Data=b'{"ride_id": "r-next"}', PartitionKey="one driver")
    deadline = time.monotonic() + SECONDS
    while "Contents" not in work.client("s3").list_objects_v2(
        Bucket=f"lab-{work.name}-rides", Prefix="rides/r-next.json"
    ):
        if time.monotonic() > deadline:
            raise Wrong("the next ride does not get into the bucket")
        time.sleep(0.1)
    work.client("s3").delete_object(Bucket=f"lab-{work.name}-rides", Key="rides/r-next.json")
    return "the next ride got through"


def _mapping(work: Work) -> dict[str, Any]:
    found = work.client("lambda").list_event_source_mappings(FunctionName=FUNCTION)["EventSourceMappings"]
    return found[0] if found else {}


def _role(work: Work, *statements: dict[str, Any]) -> str:
    iam = work.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    rights = _document(*({"Effect": "Allow", **each} for each in statements))
    iam.put_role_policy(RoleName=ROLE, PolicyName="rights", PolicyDocument=rights)
    return arn


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _remove(work: Work) -> None:
    """What an earlier begin has left."""
    functions, kinesis, sqs, iam = (work.client(name) for name in ("lambda", "kinesis", "sqs", "iam"))
    if FUNCTION in (each["FunctionName"] for each in functions.list_functions()["Functions"]):
        for each in functions.list_event_source_mappings(FunctionName=FUNCTION)["EventSourceMappings"]:
            functions.delete_event_source_mapping(UUID=each["UUID"])
        functions.delete_function(FunctionName=FUNCTION)
    if STREAM in kinesis.list_streams()["StreamNames"]:
        kinesis.delete_stream(StreamName=STREAM)
        kinesis.get_waiter("stream_not_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1})
    for url in sqs.list_queues(QueueNamePrefix=QUEUE).get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)
    if ROLE in (each["RoleName"] for each in iam.list_roles()["Roles"]):
        for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
            iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
        iam.delete_role(RoleName=ROLE)
