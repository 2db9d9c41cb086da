"""The processors of a delivery stream, with a function that is plain Python."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lakelab.cloud.firehose.errors import InvalidArgument
from lakelab.cloud.firehose.processing import FunctionFailed, Processing
from lakelab.cloud.firehose.records import Item


def processing(*processors: tuple[str, dict[str, str]], partitioned: bool = False) -> Processing:
    settings = {
        "Enabled": True,
        "Processors": [
            {
                "Type": kind,
                "Parameters": [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()],
            }
            for kind, parameters in processors
        ],
    }
    return Processing(settings, partitioned=partitioned, stream_arn="arn:d", region="us-east-1")


def items(*data: bytes) -> list[Item]:
    return [Item(str(number), 1000.0, each, each) for number, each in enumerate(data)]


def no_function(arn: str, event: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError("no function is expected to run")


def data(found: list[Item]) -> list[bytes]:
    return [item.data for item in found]


def test_nothing_is_done_when_processing_is_off():
    found, failures = Processing({}, partitioned=False, stream_arn="", region="").run(items(b"a", b"b"), no_function)
    assert (data(found), failures) == ([b"a", b"b"], [])


@pytest.mark.parametrize(
    ("delimiter", "expected"),
    [pytest.param("\\n", b"a\n"), pytest.param("|", b"a|"), pytest.param("\\t", b"a\t")],
)
def test_a_delimiter_follows_each_record(delimiter: str, expected: bytes):
    done = processing(("AppendDelimiterToRecord", {"Delimiter": delimiter}))
    assert data(done.run(items(b"a"), no_function)[0]) == [expected]


@pytest.mark.parametrize(
    ("parameters", "record", "expected"),
    [
        pytest.param(
            {"SubRecordType": "JSON"}, b'{"a":1}{"a":2}\n{"a":3}', [b'{"a":1}', b'{"a":2}', b'{"a":3}'], id="JSON"
        ),
        pytest.param({"SubRecordType": "JSON"}, b"no json", [b"no json"], id="no JSON stays whole"),
        pytest.param({"SubRecordType": "DELIMITED", "Delimiter": "IyM="}, b"a##b##", [b"a", b"b"], id="delimited"),
    ],
)
def test_records_within_a_record(parameters: dict[str, str], record: bytes, expected: list[bytes]):
    found, _ = processing(("RecordDeAggregation", parameters)).run(items(record), no_function)
    assert data(found) == expected


def test_the_order_is_deaggregation_function_keys_delimiter():
    def function(arn: str, event: dict[str, Any]) -> dict[str, Any]:
        records = []
        for record in event["records"]:
            document = json.loads(base64.b64decode(record["data"]))
            text = json.dumps({"city": document["c"].upper()}).encode()
            records.append({"recordId": record["recordId"], "result": "Ok", "data": base64.b64encode(text).decode()})
        return {"records": records}

    done = processing(
        ("AppendDelimiterToRecord", {"Delimiter": "\\n"}),
        ("MetadataExtraction", {"MetadataExtractionQuery": "{city:.city}"}),
        ("Lambda", {"LambdaArn": "arn:f"}),
        ("RecordDeAggregation", {"SubRecordType": "JSON"}),
        partitioned=True,
    )
    found, failures = done.run(items(b'{"c":"a"}{"c":"b"}'), function)
    assert failures == []
    assert data(found) == [b'{"city": "A"}\n', b'{"city": "B"}\n']
    assert [dict(item.keys) for item in found] == [{("partitionKeyFromQuery", "city"): letter} for letter in "AB"]


def test_a_function_gets_no_more_than_its_buffer_at_a_time():
    sizes = []

    def function(arn: str, event: dict[str, Any]) -> dict[str, Any]:
        sizes.append(len(event["records"]))
        return {"records": []}

    done = processing(("Lambda", {"LambdaArn": "arn:f", "BufferSizeInMBs": "1"}))
    done.run(items(*[b"x" * 400_000] * 5), function)
    assert sizes == [2, 2, 1]


def test_a_function_that_fails_is_tried_again_and_may_then_succeed():
    turns = iter([FunctionFailed("Lambda.FunctionError", "no"), None])

    def function(arn: str, event: dict[str, Any]) -> dict[str, Any]:
        failure = next(turns)
        if failure:
            raise failure
        record = event["records"][0]
        return {"records": [{"recordId": record["recordId"], "result": "Ok", "data": record["data"]}]}

    found, failures = processing(("Lambda", {"LambdaArn": "arn:f"})).run(items(b"a"), function)
    assert (data(found), failures) == ([b"a"], [])


@pytest.mark.parametrize(
    ("record", "code"),
    [
        pytest.param({"result": "ProcessingFailed"}, "Lambda.ProcessingFailedStatus", id="failed"),
        pytest.param({"result": "Ok", "data": "%"}, "Lambda.JsonProcessingException", id="no base64"),
        pytest.param({"result": "Fine"}, "Lambda.InvalidResult", id="unknown result"),
        pytest.param(None, "Lambda.MissingRecordId", id="not there"),
    ],
)
def test_a_record_that_a_function_does_not_answer_well_fails_alone(record: dict | None, code: str):
    def function(arn: str, event: dict[str, Any]) -> dict[str, Any]:
        good = {"recordId": "1", "result": "Ok", "data": base64.b64encode(b"b").decode()}
        return {"records": [good] if record is None else [good, {"recordId": "0", **record}]}

    found, [failure] = processing(("Lambda", {"LambdaArn": "arn:f"})).run(items(b"a", b"b"), function)
    assert data(found) == [b"b"]
    assert (failure.code, failure.item.source, failure.more) == (code, b"a", {"lambdaArn": "arn:f"})


@pytest.mark.parametrize(
    ("processor", "partitioned", "message"),
    [
        pytest.param(("Decompression", {}), False, "Decompression is not implemented", id="absent"),
        pytest.param(("Lambda", {}), False, "needs the parameter LambdaArn", id="no function"),
        pytest.param(
            ("MetadataExtraction", {"MetadataExtractionQuery": "{a:.a}"}), False, "only when Dynamic", id="not dynamic"
        ),
        pytest.param(
            ("MetadataExtraction", {"MetadataExtractionQuery": ".a"}), True, "does not construct", id="no object"
        ),
    ],
)
def test_what_is_refused(processor: tuple[str, dict[str, str]], partitioned: bool, message: str):
    with pytest.raises(InvalidArgument, match=message):
        processing(processor, partitioned=partitioned)
