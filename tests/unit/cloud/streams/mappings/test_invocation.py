"""What an invocation says of its records."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lakelab.cloud.streams.mappings.batches import Batch, Outcome
from lakelab.cloud.streams.mappings.destinations import envelope
from lakelab.cloud.streams.mappings.invocation import event_of, invoke, metadata
from lakelab.cloud.streams.mappings.model import Mapping
from lakelab.cloud.streams.model import Record, sequence_number

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
MAPPING = Mapping(
    "uuid", "000000000000", "us-east-1", "arn:stream", FUNCTION, "role", "LATEST", report_item_failures=True
)
RECORDS = [Record(number, 1000.0 + number, "k", b"x") for number in (1, 2, 3)]


def item(sequence: int) -> dict[str, str]:
    return {"itemIdentifier": sequence_number(sequence)}


def answering(body: bytes, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(invoke=lambda **request: {"StatusCode": 200, "Payload": io.BytesIO(body), **more})


@pytest.mark.parametrize(
    "key", [pytest.param("ann", id="plain"), pytest.param('"\\ünï\n', id="quotes, backslash and line end")]
)
def test_the_event_is_json(key: str):
    record = Record(7, 1_741_064_767.12345, key, b'{"a": "\xff"}')
    [found] = json.loads(event_of(MAPPING, 2, [record]))["Records"]
    number = sequence_number(7)
    assert found["kinesis"] == {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": key,
        "sequenceNumber": number,
        "data": base64.b64encode(record.data).decode(),
        "approximateArrivalTimestamp": 1_741_064_767.123,
    }
    assert (found["eventID"], found["invokeIdentityArn"]) == (f"shardId-000000000002:{number}", "role")
    assert "\n" not in event_of(MAPPING, 2, [record, record])
    assert "data" not in metadata(MAPPING, 2, record)


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"null", None, id="null"),
        pytest.param(b"{}", None, id="an empty object"),
        pytest.param(b'{"batchItemFailures": []}', None, id="an empty list"),
        pytest.param(b'{"batchItemFailures": null}', None, id="a null list"),
        pytest.param(json.dumps({"batchItemFailures": [item(3), item(2)]}).encode(), 1, id="the lowest counts"),
        pytest.param(b'{"batchItemFailures": [{"itemIdentifier": ""}]}', 0, id="an empty identifier"),
        pytest.param(b'{"batchItemFailures": [{"itemIdentifier": null}]}', 0, id="a null identifier"),
        pytest.param(b'{"batchItemFailures": [{"id": "1"}]}', 0, id="a bad key"),
        pytest.param(json.dumps({"batchItemFailures": [item(9)]}).encode(), 0, id="a record that was not sent"),
        pytest.param(b"not json", 0, id="no JSON"),
    ],
)
def test_the_response_of_a_batch(body: bytes, failed: int | None):
    assert invoke(answering(body), MAPPING, 0, RECORDS).failed == failed


def test_failures_are_not_looked_for_unless_the_mapping_asks():
    body = json.dumps({"batchItemFailures": [item(1)]}).encode()
    assert invoke(answering(body), replace(MAPPING, report_item_failures=False), 0, RECORDS).failed is None


def test_an_error_of_the_function_fails_the_batch():
    outcome = invoke(answering(b"{}", FunctionError="Unhandled", ExecutedVersion="3"), MAPPING, 0, RECORDS)
    assert (outcome.failed, outcome.not_invoked) == (0, False)
    assert outcome.response == {"statusCode": 200, "executedVersion": "3", "functionError": "Unhandled"}


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"), id="throttled"),
        pytest.param(ReadTimeoutError(endpoint_url="http://x"), id="no answer"),
    ],
)
def test_a_function_that_did_not_run_costs_no_retry(error: Exception):
    def refuse(**request: Any) -> None:
        raise error

    outcome = invoke(SimpleNamespace(invoke=refuse), MAPPING, 0, RECORDS)
    assert (outcome.failed, outcome.not_invoked) == (0, True)


def test_the_envelope_of_a_batch_that_is_given_up():
    batch = Batch(RECORDS, failures=3, last=Outcome(failed=0, response={"statusCode": 200}))
    told = envelope(MAPPING, 2, batch, "RetryAttemptsExhausted", 1010.5)
    assert told["requestContext"].pop("requestId")
    assert told == {
        "requestContext": {
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200},
        "version": "1.0",
        "timestamp": "1970-01-01T00:16:50.500Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000002",
            "startSequenceNumber": sequence_number(1),
            "endSequenceNumber": sequence_number(3),
            "approximateArrivalOfFirstRecord": "1970-01-01T00:16:41.000Z",
            "approximateArrivalOfLastRecord": "1970-01-01T00:16:43.000Z",
            "batchSize": 3,
            "streamArn": "arn:stream",
        },
    }
