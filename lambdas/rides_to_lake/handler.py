"""The entry point of rides_to_lake: a batch of the stream in, the records that failed out."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.rides_api.contract import Rejected, contract
from lambdas.rides_to_lake.lake import Lake, Row

logger = Logger(service="rides_to_lake")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Write the batch's rides up to the first that cannot be written, and report that one.

    The stream delivers again from the reported record on, so that nothing after it may be written now: it would be
    written twice. The environment gives LAKE_BUCKET (where to write) and GLUE_DATABASE (whose table `rides` gets the
    partitions).
    """
    processor = BatchProcessor(EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)
    with processor(records=event["Records"], handler=_row):
        processed = processor.process()
    rows: list[Row] = []
    for status, result, _ in processed:
        if status != "success":
            break
        rows.append(result)
    keys = _lake().write(rows) if rows else []
    logger.info("written", records=len(processed), rows=len(rows), objects=len(keys))
    return dict(processor.response())


def _row(record: KinesisStreamRecord) -> Row:
    """The row of an event. Raises Rejected when it breaks the contract, ValueError when it is no JSON."""
    shard_id, _, sequence_number = record.event_id.partition(":")
    try:
        values = contract().values(record.kinesis.data_as_json())
        if values["ended_at"] < values["requested_at"]:
            raise Rejected("the ride ended before it was requested")
    except (Rejected, ValueError) as error:
        # the on-failure message tells where the record is, this line why it is there
        logger.error("rejected", reason=str(error), shard_id=shard_id, sequence_number=sequence_number)
        raise
    return {**values, "shard_id": shard_id, "sequence_number": sequence_number}


@cache
def _lake() -> Lake:
    return Lake(boto3.client("s3"), boto3.client("glue"), os.environ["LAKE_BUCKET"], os.environ["GLUE_DATABASE"])
