"""The metrics of streams: what is counted, and that only monitored shards have their own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lakelab.cloud.streams.api import KinesisService


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def core(sent: list[dict[str, Any]]) -> SimpleNamespace:
    def put_metric_data(Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        sent.extend({"Namespace": Namespace, **datum} for datum in MetricData)

    return SimpleNamespace(client=lambda service, caller: SimpleNamespace(put_metric_data=put_metric_data))


def sums(sent: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """Name and dimension values -> sum."""
    return {
        (datum["MetricName"], *(each["Value"] for each in datum["Dimensions"])): datum["StatisticValues"]["Sum"]
        for datum in sent
    }


def test_writes_reads_and_refusals_are_counted(ask, kinesis: KinesisService, core: Any, sent: list[dict[str, Any]]):
    ask("CreateStream", StreamName="rides", ShardCount=1)
    ask("EnableEnhancedMonitoring", StreamName="rides", ShardLevelMetrics=["IncomingRecords"])
    records = [{"Data": b"xxx", "PartitionKey": "k"}] * 500
    for _ in range(3):
        ask("PutRecords", StreamName="rides", Records=records)
    shard = "shardId-000000000000"
    at = ask("GetShardIterator", StreamName="rides", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    ask("GetRecords", ShardIterator=at)
    kinesis.metrics.send(core)
    found = sums(sent)
    assert found["IncomingRecords", "rides"] == 1000
    assert found["IncomingBytes", "rides"] == 4000
    assert found["WriteProvisionedThroughputExceeded", "rides"] == 500
    assert found["GetRecords.Records", "rides"] == 1000
    assert found["IncomingRecords", shard, "rides"] == 1000
    assert ("IncomingBytes", shard, "rides") not in found
    assert {datum["Namespace"] for datum in sent} == {"AWS/Kinesis"}


def test_what_was_sent_is_not_sent_again(ask, kinesis: KinesisService, core: Any, sent: list[dict[str, Any]]):
    ask("CreateStream", StreamName="rides", ShardCount=1)
    ask("PutRecord", StreamName="rides", Data=b"x", PartitionKey="k")
    kinesis.metrics.send(core)
    sent.clear()
    kinesis.metrics.send(core)
    assert sent == []
