"""Resharding: closed shards keep their records and name their children."""

from __future__ import annotations

import pytest

from lakelab.cloud.errors import AwsError

HALF = str(2**127)


def shards(ask) -> dict[str, dict]:
    return {shard["ShardId"][-1]: shard for shard in ask("ListShards", StreamName="rides")["Shards"]}


def open_shards(ask) -> list[str]:
    return [name for name, shard in shards(ask).items() if "EndingSequenceNumber" not in shown(shard)]


def shown(shard: dict) -> dict:
    return {key: value for key, value in shard["SequenceNumberRange"].items() if value is not None}


@pytest.fixture
def one(ask) -> str:
    ask("CreateStream", StreamName="rides", ShardCount=1)
    return "shardId-000000000000"


@pytest.mark.fidelity("kinesis", "resharding", "exact", "closed shards are drained before their children")
def test_a_split_shard_is_drained_before_its_children(ask, one):
    ask("PutRecord", StreamName="rides", Data=b"before", PartitionKey="k")
    ask("SplitShard", StreamName="rides", ShardToSplit=one, NewStartingHashKey=HALF)
    ask("PutRecord", StreamName="rides", Data=b"after", PartitionKey="k", ExplicitHashKey="0")
    text = ask("GetShardIterator", StreamName="rides", ShardId=one, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    answer = ask("GetRecords", ShardIterator=text)
    assert [record["Data"] for record in answer["Records"]] == [b"before"]
    assert answer["NextShardIterator"] is None
    assert [child["ShardId"][-1] for child in answer["ChildShards"]] == ["1", "2"]
    assert {name: shard["ParentShardId"] for name, shard in shards(ask).items()} == {"0": None, "1": one, "2": one}
    assert open_shards(ask) == ["1", "2"]


def test_a_merge_joins_two_neighbours(ask, stream):
    first, second = "shardId-000000000000", "shardId-000000000001"
    ask("MergeShards", StreamName="rides", ShardToMerge=second, AdjacentShardToMerge=first)
    child = shards(ask)["2"]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (second, first)
    assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}
    assert open_shards(ask) == ["2"]


def test_the_shard_count_is_changed_evenly(ask, stream):
    answer = ask("UpdateShardCount", StreamName="rides", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 4)
    assert open_shards(ask) == ["2", "3", "4", "5"]
    assert ask("DescribeStreamSummary", StreamName="rides")["StreamDescriptionSummary"]["OpenShardCount"] == 4


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "SplitShard",
            {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": str(2**128 - 1)},
            "InvalidArgumentException",
            "is not both greater than one plus the shard's StartingHashKey",
            id="beyond the shard",
        ),
        pytest.param(
            "MergeShards",
            {"ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000000"},
            "InvalidArgumentException",
            "are not an adjacent pair of shards eligible for merging",
            id="no neighbours",
        ),
        pytest.param(
            "UpdateShardCount",
            {"TargetShardCount": 5, "ScalingType": "UNIFORM_SCALING"},
            "InvalidArgumentException",
            "cannot scale up over double your current open shard count",
            id="more than double",
        ),
        pytest.param(
            "SplitShard",
            {"ShardToSplit": "shardId-000000000009", "NewStartingHashKey": "5"},
            "ResourceNotFoundException",
            "Could not find shard shardId-000000000009 in stream rides",
            id="no such shard",
        ),
    ],
)
def test_what_is_refused(ask, stream, operation, params, code, message):
    with pytest.raises(AwsError) as refused:
        ask(operation, StreamName="rides", **params)
    assert refused.value.code == code
    assert message in refused.value.message
    assert open_shards(ask) == ["0", "1"]


def test_a_closed_shard_is_closed_for_good(ask, one):
    ask("SplitShard", StreamName="rides", ShardToSplit=one, NewStartingHashKey=HALF)
    with pytest.raises(AwsError, match="has already been merged or split") as refused:
        ask("SplitShard", StreamName="rides", ShardToSplit=one, NewStartingHashKey=HALF)
    assert refused.value.code == "ResourceInUseException"


def test_a_closed_shard_goes_when_its_records_have_expired(ask, one, clock):
    ask("SplitShard", StreamName="rides", ShardToSplit=one, NewStartingHashKey=HALF)
    clock.advance(24 * 3600 + 1)
    ask("PutRecord", StreamName="rides", Data=b"x", PartitionKey="k")
    assert list(shards(ask)) == ["1", "2"]
