"""The entry point of rides_api: an HTTP request in, a record in the stream or a reason out."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from lambdas.rides_api.contract import Rejected, contract

logger = Logger(service="rides_api")
THROTTLED = "ProvisionedThroughputExceededException"


@event_source(data_class=APIGatewayProxyEventV2)
def handler(event: APIGatewayProxyEventV2, context: LambdaContext) -> dict[str, Any]:
    """Put one ride event into the stream that the environment's STREAM_NAME names.

    202 with the ride's id when the stream has it; 400 with the reason when the event breaks the contract; 429 when the
    stream takes no more for now: the producer sends the same event again.
    """
    try:
        ride = json.loads(event.decoded_body or "")
        contract().values(ride)
    except (ValueError, Rejected) as error:
        reason = str(error) if isinstance(error, Rejected) else "the body is not JSON"
        logger.info("refused", reason=reason)
        return _answer(400, {"reason": reason})
    try:
        # a driver's rides stay in their order: they are in one shard
        put = _kinesis().put_record(
            StreamName=os.environ["STREAM_NAME"], Data=json.dumps(ride).encode(), PartitionKey=ride["driver_id"]
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != THROTTLED:
            raise
        logger.warning("throttled", ride_id=ride["ride_id"])
        return _answer(429, {"reason": "too many events for now; send it again"})
    logger.info("accepted", ride_id=ride["ride_id"], shard_id=put["ShardId"], sequence_number=put["SequenceNumber"])
    return _answer(202, {"id": ride["ride_id"]})


def _answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


@cache
def _kinesis() -> Any:
    return boto3.client("kinesis")
