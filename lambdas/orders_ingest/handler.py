"""The entry point of orders_ingest: an S3 event in, the reports of its files out."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import S3Event, event_source
from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from .contract import Contract
from .feed import UnreadableFile
from .ingest import Source, ingest
from .lake import Lake, Report

logger = Logger(service="orders_ingest")


@logger.inject_lambda_context
@event_source(data_class=S3Event)
def handler(event: S3Event, context: LambdaContext) -> dict[str, Any]:
    """Ingest each file that the event names.

    The environment gives LAKE_BUCKET (where to write) and GLUE_DATABASE (whose table `orders` gets the partitions).

    Raises:
        UnreadableFile: a file cannot be read at all; the event is then retried and goes to the dead-letter queue.
    """
    reports = []
    unreadable = []
    for record in event.records:
        key = unquote_plus(record.s3.get_object.key)  # S3 sends it encoded, and Powertools passes it on as it is
        if key.endswith("/"):
            logger.info("skipped a directory marker", key=key)
            continue
        try:
            reports.append(_ingest(record, key))
        except UnreadableFile as error:
            unreadable.append(f"{key}: {error}")
    if unreadable:  # after the others, so that one bad file does not keep them out
        raise UnreadableFile("; ".join(unreadable))
    return {"files": [report.as_row() for report in reports]}


def _ingest(record: S3EventRecord, key: str) -> Report:
    bucket = record.s3.bucket.name
    # the very version that the event is about: a later upload of the key has an event of its own
    version = {"VersionId": record.s3.get_object.version_id} if record.s3.get_object.version_id else {}
    answer = _lake().s3.get_object(Bucket=bucket, Key=key, **version)
    report = ingest(Source(bucket, key, answer["ETag"].strip('"')), answer["Body"], _contract(), _lake())
    logger.info("ingested", **report.as_row())
    return report


@lru_cache
def _contract() -> Contract:
    return Contract.read(Path(__file__).with_name("contract.json"))


@lru_cache
def _lake() -> Lake:
    return Lake(boto3.client("s3"), boto3.client("glue"), os.environ["LAKE_BUCKET"], os.environ["GLUE_DATABASE"])
