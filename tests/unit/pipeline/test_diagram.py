"""The picture of what is deployed: what makes an arrow, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakelab.pipeline.diagram import Resource, flow_of

FUNCTION = Resource("aws:lambda/function:Function", "f", "f", {"arn": "arn:f", "role": "arn:aws:iam::1:role/r"})
STREAM = Resource("aws:kinesis/stream:Stream", "s", "s", {"arn": "arn:s"})
QUEUE = Resource("aws:sqs/queue:Queue", "q", "q", {"arn": "arn:q"})
BUCKET = Resource("aws:s3/bucket:Bucket", "curated", "b", {"bucket": "b-1"})


def rights(*statements: tuple[str, str | list[str], str]) -> Resource:
    policy = [{"Effect": effect, "Action": action, "Resource": on} for effect, action, on in statements]
    return Resource(
        "aws:iam/rolePolicy:RolePolicy", "r", "r", {"role": "r", "policy": json.dumps({"Statement": policy})}
    )


def resource(type_: str, **outputs: Any) -> Resource:
    return Resource(type_, "x", "id", outputs)


@pytest.mark.parametrize(
    ("resources", "arrows"),
    [
        pytest.param(
            [FUNCTION, STREAM, rights(("Allow", "kinesis:PutRecord", "arn:s"))],
            [("arn:f", "arn:s", "records", False)],
            id="a right to write",
        ),
        pytest.param(
            [FUNCTION, STREAM, rights(("Allow", ["kinesis:*"], "arn:s"))],
            [("arn:f", "arn:s", "records", False)],
            id="a right with a wildcard",
        ),
        pytest.param([FUNCTION, STREAM, rights(("Deny", "kinesis:*", "arn:s"))], [], id="a right that is denied"),
        pytest.param([FUNCTION, STREAM, rights(("Allow", "kinesis:GetRecords", "arn:s"))], [], id="a right to read"),
        pytest.param([FUNCTION, rights(("Allow", "kinesis:*", "arn:other"))], [], id="a stream that is not deployed"),
        pytest.param(
            [FUNCTION, BUCKET, rights(("Allow", "s3:PutObject", "arn:aws:s3:::b-1/curated/*"))],
            [("arn:f", "s3://b-1/curated/", "objects", False)],
            id="a zone of a bucket",
        ),
        pytest.param(
            [
                FUNCTION,
                STREAM,
                QUEUE,
                resource(
                    "aws:lambda/eventSourceMapping:EventSourceMapping",
                    eventSourceArn="arn:s",
                    functionArn="arn:f",
                    batchSize=9,
                    destinationConfig={"onFailure": {"destinationArn": "arn:q"}},
                ),
            ],
            [("arn:s", "arn:f", "batches of 9", False), ("arn:f", "arn:q", "on failure", True)],
            id="a mapping and its on-failure destination",
        ),
        pytest.param(
            [
                FUNCTION,
                resource(
                    "aws:s3/bucketNotification:BucketNotification",
                    bucket="b-1",
                    lambdaFunctions=[{"lambdaFunctionArn": "arn:f", "filterPrefix": "raw/"}],
                ),
            ],
            [("s3://b-1/raw/", "arn:f", "object created", False)],
            id="a notification",
        ),
    ],
)
def test_what_makes_an_arrow(resources: list[Resource], arrows: list[tuple[str, str, str, bool]]):
    assert flow_of(resources).arrows == flow_of(resources[::-1]).arrows == arrows


def test_only_what_data_flow_through_is_drawn():
    drawn = flow_of([FUNCTION, STREAM, QUEUE, rights(("Allow", "kinesis:PutRecord", "arn:s"))]).mermaid()
    assert drawn.splitlines() == [
        "flowchart LR",
        '    n0[["Lambda function<br/><b>f</b>"]]',
        '    n1[/"Kinesis stream<br/><b>s</b>"/]',
        "    n0 -->|records| n1",
    ]
