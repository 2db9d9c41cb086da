"""The on-failure destination: where the batches go that are given up.

Source: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from lakelab.cloud.caller import Caller
from lakelab.cloud.streams.mappings.batches import Batch
from lakelab.cloud.streams.mappings.invocation import event_of
from lakelab.cloud.streams.mappings.model import Mapping
from lakelab.cloud.streams.model import sequence_number, shard_id

ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}


def service_of(destination: str) -> str:
    """The service in a destination's ARN."""
    return destination.split(":")[2] if destination.count(":") >= 5 else ""


def resource_of(destination: str) -> str:
    """The ARN that the role needs the right on."""
    return f"{destination}/*" if service_of(destination) == "s3" else destination


def envelope(mapping: Mapping, shard: int, batch: Batch, condition: str, now: float) -> dict[str, Any]:
    """What is told of a batch that is given up; it has the records' places, not their data."""
    first, last = batch.records[0], batch.records[-1]
    return {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": mapping.function_arn,
            "condition": condition,
            "approximateInvokeCount": batch.failures,
        },
        "responseContext": batch.last.response or None,
        "version": "1.0",
        "timestamp": _iso(now),
        "KinesisBatchInfo": {
            "shardId": shard_id(shard),
            "startSequenceNumber": sequence_number(first.sequence),
            "endSequenceNumber": sequence_number(last.sequence),
            "approximateArrivalOfFirstRecord": _iso(first.arrived),
            "approximateArrivalOfLastRecord": _iso(last.arrived),
            "batchSize": len(batch.records),
            "streamArn": mapping.stream_arn,
        },
    }


def send(role: Caller, mapping: Mapping, shard: int, batch: Batch, condition: str, now: float) -> None:
    """Send a batch to the mapping's destination with the role's rights. Raises ClientError."""
    destination = mapping.on_failure
    if destination is None:
        return
    told = {key: value for key, value in envelope(mapping, shard, batch, condition, now).items() if value is not None}
    match service_of(destination):
        case "sqs":
            _, _, _, _, account, name = destination.split(":")
            sqs = role.client("sqs")
            # asking for the URL would need a right that AWS does not ask of the role
            url = f"{sqs.meta.endpoint_url}/{account}/{name}"
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(told))
        case "sns":
            role.client("sns").publish(TopicArn=destination, Message=json.dumps(told))
        case "s3":
            # S3 is told the records too
            payload = event_of(mapping, shard, batch.records)
            moment = datetime.fromtimestamp(now, UTC)
            key = f"aws/lambda/{mapping.uuid}/{shard_id(shard)}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
            body = json.dumps({**told, "payload": payload}).encode()
            role.client("s3").put_object(Bucket=destination.rpartition(":")[2], Key=key, Body=body)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
