"""The operations of Firehose, for delivery streams to S3.

Source: https://docs.aws.amazon.com/firehose/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError, NotImplementedHere
from lakelab.cloud.firehose.delivery import Delivery, Invoke, Tools, invoke_function
from lakelab.cloud.firehose.errors import (
    ConcurrentModification,
    InvalidArgument,
    ResourceInUse,
    stream_not_found,
)
from lakelab.cloud.firehose.model import DESTINATION_ID, DeliveryStream
from lakelab.cloud.firehose.prefixes import ERROR_TYPE, EXPRESSION, check_prefix, keys_in, zone
from lakelab.cloud.firehose.processing import Processing
from lakelab.cloud.firehose.source import SourceReader
from lakelab.cloud.firehose.store import FirehoseStore
from lakelab.cloud.roles import Roles
from lakelab.cloud.streams.api import KinesisService
from lakelab.cloud.streams.mappings.invocation import lambda_client
from lakelab.cloud.wire import Call, Params, Service

BATCH_BYTES = 4 * (1 << 20)
LEAST_PARTITIONED_MB = 64
STOP_SECONDS = 2.0
UNSUPPORTED = (
    "RedshiftDestinationConfiguration",
    "ElasticsearchDestinationConfiguration",
    "AmazonopensearchserviceDestinationConfiguration",
    "SplunkDestinationConfiguration",
    "HttpEndpointDestinationConfiguration",
    "AmazonOpenSearchServerlessDestinationConfiguration",
    "MSKSourceConfiguration",
    "SnowflakeDestinationConfiguration",
    "IcebergDestinationConfiguration",
    "DatabaseSourceConfiguration",
    "DeliveryStreamEncryptionConfigurationInput",
)


class FirehoseService(Service):
    """The local Firehose.

    Args:
        state: the folder of its file, `firehose.sqlite`.
        kinesis: the streams that can be sources.
        invoke: runs an operation of another lake service with a caller's permissions (the Glue table of a conversion).
        clock: measures buffer intervals and retries.
    """

    name = "firehose"
    iam_prefix = "firehose"
    validation_error = "InvalidArgumentException"

    def __init__(self, state: Path, kinesis: KinesisService, invoke: Invoke, clock: Clock):
        self._store = FirehoseStore(state / "firehose.sqlite")
        self._kinesis = kinesis
        self._invoke = invoke
        self._clock = clock
        self._tools: Tools | None = None
        self._deliveries: dict[str, Delivery] = {}
        self._readers: dict[str, SourceReader] = {}
        self._functions: dict[str, Any] = {}

    def start(self, core: Core) -> None:
        roles = Roles(core, "FirehoseDelivery", "firehose.amazonaws.com")
        self._tools = Tools(self._clock, roles, self._store, self._kinesis.metrics, self._invoke, self._function)
        for stream in self._store.all():
            self._run(stream)

    def close(self) -> None:
        running = [*self._readers.values(), *self._deliveries.values()]
        for each in running:
            each.stop()
        for each in running:
            each.join(STOP_SECONDS)

    def _run(self, stream: DeliveryStream) -> None:
        if self._tools is None:
            return
        delivery = self._deliveries[stream.arn] = Delivery(self._tools, stream)
        delivery.start()
        if stream.source:
            reader = self._readers[stream.arn] = SourceReader(
                self._clock, self._tools.roles, self._store, self._kinesis.store, stream, delivery.wake
            )
            reader.start()

    def _function(self, role: Caller, arn: str, event: dict[str, Any]) -> dict[str, Any]:
        key = role.credentials.access_key
        if key not in self._functions:
            self._functions = {key: lambda_client(role), **dict(list(self._functions.items())[-8:])}
        return invoke_function(self._functions[key], arn, event)

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisfirehose.html"""
        name = params.get("DeliveryStreamName", "*")
        arn = (
            "*" if call.operation == "ListDeliveryStreams" else call.caller.arn_of("firehose", f"deliverystream/{name}")
        )
        yield f"firehose:{call.operation}", arn
        if call.operation == "CreateDeliveryStream":
            for role in sorted(_roles(params)):
                yield "iam:PassRole", role

    # ---- delivery streams

    def create_delivery_stream(self, call: Call, params: Params) -> Params:
        for name in UNSUPPORTED:
            if name in params:
                raise NotImplementedHere(f"{name} is not implemented by the local AWS; it delivers to S3.")
        caller, name = call.caller, params["DeliveryStreamName"]
        if self._store.find(caller.account, caller.region, name):
            raise ResourceInUse(f"Firehose {name} under accountId {caller.account} already exists")
        destination = params.get("ExtendedS3DestinationConfiguration") or params.get("S3DestinationConfiguration")
        if destination is None:
            raise InvalidArgument("Exactly one destination configuration is supported for a Firehose")
        kind, source = params.get("DeliveryStreamType", "DirectPut"), params.get("KinesisStreamSourceConfiguration")
        if (kind == "KinesisStreamAsSource") != (source is not None):
            raise InvalidArgument(
                "KinesisStreamSourceConfiguration is only applicable for KinesisStreamAsSource stream type."
            )
        tags = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags", ())}
        stream = DeliveryStream(
            0, caller.account, caller.region, name, self._clock.now(), destination, source, tags=tags
        )
        self._check(caller, stream)
        self._store.create(stream, self._starts(caller, stream))
        self._run(stream)
        return {"DeliveryStreamARN": stream.arn}

    def describe_delivery_stream(self, call: Call, params: Params) -> Params:
        return {"DeliveryStreamDescription": self._stream(call, params).described()}

    def list_delivery_streams(self, call: Call, params: Params) -> Params:
        start, limit = params.get("ExclusiveStartDeliveryStreamName", ""), params.get("Limit", 10)
        names = sorted(
            stream.name
            for stream in self._store.all()
            if (stream.account, stream.region) == (call.caller.account, call.caller.region)
            and stream.name > start
            and params.get("DeliveryStreamType") in (None, stream.kind)
        )
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    def update_destination(self, call: Call, params: Params) -> Params:
        stream = self._stream(call, params)
        update = params.get("ExtendedS3DestinationUpdate") or params.get("S3DestinationUpdate")
        if update is None:
            raise NotImplementedHere("Only destinations in S3 can be updated.")
        if params["CurrentDeliveryStreamVersionId"] != str(stream.version):
            raise ConcurrentModification(
                f"Cannot update firehose: {stream.name} since the current version id: {stream.version} and specified"
                f" version id: {params['CurrentDeliveryStreamVersionId']} do not match"
            )
        if params["DestinationId"] != DESTINATION_ID:
            raise InvalidArgument(f"Destination Id {params['DestinationId']} not found")
        update = dict(update)
        backup = update.pop("S3BackupUpdate", None)
        destination = {**stream.destination, **update}
        if backup:
            destination["S3BackupConfiguration"] = {**destination.get("S3BackupConfiguration", {}), **backup}
        changed = DeliveryStream(
            stream.key, stream.account, stream.region, stream.name, stream.created, destination, stream.source
        )
        self._check(call.caller, changed)
        stream.destination, stream.version, stream.updated = destination, stream.version + 1, self._clock.now()
        self._store.save(stream)
        self._wake(stream)
        return {}

    def delete_delivery_stream(self, call: Call, params: Params) -> Params:
        stream = self._stream(call, params)
        for running in (self._readers.pop(stream.arn, None), self._deliveries.pop(stream.arn, None)):
            if running is not None:
                running.stop()
                running.join(STOP_SECONDS)
        self._store.delete(stream)
        return {}

    # ---- records

    def put_record(self, call: Call, params: Params) -> Params:
        stream = self._direct(call, params)
        record_id = self._take(stream, [params["Record"]["Data"]])[0]
        return {"RecordId": record_id, "Encrypted": False}

    def put_record_batch(self, call: Call, params: Params) -> Params:
        stream = self._direct(call, params)
        data = [record["Data"] for record in params["Records"]]
        if sum(map(len, data)) > BATCH_BYTES:
            raise InvalidArgument("Records size exceeds 4 MB limit")
        ids = self._take(stream, data)
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": [{"RecordId": each} for each in ids]}

    def _direct(self, call: Call, params: Params) -> DeliveryStream:
        stream = self._stream(call, params)
        if stream.source:
            raise InvalidArgument("This operation is not permitted on KinesisStreamAsSource delivery stream type.")
        return stream

    def _take(self, stream: DeliveryStream, data: list[bytes]) -> list[str]:
        now = self._clock.now()
        records = [(str(uuid4()), now, each) for each in data]
        self._store.add(stream, records)
        where = {"DeliveryStreamName": stream.name}
        add = self._kinesis.metrics.add
        add(stream.account, stream.region, "AWS/Firehose", "IncomingRecords", len(data), "Count", **where)
        add(stream.account, stream.region, "AWS/Firehose", "IncomingBytes", sum(map(len, data)), "Bytes", **where)
        self._wake(stream)
        return [record[0] for record in records]

    def _wake(self, stream: DeliveryStream) -> None:
        delivery = self._deliveries.get(stream.arn)
        if delivery is not None:
            delivery.wake()

    # ---- tags

    def tag_delivery_stream(self, call: Call, params: Params) -> Params:
        stream = self._stream(call, params)
        stream.tags |= {tag["Key"]: tag.get("Value", "") for tag in params["Tags"]}
        self._store.save(stream)
        return {}

    def untag_delivery_stream(self, call: Call, params: Params) -> Params:
        stream = self._stream(call, params)
        stream.tags = {key: value for key, value in stream.tags.items() if key not in params["TagKeys"]}
        self._store.save(stream)
        return {}

    def list_tags_for_delivery_stream(self, call: Call, params: Params) -> Params:
        stream = self._stream(call, params)
        start, limit = params.get("ExclusiveStartTagKey", ""), params.get("Limit", 50)
        found = [{"Key": key, "Value": value} for key, value in sorted(stream.tags.items()) if key > start]
        return {"Tags": found[:limit], "HasMoreTags": len(found) > limit}

    # ---- what they have in common

    def _stream(self, call: Call, params: Params) -> DeliveryStream:
        name = params["DeliveryStreamName"]
        stream = self._store.find(call.caller.account, call.caller.region, name)
        if stream is None:
            raise stream_not_found(name, call.caller.account)
        return stream

    def _check(self, caller: Caller, stream: DeliveryStream) -> None:
        """Raises InvalidArgument for settings that AWS would refuse."""
        destination = stream.destination
        _check_role(caller, stream.role_arn)
        zone(destination.get("CustomTimeZone"))
        processing = Processing(
            destination.get("ProcessingConfiguration", {}),
            partitioned=stream.partitioned,
            stream_arn=stream.arn,
            region=stream.region,
        )
        _check_prefixes(stream, processing.query_keys)
        hints = destination.get("BufferingHints", {})
        if stream.partitioned and hints.get("SizeInMBs", LEAST_PARTITIONED_MB) < LEAST_PARTITIONED_MB:
            raise InvalidArgument("BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.")
        conversion = stream.conversion
        if conversion is None:
            return
        if hints.get("SizeInMBs", LEAST_PARTITIONED_MB) < LEAST_PARTITIONED_MB:
            raise InvalidArgument(
                "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled."
            )
        if stream.compression != "UNCOMPRESSED":
            raise InvalidArgument("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.")
        for part in ("SchemaConfiguration", "InputFormatConfiguration", "OutputFormatConfiguration"):
            if part not in conversion:
                raise InvalidArgument(f"{part} must be specified when data format conversion is enabled.")
        if "OrcSerDe" in conversion["OutputFormatConfiguration"].get("Serializer", {}):
            raise NotImplementedHere("Record format conversion to ORC is not implemented by the local AWS.")

    def _starts(self, caller: Caller, stream: DeliveryStream) -> dict[int, int]:
        """A new delivery stream reads what comes after it was made: the newest sequence of each shard."""
        if not stream.source:
            return {}
        _check_role(caller, stream.source["RoleARN"])
        arn = stream.source["KinesisStreamARN"]
        source = self._kinesis.store.find(stream.account, stream.region, arn.rpartition("/")[2])
        if source is None:
            raise InvalidArgument(f"Source Kinesis stream {arn} does not exist.")
        return {shard.number: self._kinesis.store.last(source, shard.number) for shard in source.shards}


def _roles(params: Params) -> Iterator[str]:
    for name in (
        "ExtendedS3DestinationConfiguration",
        "S3DestinationConfiguration",
        "KinesisStreamSourceConfiguration",
    ):
        if name in params:
            yield params[name]["RoleARN"]


def _check_role(caller: Caller, role_arn: str) -> None:
    try:
        caller.core.assume_role(
            role_arn,
            "FirehoseDelivery",
            account=caller.account,
            region=caller.region,
            service="firehose.amazonaws.com",
        )
    except AwsError as error:
        raise InvalidArgument(
            f"Firehose is unable to assume role {role_arn}. Please check the role provided."
        ) from error


def _check_prefixes(stream: DeliveryStream, query_keys: set[tuple[str, str]]) -> None:
    prefix = stream.destination.get("Prefix", "")
    error = stream.destination.get("ErrorOutputPrefix")
    check_prefix(prefix, is_error=False, partition_keys=query_keys if stream.partitioned else None)
    check_prefix(error or "", is_error=True, partition_keys=None)
    if EXPRESSION.search(prefix) and not error:
        raise InvalidArgument("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")
    if error and EXPRESSION.search(error) and f"!{{firehose:{ERROR_TYPE}}}" not in error:
        raise InvalidArgument(
            "If ErrorOutputPrefix contains expressions, it must contain !{firehose:error-output-type}."
        )
    if stream.partitioned and not keys_in(prefix):
        raise InvalidArgument("Prefix must contain partition keys when Dynamic Partitioning is enabled.")
