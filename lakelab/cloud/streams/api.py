"""The operations of Kinesis Data Streams.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.streams.errors import ExpiredToken, Invalid, InvalidArgument, ResourceInUse
from lakelab.cloud.streams.iterators import Iterator
from lakelab.cloud.streams.limits import Limits
from lakelab.cloud.streams.metrics import Metrics
from lakelab.cloud.streams.model import ENHANCED_METRICS, Shard, Stream, sequence_number, shard_id, shard_number
from lakelab.cloud.streams.records import RecordOperations
from lakelab.cloud.streams.resharding import ReshardingOperations
from lakelab.cloud.streams.store import StreamStore
from lakelab.cloud.wire import Call, Params, Service

ON_DEMAND_SHARDS = 4
TOKEN_SECONDS = 300
LONGEST_RETENTION_HOURS = 8760
SHARDS_OF_AN_ACCOUNT = 500


class KinesisService(RecordOperations, ReshardingOperations, Service):
    """The local Kinesis Data Streams.

    Args:
        state: the folder of its file, `streams.sqlite`.
        clock: gives records their time of arrival and refills the shards' limits.
    """

    name = "kinesis"
    iam_prefix = "kinesis"

    def __init__(self, state: Path, clock: Clock):
        self.clock = clock
        self.store = StreamStore(state / "streams.sqlite", clock)
        self.limits = Limits(clock)
        self.metrics = Metrics(clock)

    def start(self, core: Core) -> None:
        self.metrics.start(core)

    def close(self) -> None:
        self.metrics.close()

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html"""
        if call.operation in ("ListStreams", "DescribeLimits", "DescribeAccountSettings"):
            arn = "*"
        elif call.operation == "GetRecords":
            arn = Iterator.read(params["ShardIterator"]).stream_arn
        elif call.operation == "ListShards" and "NextToken" in params:
            arn = call.caller.arn_of("kinesis", f"stream/{_token(params['NextToken'])[0]}")
        else:
            arn = call.caller.arn_of("kinesis", f"stream/{self.stream_name(params) or '*'}")
        yield f"kinesis:{call.operation}", arn

    # ---- streams

    def create_stream(self, call: Call, params: Params) -> Params:
        caller, name = call.caller, params["StreamName"]
        mode = params.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        shards = params.get("ShardCount")
        if mode == "ON_DEMAND" and shards is not None:
            raise Invalid("ShardCount must not be provided for a stream in ON_DEMAND mode.")
        if mode == "PROVISIONED" and shards is None:
            raise Invalid("ShardCount is required for a stream in PROVISIONED mode.")
        if self.store.find(caller.account, caller.region, name):
            raise ResourceInUse(f"Stream {name} under account {caller.account} already exists.")
        count = ON_DEMAND_SHARDS if shards is None else shards
        stream = self.store.create(caller.account, caller.region, name, count, mode, params.get("Tags", {}))
        if "MaxRecordSizeInKiB" in params:
            stream.max_record_kib = params["MaxRecordSizeInKiB"]
            self.store.save(stream)
        return {}

    def delete_stream(self, call: Call, params: Params) -> Params:
        self.store.delete(self.stream_of(call, params))
        return {}

    def list_streams(self, call: Call, params: Params) -> Params:
        start = params.get("ExclusiveStartStreamName") or params.get("NextToken") or ""
        limit = params.get("Limit", 100)
        found = [
            stream for stream in self.store.streams(call.caller.account, call.caller.region) if stream.name > start
        ]
        page = found[:limit]
        return {
            "StreamNames": [stream.name for stream in page],
            "HasMoreStreams": len(found) > limit,
            "NextToken": page[-1].name if len(found) > limit else None,
            "StreamSummaries": [
                {
                    "StreamName": stream.name,
                    "StreamARN": stream.arn,
                    "StreamStatus": "ACTIVE",
                    "StreamModeDetails": {"StreamMode": stream.mode},
                    "StreamCreationTimestamp": datetime.fromtimestamp(stream.created, UTC),
                }
                for stream in page
            ],
        }

    def describe_stream(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        start = shard_number(params.get("ExclusiveStartShardId", ""))
        shards = [shard for shard in stream.shards if start is None or shard.number > start]
        limit = params.get("Limit", 100)
        description = {
            **_described(stream),
            "Shards": [_shown(shard) for shard in shards[:limit]],
            "HasMoreShards": len(shards) > limit,
        }
        return {"StreamDescription": description}

    def describe_stream_summary(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        counts = {"OpenShardCount": len(stream.open_shards), "ConsumerCount": 0}
        return {
            "StreamDescriptionSummary": {**_described(stream), **counts, "MaxRecordSizeInKiB": stream.max_record_kib}
        }

    def list_shards(self, call: Call, params: Params) -> Params:
        if "NextToken" in params:
            if params.get("StreamName"):
                raise InvalidArgument("NextToken and StreamName cannot be provided together.")
            name, after, made = _token(params["NextToken"])
            if self.clock.now() - made > TOKEN_SECONDS:
                raise ExpiredToken("NextToken has expired.")
            stream = self.stream_of(call, {"StreamName": name})
        else:
            stream = self.stream_of(call, params)
            start = shard_number(params.get("ExclusiveStartShardId", ""))
            after = -1 if start is None else start
        shards = [shard for shard in self._filtered(stream, params.get("ShardFilter")) if shard.number > after]
        limit = params.get("MaxResults", 1000)
        token = None
        if len(shards) > limit:
            parts = [stream.name, shards[limit - 1].number, self.clock.now()]
            token = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()
        return {"Shards": [_shown(shard) for shard in shards[:limit]], "NextToken": token}

    @staticmethod
    def _filtered(stream: Stream, chosen: Params | None) -> list[Shard]:
        """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html"""
        match chosen:
            case {"Type": "AT_LATEST"}:
                return stream.open_shards
            case {"Type": "AT_TRIM_HORIZON"}:
                return [shard for shard in stream.shards if not shard.parents]
            case {"Type": "AFTER_SHARD_ID", "ShardId": after}:
                number = shard_number(after)
                return [shard for shard in stream.shards if number is None or shard.number > number]
            case {"Type": "FROM_TIMESTAMP", "Timestamp": since}:
                moment = since.timestamp()
                return [shard for shard in stream.shards if shard.closed_at is None or shard.closed_at >= moment]
            case {"Type": "AT_TIMESTAMP", "Timestamp": at}:
                moment = at.timestamp()
                closed = {shard.number: shard.closed_at for shard in stream.shards}
                return [
                    shard
                    for shard in stream.shards
                    if (shard.closed_at is None or shard.closed_at >= moment)
                    and all((closed.get(number) or 0.0) <= moment for number in shard.parents)
                ]
            case {"Type": "AFTER_SHARD_ID" | "FROM_TIMESTAMP" | "AT_TIMESTAMP" as kind}:
                raise InvalidArgument(f"The shard filter {kind} lacks the value that it compares with.")
        return stream.shards

    def describe_limits(self, call: Call, params: Params) -> Params:
        streams = self.store.streams(call.caller.account, call.caller.region)
        return {
            "ShardLimit": SHARDS_OF_AN_ACCOUNT,
            "OpenShardCount": sum(len(stream.open_shards) for stream in streams),
            "OnDemandStreamCount": sum(stream.mode == "ON_DEMAND" for stream in streams),
            "OnDemandStreamCountLimit": 50,
        }

    # ---- settings

    def increase_stream_retention_period(self, call: Call, params: Params) -> Params:
        return self._retain(call, params, "shorter", "Decrease", lambda hours, now: hours >= now)

    def decrease_stream_retention_period(self, call: Call, params: Params) -> Params:
        return self._retain(call, params, "longer", "Increase", lambda hours, now: hours <= now)

    def _retain(self, call: Call, params: Params, word: str, other: str, allowed: Any) -> Params:
        stream, hours = self.stream_of(call, params), params["RetentionPeriodHours"]
        if not 24 <= hours <= LONGEST_RETENTION_HOURS:
            raise InvalidArgument(
                f"Retention period must be between 24 and {LONGEST_RETENTION_HOURS} hours, got {hours}."
            )
        if not allowed(hours, stream.retention_hours):
            raise InvalidArgument(
                f"Requested retention period ({hours} hours) for stream {stream.name} can not be {word} than existing"
                f" retention period ({stream.retention_hours} hours). Use {other}RetentionPeriod API."
            )
        stream.retention_hours = hours
        self.store.save(stream)
        return {}

    def update_max_record_size(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        stream.max_record_kib = params["MaxRecordSizeInKiB"]
        self.store.save(stream)
        return {}

    def start_stream_encryption(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        stream.encryption_key = params["KeyId"]
        self.store.save(stream)
        return {}

    def stop_stream_encryption(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        stream.encryption_key = None
        self.store.save(stream)
        return {}

    def enable_enhanced_monitoring(self, call: Call, params: Params) -> Params:
        return self._monitor(call, params, lambda now, named: now | named)

    def disable_enhanced_monitoring(self, call: Call, params: Params) -> Params:
        return self._monitor(call, params, lambda now, named: now - named)

    def _monitor(self, call: Call, params: Params, change: Any) -> Params:
        stream, named = self.stream_of(call, params), set(params["ShardLevelMetrics"])
        before = stream.metrics
        stream.metrics = sorted(change(set(before), set(ENHANCED_METRICS) if "ALL" in named else named))
        self.store.save(stream)
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "CurrentShardLevelMetrics": before,
            "DesiredShardLevelMetrics": stream.metrics,
        }

    # ---- tags

    def add_tags_to_stream(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        stream.tags |= params["Tags"]
        self.store.save(stream)
        return {}

    def remove_tags_from_stream(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        stream.tags = {key: value for key, value in stream.tags.items() if key not in params["TagKeys"]}
        self.store.save(stream)
        return {}

    def list_tags_for_stream(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        start, limit = params.get("ExclusiveStartTagKey", ""), params.get("Limit", 50)
        found = [(key, value) for key, value in sorted(stream.tags.items()) if key > start]
        return {
            "Tags": [{"Key": key, "Value": value} for key, value in found[:limit]],
            "HasMoreTags": len(found) > limit,
        }

    def tag_resource(self, call: Call, params: Params) -> Params:
        return self.add_tags_to_stream(call, params)

    def untag_resource(self, call: Call, params: Params) -> Params:
        return self.remove_tags_from_stream(call, params)

    def list_tags_for_resource(self, call: Call, params: Params) -> Params:
        tags = self.stream_of(call, params).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _token(text: str) -> tuple[str, int, float]:
    try:
        name, after, made = json.loads(base64.urlsafe_b64decode(text.encode()))
        return str(name), int(after), float(made)
    except ValueError as error:
        raise InvalidArgument("NextToken is invalid.") from error


def _described(stream: Stream) -> Params:
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": datetime.fromtimestamp(stream.created, UTC),
        "EnhancedMonitoring": [{"ShardLevelMetrics": stream.metrics}],
        "EncryptionType": stream.encryption,
        "KeyId": stream.encryption_key,
    }


def _shown(shard: Shard) -> Params:
    return {
        "ShardId": shard.id,
        "ParentShardId": None if shard.parent is None else shard_id(shard.parent),
        "AdjacentParentShardId": None if shard.adjacent is None else shard_id(shard.adjacent),
        "HashKeyRange": {"StartingHashKey": str(shard.start), "EndingHashKey": str(shard.end)},
        "SequenceNumberRange": {
            "StartingSequenceNumber": sequence_number(shard.first),
            "EndingSequenceNumber": None if shard.last is None else sequence_number(shard.last),
        },
    }
