"""Records: written to the shard of their key, read in order, within the shards' limits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import AwsError
from lakelab.cloud.streams.api import KinesisService

LOW, HIGH = "0", str(2**128 - 1)
RATE = "Rate exceeded for shard shardId-000000000000 in stream rides under account 000000000000."


def put(ask, data: str, key: str = "k", hash_key: str = LOW) -> str:
    return ask("PutRecord", StreamName="rides", Data=data.encode(), PartitionKey=key, ExplicitHashKey=hash_key)[
        "SequenceNumber"
    ]


def iterator(ask, kind: str = "TRIM_HORIZON", shard: int = 0, **more: object) -> str:
    shard_id = f"shardId-{shard:012d}"
    return ask("GetShardIterator", StreamName="rides", ShardId=shard_id, ShardIteratorType=kind, **more)[
        "ShardIterator"
    ]


def read(ask, text: str, **more: object) -> list[str]:
    return [record["Data"].decode() for record in ask("GetRecords", ShardIterator=text, **more)["Records"]]


def test_a_record_is_read_as_it_was_written(ask, stream):
    number = put(ask, "hello", key="ann")
    [record] = ask("GetRecords", ShardIterator=iterator(ask))["Records"]
    assert (record["Data"], record["PartitionKey"], record["SequenceNumber"]) == (b"hello", "ann", number)
    assert len(number) == 56


def test_one_key_is_always_in_one_shard_and_in_order(ask, stream):
    answers = [ask("PutRecord", StreamName="rides", Data=str(n).encode(), PartitionKey="ann") for n in range(20)]
    [shard] = {answer["ShardId"] for answer in answers}
    numbers = [answer["SequenceNumber"] for answer in answers]
    assert numbers == sorted(numbers)
    assert read(ask, iterator(ask, shard=int(shard[-1]))) == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        pytest.param("TRIM_HORIZON", {}, ["a", "b", "c"], id="trim horizon"),
        pytest.param("LATEST", {}, [], id="latest"),
        pytest.param("AT_TIMESTAMP", {"Timestamp": datetime.fromtimestamp(1_800_000_001, UTC)}, ["b", "c"], id="time"),
        pytest.param("AT_TIMESTAMP", {"Timestamp": datetime.fromtimestamp(1_800_000_099, UTC)}, [], id="future"),
        pytest.param("AT_SEQUENCE_NUMBER", {"StartingSequenceNumber": "b"}, ["b", "c"], id="at sequence"),
        pytest.param("AFTER_SEQUENCE_NUMBER", {"StartingSequenceNumber": "b"}, ["c"], id="after sequence"),
    ],
)
def test_where_an_iterator_begins(ask, stream, clock, kind, more, expected):
    numbers = {}
    for letter in "abc":
        numbers[letter] = put(ask, letter)
        clock.advance(1)
    more = {name: numbers.get(value, value) if isinstance(value, str) else value for name, value in more.items()}
    assert read(ask, iterator(ask, kind, **more)) == expected


def test_the_next_iterator_goes_on_where_this_one_ended(ask, stream):
    for letter in "abc":
        put(ask, letter)
    first = ask("GetRecords", ShardIterator=iterator(ask), Limit=2)
    assert [record["Data"] for record in first["Records"]] == [b"a", b"b"]
    assert read(ask, first["NextShardIterator"]) == ["c"]


def test_how_far_a_reader_is_behind(ask, stream, clock):
    put(ask, "a")
    put(ask, "b")
    clock.advance(7)
    behind = ask("GetRecords", ShardIterator=iterator(ask), Limit=1)
    assert behind["MillisBehindLatest"] == 7000
    assert ask("GetRecords", ShardIterator=behind["NextShardIterator"])["MillisBehindLatest"] == 0


def test_records_outlive_the_process(ask, stream, kinesis: KinesisService, clock, caller: Caller, tmp_path: Path):
    number = put(ask, "kept")
    again = KinesisService(tmp_path / "kinesis", clock)
    at = wire.invoke(
        again,
        caller,
        "GetShardIterator",
        {"StreamName": "rides", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"},
    )
    [record] = wire.invoke(again, caller, "GetRecords", at)["Records"]
    assert (record["Data"], record["SequenceNumber"]) == (b"kept", number)
    later = wire.invoke(
        again, caller, "PutRecord", {"StreamName": "rides", "Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"}
    )
    assert later["SequenceNumber"] > number


def test_records_expire_with_the_retention(ask, stream, clock):
    put(ask, "old")
    clock.advance(24 * 3600 + 1)
    put(ask, "new")
    assert read(ask, iterator(ask)) == ["new"]


def test_a_thousand_records_a_second_a_shard_and_not_one_more(ask, stream, clock):
    for _ in range(2):
        records = [{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": LOW}] * 500
        assert ask("PutRecords", StreamName="rides", Records=records)["FailedRecordCount"] == 0
    with pytest.raises(AwsError, match=RATE) as refused:
        put(ask, "one more")
    assert refused.value.code == "ProvisionedThroughputExceededException"
    put(ask, "the other shard has its own limit", hash_key=HIGH)
    clock.advance(0.125)
    records = [{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": LOW}] * 150
    answer = ask("PutRecords", StreamName="rides", Records=records)
    assert answer["FailedRecordCount"] == 25
    assert answer["Records"][-1] == {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": RATE}
    assert set(answer["Records"][0]) == {"SequenceNumber", "ShardId"}


def test_a_megabyte_a_second_a_shard(ask, stream, clock):
    half = "x" * 524_000
    put(ask, half)
    put(ask, half)
    with pytest.raises(AwsError, match=RATE):
        put(ask, half)
    clock.advance(1)
    put(ask, half)


def test_on_demand_has_no_such_limit(ask):
    ask("CreateStream", StreamName="rides", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    for _ in range(4):
        records = [{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": LOW}] * 500
        assert ask("PutRecords", StreamName="rides", Records=records)["FailedRecordCount"] == 0


def test_five_reads_a_second_a_shard(ask, stream, clock):
    text = iterator(ask)
    for _ in range(5):
        ask("GetRecords", ShardIterator=text)
    with pytest.raises(AwsError, match=RATE) as refused:
        ask("GetRecords", ShardIterator=text)
    assert refused.value.code == "ProvisionedThroughputExceededException"
    clock.advance(0.25)
    ask("GetRecords", ShardIterator=text)


def test_two_megabytes_a_second_read_of_a_shard(ask, stream, clock):
    for _ in range(6):
        put(ask, "x" * 1_000_000)
        clock.advance(1)
    text = iterator(ask)
    assert len(read(ask, text)) == 6
    with pytest.raises(AwsError, match=RATE):
        ask("GetRecords", ShardIterator=text)
    clock.advance(2.1)
    ask("GetRecords", ShardIterator=text)


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "PutRecord",
            {"StreamName": "none", "Data": b"", "PartitionKey": "k"},
            "ResourceNotFoundException",
            "Stream none under account 000000000000 not found.",
            id="no such stream",
        ),
        pytest.param(
            "PutRecord",
            {"StreamName": "rides", "Data": b"x" * 1_048_577, "PartitionKey": "k"},
            "ValidationException",
            "Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
            id="too large",
        ),
        pytest.param(
            "PutRecord",
            {"StreamName": "rides", "Data": b"", "PartitionKey": "k", "ExplicitHashKey": str(2**128)},
            "InvalidArgumentException",
            "ExplicitHashKey must be in the range: [0, 2^128-1]",
            id="no such hash key",
        ),
        pytest.param(
            "GetShardIterator",
            {"StreamName": "rides", "ShardId": "shardId-000000000009", "ShardIteratorType": "LATEST"},
            "ResourceNotFoundException",
            "Could not find shard shardId-000000000009 in stream rides under account 000000000000.",
            id="no such shard",
        ),
        pytest.param(
            "GetShardIterator",
            {"StreamName": "rides", "ShardId": "shardId-000000000000", "ShardIteratorType": "AT_SEQUENCE_NUMBER"},
            "InvalidArgumentException",
            "Must specify a sequence number for iterator type AT_SEQUENCE_NUMBER.",
            id="no sequence number",
        ),
        pytest.param(
            "GetRecords", {"ShardIterator": "nonsense"}, "InvalidArgumentException", "Invalid ShardIterator.", id="bad"
        ),
    ],
)
def test_what_is_refused(ask, stream, operation, params, code, message):
    with pytest.raises(AwsError) as refused:
        ask(operation, **params)
    assert refused.value.code == code
    assert message in refused.value.message


def test_an_iterator_is_good_for_five_minutes(ask, stream, clock):
    text = iterator(ask)
    clock.advance(301)
    with pytest.raises(AwsError, match="Iterator expired") as refused:
        ask("GetRecords", ShardIterator=text)
    assert refused.value.code == "ExpiredIteratorException"


def test_reading_needs_the_right_on_the_stream(ask, stream, kinesis, caller):
    text = iterator(ask)
    asked = []

    def denial(who: Caller, action: str, resource: str, context: object) -> str:
        asked.append((action, resource))
        return f"User: {who.arn} is not authorized to perform: {action} on resource: {resource}"

    caller.core.denial = denial  # type: ignore[method-assign]
    with pytest.raises(AwsError, match="is not authorized to perform: kinesis:GetRecords") as refused:
        ask("GetRecords", ShardIterator=text)
    assert refused.value.code == "AccessDeniedException"
    assert asked == [("kinesis:GetRecords", "arn:aws:kinesis:us-east-1:000000000000:stream/rides")]
