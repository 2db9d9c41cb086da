"""A Kinesis stream as the source of a delivery stream: its records are read into the buffer, each once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from lakelab.cloud.clock import Clock
from lakelab.cloud.errors import AwsError
from lakelab.cloud.firehose.model import DeliveryStream
from lakelab.cloud.firehose.store import FirehoseStore
from lakelab.cloud.roles import Roles
from lakelab.cloud.streams.model import Shard, Stream, sequence_number
from lakelab.cloud.streams.store import StreamStore

log = logging.getLogger(__name__)

READ_ACTIONS = ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards")
RECORDS_A_READ = 5000
LOOK_SECONDS = 5.0
DENIED_PAUSE = 2.0


class SourceReader:
    """Reads all shards of the source in one thread; a closed shard is drained before its children."""

    def __init__(
        self,
        clock: Clock,
        roles: Roles,
        store: FirehoseStore,
        streams: StreamStore,
        stream: DeliveryStream,
        on_records: Callable[[], None],
    ):
        assert stream.source is not None
        self._clock = clock
        self._roles = roles
        self._store = store
        self._streams = streams
        self._stream = stream
        self._arn: str = stream.source["KinesisStreamARN"]
        self._role_arn: str = stream.source["RoleARN"]
        self._on_records = on_records
        self._signal = clock.signal()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"firehose source {stream.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._signal.set()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        subscribed: Stream | None = None
        while not self._stopped:
            source = self._streams.find(self._stream.account, self._stream.region, self._arn.rpartition("/")[2])
            if source is not subscribed:
                if subscribed is not None:
                    self._streams.unsubscribe(subscribed, self._signal)
                if source is not None:
                    self._streams.subscribe(source, self._signal)
                subscribed = source
            self._signal.clear()
            if source is None:
                self._signal.wait(LOOK_SECONDS)
                continue
            try:
                if not self._read(source):
                    self._signal.wait(LOOK_SECONDS)
            except AwsError as error:
                log.warning("%s cannot read %s: %s", self._stream.arn, self._arn, error.message)
                self._clock.sleep(DENIED_PAUSE)
            except Exception:
                # a thread that ended here would stop the source without a word
                log.exception("%s could not read %s", self._stream.arn, self._arn)
                self._clock.sleep(DENIED_PAUSE)
        if subscribed is not None:
            self._streams.unsubscribe(subscribed, self._signal)

    def _read(self, source: Stream) -> bool:
        """Read what there is. Whether there was something."""
        self._roles.allowed(self._role_arn, self._stream.region, READ_ACTIONS, self._arn)
        found = False
        for shard in list(source.shards):
            if self._parents_are_drained(source, shard):
                found |= self._read_shard(source, shard)
        if found:
            self._on_records()
        return found

    def _read_shard(self, source: Stream, shard: Shard) -> bool:
        after = self._store.checkpoint(self._stream, shard.number)
        records = self._streams.read(source, shard.number, after, RECORDS_A_READ)
        if records:
            taken = [(sequence_number(record.sequence), record.arrived, record.data) for record in records]
            self._store.add_from_shard(self._stream, shard.number, records[-1].sequence, taken)
        return bool(records)

    def _parents_are_drained(self, source: Stream, shard: Shard) -> bool:
        for number in shard.parents:
            if source.shard(number) is None:
                continue  # it has expired
            after = self._store.checkpoint(self._stream, number)
            if self._streams.read(source, number, after, 1):
                return False
        return True
