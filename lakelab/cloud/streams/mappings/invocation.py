"""The event that a function gets from a stream, and what its answer says of the records."""

from __future__ import annotations

import binascii
import json
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.streams.mappings.batches import Outcome
from lakelab.cloud.streams.mappings.model import Mapping
from lakelab.cloud.streams.model import Record, sequence_number, shard_id

LONGEST_FUNCTION_SECONDS = 900
# a function that runs is never invoked a second time because its answer takes long
CONFIG = Config(
    read_timeout=LONGEST_FUNCTION_SECONDS + 30, connect_timeout=5, retries={"max_attempts": 0}, max_pool_connections=64
)


def lambda_client(caller: Caller) -> Any:
    """A client whose calls last as long as a function may."""
    return boto3.Session().client(
        "lambda",
        endpoint_url=caller.client("lambda").meta.endpoint_url,
        region_name=caller.region,
        aws_access_key_id=caller.credentials.access_key,
        aws_secret_access_key=caller.credentials.secret_key,
        aws_session_token=caller.credentials.session_token,
        config=CONFIG,
    )


def event_of(mapping: Mapping, shard: int, records: Sequence[Record]) -> str:
    """The event, as JSON: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"""
    same = _same_in_all(mapping)
    return '{"Records":[' + ",".join(_event_record(same, shard_id(shard), record) for record in records) + "]}"


def metadata(mapping: Mapping, shard: int, record: Record) -> dict[str, Any]:
    """What a filter's pattern sees of a record besides its data."""
    event = json.loads(_event_record(_same_in_all(mapping), shard_id(shard), record))
    kinesis = event.pop("kinesis")
    return {**event, **{key: value for key, value in kinesis.items() if key != "data"}}


def _same_in_all(mapping: Mapping) -> str:
    """The members of an event's record that all records of a mapping share, as JSON without the braces."""
    shared = {
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": mapping.role_arn,
        "awsRegion": mapping.region,
        "eventSourceARN": mapping.stream_arn,
    }
    return json.dumps(shared, separators=(",", ":"))[1:-1]


def _event_record(same: str, shard: str, record: Record) -> str:
    # as text: to make dictionaries first and to serialise them would be most of the work of an invocation
    number = sequence_number(record.sequence)
    data = binascii.b2a_base64(record.data, newline=False).decode()
    return (
        f'{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":{json.dumps(record.partition_key)},'
        f'"sequenceNumber":"{number}","data":"{data}","approximateArrivalTimestamp":{round(record.arrived, 3)}}},'
        f'"eventID":"{shard}:{number}",{same}}}'
    )


def invoke(client: Any, mapping: Mapping, shard: int, records: Sequence[Record]) -> Outcome:
    """Run the function on the records and wait for its answer."""
    try:
        answer = client.invoke(FunctionName=mapping.function_arn, Payload=event_of(mapping, shard, records).encode())
        body = answer["Payload"].read()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        return Outcome(failed=0, not_invoked=True, result=f"PROBLEM: Function call failed: {code}")
    except BotoCoreError as error:  # the server is stopping, or the connection broke
        return Outcome(failed=0, not_invoked=True, result=f"PROBLEM: Function call failed: {type(error).__name__}")
    response: dict[str, Any] = {
        "statusCode": answer["StatusCode"],
        "executedVersion": answer.get("ExecutedVersion", "$LATEST"),
    }
    if answer.get("FunctionError"):
        response["functionError"] = answer["FunctionError"]
        return Outcome(failed=0, result="PROBLEM: Function call failed", response=response)
    failed = _first_failure(body, records) if mapping.report_item_failures else None
    result = "OK" if failed is None else "PROBLEM: Function call failed"
    return Outcome(failed=failed, result=result, response=response)


def _first_failure(body: bytes, records: Sequence[Record]) -> int | None:
    """The index of the first record that the function reports; an answer that makes no sense fails all of them.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html#success-and-failure
    """
    try:
        answer = json.loads(body) if body else None
    except ValueError:
        return 0
    reported = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not reported:
        return None
    places = {sequence_number(record.sequence): index for index, record in enumerate(records)}
    found = []
    for item in reported if isinstance(reported, list) else [None]:
        identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
        if identifier not in places:
            return 0
        found.append(places[identifier])
    return min(found)
