"""Writing and reading records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lakelab.cloud.errors import AwsError
from lakelab.cloud.streams.errors import InvalidArgument, rate_exceeded, shard_not_found, stream_not_found
from lakelab.cloud.streams.iterators import Iterator
from lakelab.cloud.streams.limits import MIB
from lakelab.cloud.streams.model import Entry, Record, Shard, Stream, hash_key, sequence_number, sequence_of, shard_id
from lakelab.cloud.streams.operations import Operations
from lakelab.cloud.wire import Call, Params

REQUEST_BYTES = 10 * MIB
ANSWER_BYTES = 10 * MIB


class RecordOperations(Operations):
    """PutRecord, PutRecords, GetShardIterator and GetRecords."""

    def put_record(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        if "PartitionKey" not in params:
            raise InvalidArgument("PartitionKey is required.")
        [(shard, sequence)] = self._put(stream, [params], "PutRecord")
        if sequence is None:
            raise rate_exceeded(shard.id, stream.name, stream.account)
        return {
            "ShardId": shard.id,
            "SequenceNumber": sequence_number(sequence),
            "EncryptionType": stream.encryption,
        }

    def put_records(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        volume = sum(len(item["Data"]) + len(item.get("PartitionKey", "").encode()) for item in params["Records"])
        if volume > REQUEST_BYTES:
            raise InvalidArgument(f"Records size exceeds {REQUEST_BYTES // MIB} MB limit")
        answers = []
        for shard, sequence in self._put(stream, params["Records"], "PutRecords"):
            if sequence is None:
                refusal = rate_exceeded(shard.id, stream.name, stream.account)
                answers.append({"ErrorCode": refusal.code, "ErrorMessage": refusal.message})
            else:
                answers.append({"SequenceNumber": sequence_number(sequence), "ShardId": shard.id})
        failed = sum("ErrorCode" in answer for answer in answers)
        return {"FailedRecordCount": failed, "Records": answers, "EncryptionType": stream.encryption}

    def _put(self, stream: Stream, items: Sequence[Params], operation: str) -> list[tuple[Shard, int | None]]:
        entries = [self._entry(stream, item) for item in items]
        provisioned = stream.mode == "PROVISIONED"

        def admit(shard: Shard, entry: Entry) -> bool:
            size = len(entry.data) + len(entry.partition_key.encode())
            return not provisioned or self.limits.admit_write((stream.key, shard.number), size)

        placed = self.store.append(stream, entries, admit)
        self.metrics.written(stream, operation, entries, placed)
        return placed

    @staticmethod
    def _entry(stream: Stream, item: Params) -> Entry:
        key, data = item["PartitionKey"], item["Data"]
        if len(data) > stream.max_record_bytes:
            raise AwsError(
                "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length"
                f" less than or equal to {stream.max_record_bytes}",
                code="ValidationException",
            )
        explicit = item.get("ExplicitHashKey")
        if explicit is not None and int(explicit) >= 1 << 128:
            raise InvalidArgument(
                f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was"
                f" {explicit}"
            )
        return Entry(int(explicit) if explicit is not None else hash_key(key), key, data)

    def get_shard_iterator(self, call: Call, params: Params) -> Params:
        stream = self.stream_of(call, params)
        shard = self.shard_of(stream, params["ShardId"])
        after = self._start(stream, shard, params)
        return {"ShardIterator": Iterator(stream.arn, shard.number, after, self.clock.now()).text()}

    def _start(self, stream: Stream, shard: Shard, params: Params) -> int:
        """The sequence after which an iterator begins to read."""
        match params["ShardIteratorType"]:
            case "TRIM_HORIZON":
                return 0
            case "LATEST":
                return self.store.last(stream, shard.number)
            case "AT_TIMESTAMP":
                if "Timestamp" not in params:
                    raise InvalidArgument("Must specify timestamp parameter for iterator type AT_TIMESTAMP")
                return self.start_at(stream, shard, params["Timestamp"])
        number = params.get("StartingSequenceNumber")
        kind = params["ShardIteratorType"]
        if number is None:
            raise InvalidArgument(f"Must specify a sequence number for iterator type {kind}.")
        sequence = sequence_of(number)
        if sequence < shard.first or (shard.last is not None and sequence > shard.last):
            raise InvalidArgument(
                f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.id} in stream {stream.name}"
                f" under account {stream.account} is invalid."
            )
        return sequence - 1 if kind == "AT_SEQUENCE_NUMBER" else sequence

    def start_at(self, stream: Stream, shard: Shard, moment: datetime) -> int:
        """The sequence after which the records of `moment` and later are."""
        first = self.store.first_since(stream, shard.number, moment.timestamp())
        return self.store.last(stream, shard.number) if first is None else first - 1

    def get_records(self, call: Call, params: Params) -> Params:
        at = Iterator.read(params["ShardIterator"])
        at.check(self.clock.now())
        name = at.stream_arn.rpartition("/")[2]
        stream = self.store.find(call.caller.account, call.caller.region, name)
        if stream is None:
            raise stream_not_found(name, call.caller.account)
        shard = stream.shard(at.shard)
        if shard is None:
            raise shard_not_found(shard_id(at.shard), name, stream.account)
        if stream.mode == "PROVISIONED" and not self.limits.admit_read((stream.key, shard.number)):
            self.metrics.read_refused(stream, shard)
            raise rate_exceeded(shard.id, stream.name, stream.account)
        found, more = self._page(stream, shard, at.after, params.get("Limit", 10_000))
        if stream.mode == "PROVISIONED":
            self.limits.count_read((stream.key, shard.number), sum(record.size for record in found))
        now = self.clock.now()
        behind = round((now - found[-1].arrived) * 1000) if found and more else 0
        self.metrics.read(stream, shard, found, behind)
        after = found[-1].sequence if found else at.after
        ended = not shard.open and not more
        return {
            "Records": [_shown(record, stream) for record in found],
            "NextShardIterator": None if ended else Iterator(stream.arn, shard.number, after, now).text(),
            "MillisBehindLatest": behind,
            "ChildShards": _children(stream, shard) if ended else None,
        }

    def _page(self, stream: Stream, shard: Shard, after: int, limit: int) -> tuple[list[Record], bool]:
        """The records after a place that one answer holds, and whether there are more."""
        records = self.store.read(stream, shard.number, after, limit + 1)
        volume = 0
        for count, record in enumerate(records):
            volume += record.size
            if count == limit or (volume > ANSWER_BYTES and count):
                return records[:count], True
        return records, False


def _shown(record: Record, stream: Stream) -> Params:
    return {
        "SequenceNumber": sequence_number(record.sequence),
        "ApproximateArrivalTimestamp": datetime.fromtimestamp(record.arrived, UTC),
        "Data": record.data,
        "PartitionKey": record.partition_key,
        "EncryptionType": stream.encryption if stream.encryption_key else None,
    }


def _children(stream: Stream, shard: Shard) -> list[Params]:
    return [
        {
            "ShardId": child.id,
            "ParentShards": [shard_id(number) for number in child.parents],
            "HashKeyRange": {"StartingHashKey": str(child.start), "EndingHashKey": str(child.end)},
        }
        for child in stream.shards
        if shard.number in child.parents
    ]
