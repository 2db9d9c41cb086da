"""For tests: makes streams, functions, roles and queues on a local AWS for one test, and removes them after it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import psutil
import pytest

from lakelab.cloud.clock import ask_clock
from lakelab.testing import Cloud

T = TypeVar("T")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "firehose.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


def eventually(look: Callable[[], T], holds: Callable[[T], bool] = bool, seconds: float = 30) -> T:
    """What `look` finds as soon as that holds; fails with the last of it after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if holds(found):
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"still {found!r} after {seconds} s")
        time.sleep(0.05)


@dataclass
class Workshop:
    """Makes things with names of their own on a local AWS; `cleanup` removes them at the end of the test."""

    cloud: Cloud
    cleanup: ExitStack

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def stream(self, shards: int = 1) -> str:
        """The ARN of a new stream."""
        name = f"s-{uuid4().hex[:10]}"
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.cleanup.callback(kinesis.delete_stream, StreamName=name)
        return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def put(self, stream_arn: str, *data: Any, key: str = "k") -> None:
        records = [
            {"Data": each if isinstance(each, bytes) else json.dumps(each), "PartitionKey": key} for each in data
        ]
        answer = self.client("kinesis").put_records(StreamARN=stream_arn, Records=records)
        assert answer["FailedRecordCount"] == 0

    def role(self, *statements: tuple[str | list[str], str | list[str]]) -> str:
        """The ARN of a new role that may do the given actions on the given resources."""
        iam, name = self.client("iam"), f"r-{uuid4().hex[:10]}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in statements],
        }
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(document))
        return arn

    def function(self, source: str, role: str, timeout: int = 30, **variables: str) -> str:
        """The name of a new function whose module is `source`, with a `handler(event, context)`."""
        name, archive = f"f-{uuid4().hex[:10]}", io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.py", source)
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="index.handler",
            Timeout=timeout,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": variables},
        )
        self.cleanup.callback(functions.delete_function, FunctionName=name)
        return name

    def mapping(self, stream_arn: str, function: str, **settings: Any) -> str:
        """The UUID of a new mapping."""
        functions = self.client("lambda")
        settings = {"StartingPosition": "TRIM_HORIZON", **settings}
        uuid = functions.create_event_source_mapping(EventSourceArn=stream_arn, FunctionName=function, **settings)[
            "UUID"
        ]
        self.cleanup.callback(functions.delete_event_source_mapping, UUID=uuid)
        return uuid

    def queue(self) -> tuple[str, str]:
        """The URL and the ARN of a new queue."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=f"q-{uuid4().hex[:10]}")["QueueUrl"]
        self.cleanup.callback(sqs.delete_queue, QueueUrl=url)
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def messages(self, url: str) -> list[dict[str, Any]]:
        """The bodies of the messages that wait in a queue; they are taken out."""
        sqs, found = self.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Key and bytes of the objects in a bucket."""
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found}

    def advance(self, seconds: float) -> None:
        """Move the local AWS's clock forward."""
        ask_clock(self.cloud.settings, advance=seconds)

    def kill(self) -> None:
        """End the local AWS by kill -9, one second after the last request: what is older than that is promised."""
        time.sleep(1)
        running = self.cloud.server.running()
        assert running is not None
        process = psutil.Process(running.pid)
        process.kill()
        process.wait(10)


@pytest.fixture
def workshop(cloud: Cloud) -> Iterator[Workshop]:
    with ExitStack() as cleanup:
        yield Workshop(cloud, cleanup)
