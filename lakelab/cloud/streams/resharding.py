"""Splitting and merging shards. A closed shard keeps its records until they expire, so that readers drain it first."""

from __future__ import annotations

from lakelab.cloud.streams.errors import Invalid, InvalidArgument, ResourceInUse
from lakelab.cloud.streams.model import Shard, Stream, even_ranges
from lakelab.cloud.streams.operations import Operations
from lakelab.cloud.wire import Call, Params


class ReshardingOperations(Operations):
    """SplitShard, MergeShards, UpdateShardCount and UpdateStreamMode."""

    def split_shard(self, call: Call, params: Params) -> Params:
        stream = self._provisioned(call, params, "SplitShard")
        shard = self._open(stream, params["ShardToSplit"])
        start = int(params["NewStartingHashKey"])
        if not shard.start < start <= shard.end:
            raise InvalidArgument(
                f"NewStartingHashKey {start} used in SplitShard() on shard {shard.id} in stream {stream.name} under"
                f" account {stream.account} is not both greater than one plus the shard's StartingHashKey"
                f" {shard.start} and less than the shard's EndingHashKey {shard.end}."
            )
        self.store.reshard(stream, [shard], [(shard.start, start - 1), (start, shard.end)])
        return {}

    def merge_shards(self, call: Call, params: Params) -> Params:
        stream = self._provisioned(call, params, "MergeShards")
        first, second = (self._open(stream, params[name]) for name in ("ShardToMerge", "AdjacentShardToMerge"))
        low, high = sorted((first, second), key=lambda shard: shard.start)
        if low.end + 1 != high.start:
            raise InvalidArgument(
                f"Shards {first.id} and {second.id} in stream {stream.name} under account {stream.account} are not an"
                " adjacent pair of shards eligible for merging"
            )
        self.store.reshard(stream, [first, second], [(low.start, high.end)])
        return {}

    def update_shard_count(self, call: Call, params: Params) -> Params:
        stream = self._provisioned(call, params, "UpdateShardCount")
        shards, target = stream.open_shards, params["TargetShardCount"]
        current = len(shards)
        if target > 2 * current:
            raise InvalidArgument(
                "UpdateShardCount cannot scale up over double your current open shard count."
                f" Current open shard count: {current} Target shard count: {target}"
            )
        if target * 2 < current:
            raise InvalidArgument(
                "UpdateShardCount cannot scale down below half your current open shard count."
                f" Current open shard count: {current} Target shard count: {target}"
            )
        if target != current:
            self.store.reshard(stream, shards, even_ranges(target))
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "CurrentShardCount": current,
            "TargetShardCount": target,
        }

    def update_stream_mode(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        stream.mode = params["StreamModeDetails"]["StreamMode"]
        self.store.save(stream)
        return {}

    def _provisioned(self, call: Call, params: Params, operation: str) -> Stream:
        stream = self.stream_of(call, params)
        if stream.mode != "PROVISIONED":
            raise Invalid(
                f"Request is invalid. Stream {stream.name} under account {stream.account} is in On-Demand mode."
                f" {operation} is not allowed."
            )
        return stream

    def _open(self, stream: Stream, shard_id: str) -> Shard:
        shard = self.shard_of(stream, shard_id)
        if not shard.open:
            raise ResourceInUse(
                f"Shard {shard.id} in stream {stream.name} under account {stream.account} has already been merged or"
                " split, and thus is not eligible for merging or splitting."
            )
        return shard
