"""Streams: made, described, listed, changed and deleted."""

from __future__ import annotations

import pytest

from lakelab.cloud.errors import AwsError


def summary(ask, name: str = "rides") -> dict:
    return ask("DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]


def test_a_stream_is_described_as_it_was_made(ask):
    ask("CreateStream", StreamName="rides", ShardCount=3, Tags={"team": "lake"})
    found = summary(ask)
    assert (found["OpenShardCount"], found["StreamStatus"], found["RetentionPeriodHours"]) == (3, "ACTIVE", 24)
    assert found["StreamARN"] == "arn:aws:kinesis:us-east-1:000000000000:stream/rides"
    assert ask("ListTagsForStream", StreamName="rides")["Tags"] == [{"Key": "team", "Value": "lake"}]
    ranges = [shard["HashKeyRange"] for shard in ask("ListShards", StreamName="rides")["Shards"]]
    assert int(ranges[0]["EndingHashKey"]) + 1 == int(ranges[1]["StartingHashKey"])
    assert int(ranges[-1]["EndingHashKey"]) == 2**128 - 1


def test_on_demand_begins_with_four_shards(ask):
    ask("CreateStream", StreamName="rides", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert summary(ask)["OpenShardCount"] == 4


def test_a_deleted_stream_is_gone_with_its_records(ask, stream):
    ask("PutRecord", StreamName=stream, Data=b"x", PartitionKey="k")
    ask("DeleteStream", StreamName=stream)
    assert ask("ListStreams")["StreamNames"] == []
    ask("CreateStream", StreamName=stream, ShardCount=1)
    text = ask("GetShardIterator", StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    assert ask("GetRecords", ShardIterator=text)["Records"] == []


def test_retention_is_changed_both_ways(ask, stream):
    ask("IncreaseStreamRetentionPeriod", StreamName=stream, RetentionPeriodHours=48)
    assert summary(ask)["RetentionPeriodHours"] == 48
    with pytest.raises(AwsError, match="can not be shorter than existing retention period"):
        ask("IncreaseStreamRetentionPeriod", StreamName=stream, RetentionPeriodHours=24)
    ask("DecreaseStreamRetentionPeriod", StreamName=stream, RetentionPeriodHours=24)
    assert summary(ask)["RetentionPeriodHours"] == 24


def test_enhanced_monitoring_is_turned_on_and_off(ask, stream):
    answer = ask("EnableEnhancedMonitoring", StreamName=stream, ShardLevelMetrics=["IncomingBytes", "OutgoingBytes"])
    assert answer["CurrentShardLevelMetrics"] == []
    assert summary(ask)["EnhancedMonitoring"] == [{"ShardLevelMetrics": ["IncomingBytes", "OutgoingBytes"]}]
    ask("DisableEnhancedMonitoring", StreamName=stream, ShardLevelMetrics=["ALL"])
    assert summary(ask)["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]


def test_pages_of_streams_and_shards(ask):
    for name in ("a", "b", "c"):
        ask("CreateStream", StreamName=name, ShardCount=3)
    first = ask("ListStreams", Limit=2)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b"], True)
    assert ask("ListStreams", NextToken=first["NextToken"])["StreamNames"] == ["c"]
    page = ask("ListShards", StreamName="a", MaxResults=2)
    assert len(page["Shards"]) == 2
    assert [shard["ShardId"][-1] for shard in ask("ListShards", NextToken=page["NextToken"])["Shards"]] == ["2"]


def test_a_page_token_expires(ask, stream, clock):
    token = ask("ListShards", StreamName=stream, MaxResults=1)["NextToken"]
    clock.advance(301)
    with pytest.raises(AwsError) as refused:
        ask("ListShards", NextToken=token)
    assert refused.value.code == "ExpiredNextTokenException"


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateStream",
            {"StreamName": "rides", "ShardCount": 1},
            "ResourceInUseException",
            "Stream rides under account 000000000000 already exists.",
            id="exists",
        ),
        pytest.param(
            "CreateStream", {"StreamName": "new"}, "ValidationException", "ShardCount is required", id="no shard count"
        ),
        pytest.param(
            "DescribeStream",
            {"StreamName": "none"},
            "ResourceNotFoundException",
            "Stream none under account 000000000000 not found.",
            id="no such stream",
        ),
        pytest.param(
            "RegisterStreamConsumer",
            {"StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/rides", "ConsumerName": "fan"},
            "NotImplementedException",
            "kinesis:RegisterStreamConsumer is not implemented",
            id="enhanced fan-out",
        ),
    ],
)
def test_what_is_refused(ask, stream, operation, params, code, message):
    with pytest.raises(AwsError) as refused:
        ask(operation, **params)
    assert refused.value.code == code
    assert message in refused.value.message
