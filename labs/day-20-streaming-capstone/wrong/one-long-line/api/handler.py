"""The function behind POST /rides."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import boto3

kinesis = boto3.client("kinesis")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put the ride in the request's body into the stream. `event` has the payload format 2.0."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf-8", errors="replace")
    try:
        ride = json.loads(body)
    except ValueError:
        return answer(400, reason="the body is no JSON")
    reason = trouble(ride)
    if reason:
        return answer(400, reason=reason)
    # a line each, as Firehose puts nothing between records; a driver's rides in one shard, in their order
    kinesis.put_record(
        StreamName=os.environ["STREAM_NAME"],
        Data=json.dumps(ride).encode(),
        PartitionKey=ride["driver_id"],
    )
    return answer(202, id=ride["ride_id"])


def trouble(ride: Any) -> str:
    """Why the event breaks the contract; empty when it does not."""
    if not isinstance(ride, dict):
        return "the body is no JSON object"
    for name in ("ride_id", "driver_id"):
        if not isinstance(ride.get(name), str) or not ride[name]:
            return f"{name} is missing"
    cents = ride.get("fare_cents")
    if type(cents) is not int or cents < 0:
        return "fare_cents is no whole number from 0 on"
    return ""


def answer(status: int, **body: str) -> dict[str, Any]:
    """The response in the payload format 2.0."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
