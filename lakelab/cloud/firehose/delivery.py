"""The delivery of one stream: waits until the buffer is full or old enough, and writes one object a partition to S3."""

from __future__ import annotations

import functools
import json
import logging
import random
import string
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.errors import AwsError
from lakelab.cloud.firehose.formats import EXTENSIONS, ParquetConversion, compress
from lakelab.cloud.firehose.model import DeliveryStream
from lakelab.cloud.firehose.prefixes import Context, error_prefix, keys_in, object_prefix, zone
from lakelab.cloud.firehose.processing import FunctionFailed, Processing
from lakelab.cloud.firehose.records import PROCESSING_FAILED, Failure, Item, PartitionKeys
from lakelab.cloud.firehose.store import FirehoseStore, Flush
from lakelab.cloud.roles import Roles
from lakelab.cloud.streams.metrics import Metrics

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
GIVE_UP_SECONDS = 24 * 3600.0  # https://docs.aws.amazon.com/firehose/latest/dev/retry.html
Invoke = Callable[[str, str, dict[str, Any], Caller], dict[str, Any]]


@dataclass(frozen=True)
class Tools:
    """What all deliveries use. `invoke` runs an operation of a lake service, `function` a Lambda function."""

    clock: Clock
    roles: Roles
    store: FirehoseStore
    metrics: Metrics
    invoke: Invoke
    function: Callable[[Caller, str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Object:
    """An object to be written."""

    bucket: str
    key: str
    body: bytes
    records: int


class Delivery:
    """Delivers one stream from a thread of its own."""

    def __init__(self, tools: Tools, stream: DeliveryStream):
        self._tools = tools
        self._stream = stream
        self._signal = tools.clock.signal()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"firehose {stream.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """The buffer or the settings have changed."""
        self._signal.set()

    def stop(self) -> None:
        """Stop; what is in the buffer stays there."""
        self._stopped = True
        self._signal.set()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        pause, failing_since = FIRST_PAUSE, None
        while not self._stopped:
            self._signal.clear()
            wait = self._until_due()
            if wait is None or wait > 0:
                self._signal.wait(wait)
                continue
            now = self._tools.clock.now()
            try:
                self._flush()
                pause, failing_since = FIRST_PAUSE, None
            except (ClientError, BotoCoreError, AwsError, ValueError) as error:
                failing_since = failing_since or now
                self._note(error)
                if now - failing_since > GIVE_UP_SECONDS:
                    self._drop()
                self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                # a thread that ended here would stop the delivery without a word
                log.exception("delivery of %s failed", self._stream.arn)
                self._rest(LONGEST_PAUSE)

    def _until_due(self) -> float | None:
        """The seconds until the next flush; None when nothing waits for one."""
        if self._tools.store.under_way(self._stream):
            return 0
        fill = self._tools.store.fill(self._stream)
        if fill is None:
            return None
        if fill.volume >= self._stream.buffer_bytes:
            return 0
        return fill.oldest + self._stream.buffer_seconds - self._tools.clock.now()

    def _rest(self, seconds: float) -> None:
        end = self._tools.clock.now() + seconds
        while not self._stopped and (left := end - self._tools.clock.now()) > 0:
            self._signal.clear()
            if not self._stopped:
                self._signal.wait(left)

    # ---- one flush

    def _flush(self) -> None:
        stream, store = self._stream, self._tools.store
        role = self._tools.roles.caller(stream.role_arn, stream.region)
        flush = store.begin(stream, stream.buffer_bytes, self._tools.clock.now())
        buffered = store.records(stream, flush.through)
        if buffered:
            items = [Item(record.id, record.arrived, record.data, record.data) for record in buffered]
            s3 = role.client("s3")
            for each in self._objects(flush, items, role):
                s3.put_object(Bucket=each.bucket, Key=each.key, Body=each.body, ContentType="application/octet-stream")
            self._count(items)
        store.end(stream, flush)

    def _objects(self, flush: Flush, items: Sequence[Item], role: Caller) -> Iterator[Object]:
        stream = self._stream
        yield from self._backup(flush, items)
        processing = Processing(
            stream.destination.get("ProcessingConfiguration", {}),
            partitioned=stream.partitioned,
            stream_arn=stream.arn,
            region=stream.region,
        )
        done, failures = processing.run(items, functools.partial(self._tools.function, role))
        partitions: dict[PartitionKeys, list[Item]] = {}
        wanted = keys_in(stream.destination.get("Prefix", ""))
        for item in done:
            keys = dict(item.keys)
            if wanted - set(keys):
                message = "partitionKeys values must not be null or empty"
                failures.append(
                    Failure(item, PROCESSING_FAILED, "DynamicPartitioning.MetadataExtractionFailed", message)
                )
                continue
            of_prefix = tuple(sorted((name, value) for name, value in keys.items() if name in wanted))
            partitions.setdefault(of_prefix, []).append(item)
        for keys, found in partitions.items():
            body, failed = self._body(found, role)
            failures += failed
            if body is not None:
                yield self._object(flush, keys, found, body)
        yield from self._errors(flush, failures)

    def _body(self, items: Sequence[Item], role: Caller) -> tuple[bytes | None, list[Failure]]:
        settings = self._stream.conversion
        if settings is None:
            return b"".join(item.data for item in items), []
        schema = settings["SchemaConfiguration"]
        reader = role
        if schema.get("RoleARN"):
            reader = self._tools.roles.caller(schema["RoleARN"], self._stream.region)

        def table() -> dict[str, Any]:
            params = {"DatabaseName": schema["DatabaseName"], "Name": schema["TableName"]}
            return self._tools.invoke("glue", "GetTable", params, reader)["Table"]

        return ParquetConversion(settings, table).convert(items)

    def _object(self, flush: Flush, keys: PartitionKeys, items: Sequence[Item], body: bytes) -> Object:
        stream, destination = self._stream, self._stream.destination
        context = self._context(flush, items, keys=keys)
        name = self._name(flush)
        if stream.conversion is None:
            extension = EXTENSIONS.get(stream.compression, "")
            body = compress(body, stream.compression, name)
        else:
            extension = ".parquet"
        extension = destination.get("FileExtension") or extension
        key = object_prefix(destination.get("Prefix", ""), context) + name + extension
        return Object(stream.bucket, key, body, len(items))

    def _backup(self, flush: Flush, items: Sequence[Item]) -> Iterator[Object]:
        """The records as they arrived, when S3BackupMode is on."""
        settings = self._stream.destination.get("S3BackupConfiguration")
        if self._stream.destination.get("S3BackupMode") != "Enabled" or not settings:
            return
        format_, name = settings.get("CompressionFormat", "UNCOMPRESSED"), self._name(flush)
        body = compress(b"".join(item.source for item in items), format_, name)
        key = (
            object_prefix(settings.get("Prefix", ""), self._context(flush, items)) + name + EXTENSIONS.get(format_, "")
        )
        yield Object(settings["BucketARN"].rpartition(":")[2], key, body, len(items))

    def _errors(self, flush: Flush, failures: Iterable[Failure]) -> Iterator[Object]:
        destination = self._stream.destination
        kinds: dict[str, list[Failure]] = {}
        for failure in failures:
            kinds.setdefault(failure.kind, []).append(failure)
        for kind, found in kinds.items():
            context = self._context(flush, [failure.item for failure in found], error=kind)
            prefix = error_prefix(destination.get("ErrorOutputPrefix"), destination.get("Prefix", ""), context)
            body = "".join(json.dumps(failure.line(flush.started)) + "\n" for failure in found)
            yield Object(self._stream.bucket, prefix + self._name(flush), body.encode(), len(found))

    def _context(self, flush: Flush, items: Sequence[Item], *, keys: PartitionKeys = (), error: str = "") -> Context:
        moment = datetime.fromtimestamp(
            min(item.arrived for item in items), zone(self._stream.destination.get("CustomTimeZone"))
        )
        # the same flush gives the same random strings, however often it is repeated
        chance = random.Random(f"{flush.name}{keys}{error}")  # noqa: S311
        letters = string.ascii_letters + string.digits
        return Context(moment, error, dict(keys), iter(lambda: "".join(chance.choices(letters, k=11)), ""))

    def _name(self, flush: Flush) -> str:
        """https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html"""
        moment = datetime.fromtimestamp(flush.started, zone(self._stream.destination.get("CustomTimeZone")))
        return f"{self._stream.name}-{self._stream.version}-{moment:%Y-%m-%d-%H-%M-%S}-{flush.name}"

    # ---- what is told of it

    def _count(self, items: Sequence[Item]) -> None:
        age = self._tools.clock.now() - min(item.arrived for item in items)
        self._measure("Records", len(items), "Count")
        self._measure("Bytes", sum(len(item.source) for item in items), "Bytes")
        self._measure("Success", 1, "Count")
        self._measure("DataFreshness", age, "Seconds")

    def _measure(self, name: str, value: float, unit: str) -> None:
        stream, where = self._stream, {"DeliveryStreamName": self._stream.name}
        self._tools.metrics.add(
            stream.account, stream.region, "AWS/Firehose", f"DeliveryToS3.{name}", value, unit, **where
        )

    def _drop(self) -> None:
        flush = self._tools.store.begin(self._stream, self._stream.buffer_bytes, self._tools.clock.now())
        log.error("%s: records up to %s were dropped after a day of failures", self._stream.arn, flush.through)
        self._tools.store.end(self._stream, flush)

    def _note(self, error: Exception) -> None:
        """The failure in our log and, if the stream has one, in its own."""
        stream = self._stream
        log.warning("delivery of %s failed: %s", stream.arn, error)
        self._measure("Success", 0, "Count")
        fill = self._tools.store.fill(stream)
        if fill is not None:
            self._measure("DataFreshness", self._tools.clock.now() - fill.oldest, "Seconds")
        options = stream.destination.get("CloudWatchLoggingOptions", {})
        if not options.get("Enabled"):
            return
        code = error.response.get("Error", {}).get("Code", "Unknown") if isinstance(error, ClientError) else "Unknown"
        message = {
            "deliveryStreamARN": stream.arn,
            "destination": stream.destination["BucketARN"],
            "deliveryStreamVersionId": stream.version,
            "message": str(error),
            "errorCode": f"S3.{code}",
        }
        place = {"logGroupName": options["LogGroupName"], "logStreamName": options["LogStreamName"]}
        event = {"timestamp": int(self._tools.clock.now() * 1000), "message": json.dumps(message)}
        try:
            role = self._tools.roles.caller(stream.role_arn, stream.region)
            role.client("logs").put_log_events(**place, logEvents=[event])
        except (ClientError, BotoCoreError, AwsError) as refused:
            log.warning("%s has no log: %s", stream.arn, refused)


def invoke_function(client: Any, arn: str, event: dict[str, Any]) -> dict[str, Any]:
    """Run a transformation function. Raises FunctionFailed."""
    try:
        answer = client.invoke(FunctionName=arn, Payload=json.dumps(event).encode())
        body = answer["Payload"].read()
    except ClientError as error:
        found = error.response.get("Error", {})
        raise FunctionFailed(f"Lambda.{found.get('Code', 'InvokeFailed')}", found.get("Message", "")) from error
    except BotoCoreError as error:
        raise FunctionFailed("Lambda.InvokeFailed", str(error)) from error
    if answer.get("FunctionError"):
        told = json.loads(body or b"{}")
        timed_out = "timed out" in str(told.get("errorMessage", ""))
        code = "Lambda.FunctionTimedOut" if timed_out else "Lambda.FunctionError"
        raise FunctionFailed(
            code, f"The Lambda function was successfully invoked but it returned an error result. {told}"
        )
    try:
        return json.loads(body)
    except ValueError as error:
        raise FunctionFailed("Lambda.JsonProcessingException", f"The answer is not JSON: {error}") from error
