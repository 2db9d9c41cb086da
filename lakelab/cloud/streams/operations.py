"""What the operations of every part of Kinesis have at hand."""

from __future__ import annotations

from lakelab.cloud.clock import Clock
from lakelab.cloud.streams.errors import InvalidArgument, shard_not_found, stream_not_found
from lakelab.cloud.streams.limits import Limits
from lakelab.cloud.streams.metrics import Metrics
from lakelab.cloud.streams.model import Shard, Stream, shard_number
from lakelab.cloud.streams.store import StreamStore
from lakelab.cloud.wire import Call, Params


class Operations:
    """Base of the classes that hold the operations of one part each; KinesisService is all of them."""

    store: StreamStore
    limits: Limits
    clock: Clock
    metrics: Metrics

    def stream_of(self, call: Call, params: Params) -> Stream:
        """The stream that `StreamName` or `StreamARN` names. Raises ResourceNotFound or InvalidArgument."""
        name = self.stream_name(params)
        if name is None:
            raise InvalidArgument("Either StreamName or StreamARN should be provided.")
        stream = self.store.find(call.caller.account, call.caller.region, name)
        if stream is None:
            raise stream_not_found(name, call.caller.account)
        return stream

    @staticmethod
    def stream_name(params: Params) -> str | None:
        """The name of the stream that a request is about; None when it names none."""
        if params.get("StreamName"):
            return params["StreamName"]
        arn = params.get("StreamARN") or params.get("ResourceARN")
        return arn.rpartition(":stream/")[2].partition("/")[0] if arn else None

    @staticmethod
    def shard_of(stream: Stream, shard_id: str) -> Shard:
        """A shard of the stream by its id. Raises ResourceNotFound."""
        number = shard_number(shard_id)
        shard = None if number is None else stream.shard(number)
        if shard is None:
            raise shard_not_found(shard_id, stream.name, stream.account)
        return shard
