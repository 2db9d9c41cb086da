"""Functions as the core runs them: what they log is in CloudWatch whole, whoever invokes them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from lakelab.workshop import Workshop, eventually

LOGGER = """
import os, sys


def handler(event, context):
    match event["how"]:
        case "lines":
            for number in range(3000):
                print("line", number)
        case "no end":
            sys.stderr.write("half a line")
        case "raise":
            print("before")
            raise ValueError("no")
        case "exit":
            print("last words", flush=True)
            os._exit(1)
    return event
"""


@pytest.mark.parametrize(
    ("how", "logged"),
    [
        pytest.param("nothing", [], id="nothing"),
        pytest.param("lines", [f"line {number}" for number in range(3000)], id="many lines"),
        pytest.param("no end", ["half a line"], id="a line without an end"),
        pytest.param("raise", ["before", "ValueError: no"], id="an exception"),
        pytest.param("exit", ["last words"], id="a process that ends"),
    ],
)
def test_the_log_of_an_invocation_is_whole(workshop: Workshop, how: str, logged: list[str]):
    functions, logs = workshop.client("lambda"), workshop.client("logs")
    name = workshop.function(LOGGER, workshop.role(("logs:*", "*")))
    for turn in range(2):
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"how": how, "turn": turn}))
        body = json.loads(answer["Payload"].read())
        assert ("FunctionError" in answer) == (how in ("raise", "exit"))
        assert "FunctionError" in answer or body == {"how": how, "turn": turn}

    def lines() -> list[str]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        texts = [event["message"] for page in pages for event in page["events"]]
        return [line for text in texts for line in text.splitlines()]

    found = eventually(lines, lambda found: sum(line.startswith("REPORT") for line in found) == 2)
    assert [line for line in found if line in logged] == logged * 2
    assert not any("\x1e" in line for line in found)


def test_a_mapping_invokes_the_version_that_it_names(workshop: Workshop):
    """The qualifier of an ARN holds for an invocation within the process as for one over HTTP."""
    functions, bucket = workshop.client("lambda"), workshop.cloud.bucket()
    stream = workshop.stream()
    read = ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"]
    role = workshop.role((read, stream), ("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    source = (
        "import boto3\n\n\ndef handler(event, context):\n"
        f"    boto3.client('s3').put_object(Bucket='{bucket}', Key=context.invoked_function_arn, Body=b'')\n"
    )
    name = workshop.function(source, role)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    workshop.mapping(stream, f"{name}:live")
    workshop.put(stream, "é", key="ключ")
    [key] = eventually(lambda: list(workshop.objects(bucket)))
    assert key == f"arn:aws:lambda:us-east-1:000000000000:function:{name}:live"


def test_more_requests_than_workers_wait_for_one(workshop: Workshop):
    """How many functions run at a time is a limit of this machine: no client is told of it."""
    name = workshop.function("import time\n\n\ndef handler(event, context):\n    time.sleep(0.2)\n", workshop.role())

    def status(_: int) -> int:
        return workshop.client("lambda").invoke(FunctionName=name)["StatusCode"]

    count = 3 * workshop.cloud.settings.lambda_concurrency
    with ThreadPoolExecutor(count) as pool:
        assert list(pool.map(status, range(count))) == [200] * count


def test_a_functions_own_limit_throttles_at_once(workshop: Workshop):
    functions = workshop.client("lambda")
    name = workshop.function("def handler(event, context):\n    pass\n", workshop.role())
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as throttled:
        functions.invoke(FunctionName=name)
    assert throttled.value.response["Error"]["Code"] == "TooManyRequestsException"


def test_a_function_that_is_gone_is_said_so(workshop: Workshop):
    with pytest.raises(ClientError) as missing:
        workshop.client("lambda").invoke(FunctionName="nobody")
    assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"
