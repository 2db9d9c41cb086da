"""The processors of a delivery stream, in AWS's order: de-aggregation, Lambda, partition keys, delimiter.

Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lakelab.cloud.firehose.errors import InvalidArgument
from lakelab.cloud.firehose.jq import JqError, KeyQuery
from lakelab.cloud.firehose.records import PROCESSING_FAILED, Failure, Item, PartitionKeys

SUPPORTED = ("Lambda", "MetadataExtraction", "RecordDeAggregation", "AppendDelimiterToRecord")
SUB_RECORDS = 500
LAMBDA_BYTES = 6_000_000 * 3 // 4  # the 6 MB that a function's event may have, before base64
DEFAULT_RETRIES = 3
DEFAULT_LAMBDA_MB = 1.0
MB = 1 << 20

InvokeFunction = Callable[[str, dict[str, Any]], dict[str, Any]]  # (ARN, event) -> answer; raises FunctionFailed
Outcome = tuple[list[Item], list[Failure]]


class FunctionFailed(Exception):
    """The function did not run, or ended with an error.

    Args:
        code: as Firehose names it, `Lambda.FunctionError`.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


class Processing:
    """What is done to the records of a flush.

    Args:
        settings: the stream's ProcessingConfiguration.
        partitioned: whether dynamic partitioning is on.
        stream_arn: for the function's event.

    Raises:
        InvalidArgument: a processor or a parameter of it cannot be used.
    """

    def __init__(self, settings: dict[str, Any], *, partitioned: bool, stream_arn: str, region: str):
        self._stream_arn = stream_arn
        self._region = region
        self._partitioned = partitioned
        self._steps: dict[str, dict[str, str]] = {}
        self._query: KeyQuery | None = None
        self.query_keys: set[tuple[str, str]] = set()
        if not settings.get("Enabled"):
            return
        for processor in settings.get("Processors", ()):
            kind = processor["Type"]
            if kind not in SUPPORTED:
                raise InvalidArgument(f"The processor {kind} is not implemented by the local AWS.")
            self._steps[kind] = {
                each["ParameterName"]: each["ParameterValue"] for each in processor.get("Parameters", ())
            }
        if "MetadataExtraction" in self._steps:
            self._compile(self._steps["MetadataExtraction"])
        if "Lambda" in self._steps and "LambdaArn" not in self._steps["Lambda"]:
            raise InvalidArgument("The Lambda processor needs the parameter LambdaArn.")

    def _compile(self, parameters: dict[str, str]) -> None:
        if not self._partitioned:
            raise InvalidArgument("MetadataExtraction processor is valid only when Dynamic Partitioning is enabled.")
        try:
            self._query = KeyQuery(parameters.get("MetadataExtractionQuery", ""))
        except JqError as error:
            raise InvalidArgument(f"MetadataExtractionQuery is not valid: {error}") from error
        self.query_keys = {("partitionKeyFromQuery", name) for name in self._query.names}

    def run(self, items: Sequence[Item], invoke: InvokeFunction) -> Outcome:
        """The records that are to be delivered, with their partition keys, and those that failed."""
        failures: list[Failure] = []
        done = list(items)
        if "RecordDeAggregation" in self._steps:
            done = [part for item in done for part in self._parts(item)]
        if "Lambda" in self._steps:
            done, failed = self._transform(done, invoke)
            failures += failed
        if self._partitioned:
            done, failed = self._with_keys(done)
            failures += failed
        if "AppendDelimiterToRecord" in self._steps:
            delimiter = _delimiter(self._steps["AppendDelimiterToRecord"].get("Delimiter", "\\n"))
            done = [item.with_data(item.data + delimiter) for item in done]
        return done, failures

    # ---- de-aggregation

    def _parts(self, item: Item) -> Iterator[Item]:
        parameters = self._steps["RecordDeAggregation"]
        if parameters.get("SubRecordType", "JSON") == "DELIMITED":
            delimiter = base64.b64decode(parameters["Delimiter"])
            parts = [part for part in item.data.split(delimiter) if part]
        else:
            parts = _json_documents(item.data)
        for number, part in enumerate(parts[:SUB_RECORDS]):
            yield Item(f"{item.id}.{number}", item.arrived, part, part)

    # ---- Lambda

    def _transform(self, items: list[Item], invoke: InvokeFunction) -> Outcome:
        """https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"""
        parameters = self._steps["Lambda"]
        size = min(float(parameters.get("BufferSizeInMBs", DEFAULT_LAMBDA_MB)) * MB, LAMBDA_BYTES)
        done: list[Item] = []
        failures: list[Failure] = []
        for batch in _by_size(items, size):
            passed, failed = self._transform_batch(batch, parameters, invoke)
            done += passed
            failures += failed
        return done, failures

    def _transform_batch(self, items: list[Item], parameters: dict[str, str], invoke: InvokeFunction) -> Outcome:
        arn = parameters["LambdaArn"]
        attempts = int(parameters.get("NumberOfRetries", DEFAULT_RETRIES)) + 1
        event = {
            "invocationId": items[0].id,
            "deliveryStreamArn": self._stream_arn,
            "region": self._region,
            "records": [
                {
                    "recordId": item.id,
                    "approximateArrivalTimestamp": int(item.arrived * 1000),
                    "data": base64.b64encode(item.data).decode(),
                }
                for item in items
            ],
        }
        failure = FunctionFailed("Lambda.FunctionError", "")
        for _ in range(attempts):
            try:
                answer = invoke(arn, event)
            except FunctionFailed as error:
                failure = error
                continue
            return self._answered(items, answer, arn)
        more = {"lambdaArn": arn}
        return [], [Failure(item, PROCESSING_FAILED, failure.code, failure.message, attempts, more) for item in items]

    @staticmethod
    def _answered(items: list[Item], answer: dict[str, Any], arn: str) -> Outcome:
        done: list[Item] = []
        failures: list[Failure] = []
        found: dict[str, dict[str, Any]] = {}
        for record in answer.get("records", ()) if isinstance(answer, dict) else ():
            found.setdefault(record.get("recordId"), record)

        def fail(item: Item, code: str, message: str) -> None:
            failures.append(Failure(item, PROCESSING_FAILED, code, message, more={"lambdaArn": arn}))

        for item in items:
            record = found.get(item.id)
            if record is None:
                message = (
                    "One or more record Ids were not returned. Ensure that the Lambda function returns all of them."
                )
                fail(item, "Lambda.MissingRecordId", message)
                continue
            match record.get("result"):
                case "Ok":
                    try:
                        data = base64.b64decode(record.get("data", ""), validate=True)
                    except (binascii.Error, TypeError) as error:
                        fail(item, "Lambda.JsonProcessingException", f"The data is not base64: {error}")
                        continue
                    given = (record.get("metadata") or {}).get("partitionKeys") or {}
                    keys = tuple(
                        sorted((("partitionKeyFromLambda", name), str(value)) for name, value in given.items())
                    )
                    done.append(item.with_data(data, keys))
                case "Dropped":
                    continue
                case "ProcessingFailed":
                    fail(item, "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
                case other:
                    fail(item, "Lambda.InvalidResult", f"The result {other!r} is not Ok, Dropped or ProcessingFailed")
        return done, failures

    # ---- partition keys

    def _with_keys(self, items: list[Item]) -> Outcome:
        if self._query is None:
            return items, []
        done: list[Item] = []
        failures: list[Failure] = []
        for item in items:
            try:
                done.append(item.with_data(item.data, item.keys + _extracted(self._query, item.data)))
            except JqError as error:
                code = "DynamicPartitioning.MetadataExtractionFailed"
                failures.append(Failure(item, PROCESSING_FAILED, code, str(error)))
        return done, failures


def _extracted(query: KeyQuery, data: bytes) -> PartitionKeys:
    try:
        document = data.decode()
        json.loads(document)
    except ValueError as error:
        raise JqError("Non JSON record provided") from error
    keys = []
    for name, value in sorted(query.keys(document).items()):
        if value is None or value == "" or isinstance(value, dict | list):
            raise JqError("partitionKeys values must not be null or empty")
        text = json.dumps(value) if not isinstance(value, str) else value
        keys.append((("partitionKeyFromQuery", name), text))
    return tuple(keys)


def _delimiter(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1") if "\\" in text else text.encode()


def _json_documents(data: bytes) -> list[bytes]:
    """JSON objects one after the other, with or without line breaks between; data that is none stays whole."""
    decoder, found = json.JSONDecoder(), []
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [data]
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            _, end = decoder.raw_decode(text, position)
        except ValueError:
            return [data]
        found.append(text[position:end].encode())
        position = end
    return found


def _by_size(items: list[Item], size: float) -> Iterator[list[Item]]:
    batch: list[Item] = []
    volume = 0
    for item in items:
        if batch and volume + len(item.data) > size:
            yield batch
            batch, volume = [], 0
        batch.append(item)
        volume += len(item.data)
    if batch:
        yield batch
