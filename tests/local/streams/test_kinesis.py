"""Kinesis by boto3: what a client sees over the wire, the metrics in CloudWatch, and a kill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from lakelab.workshop import Workshop, eventually


def read_all(workshop: Workshop, stream_arn: str) -> list[bytes]:
    """All records of a stream of one shard."""
    kinesis = workshop.client("kinesis")
    shard = kinesis.list_shards(StreamARN=stream_arn)["Shards"][0]["ShardId"]
    at = kinesis.get_shard_iterator(StreamARN=stream_arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return [record["Data"] for record in kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]]


@pytest.mark.fidelity("kinesis", "1,000 records and 1 MB a second a shard", "exact", "only in provisioned mode")
def test_a_client_meets_the_limits_of_a_shard(workshop: Workshop):
    stream = workshop.stream()
    kinesis = workshop.client("kinesis")
    records = [{"Data": b"x" * 1000, "PartitionKey": "k"}] * 500
    answers = [kinesis.put_records(StreamARN=stream, Records=records) for _ in range(4)]
    refused = [record for answer in answers for record in answer["Records"] if "ErrorCode" in record]
    name = stream.rpartition("/")[2]
    assert sum(answer["FailedRecordCount"] for answer in answers) == len(refused) > 0
    assert {(record["ErrorCode"], record["ErrorMessage"]) for record in refused} == {
        (
            "ProvisionedThroughputExceededException",
            f"Rate exceeded for shard shardId-000000000000 in stream {name} under account 000000000000.",
        )
    }
    assert len(read_all(workshop, stream)) == 2000 - len(refused)


def test_a_reader_without_the_right_is_denied(workshop: Workshop):
    stream, iam = workshop.stream(), workshop.client("iam")
    user = stream.rpartition("/")[2]
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    kinesis = workshop.cloud.client("kinesis", (key["AccessKeyId"], key["SecretAccessKey"]))
    with pytest.raises(ClientError) as denied:
        kinesis.list_shards(StreamARN=stream)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert f"not authorized to perform: kinesis:ListShards on resource: {stream}" in str(denied.value)


def test_metrics_reach_cloudwatch_after_a_minute_of_the_clock(workshop: Workshop):
    stream = workshop.stream()
    workshop.put(stream, 1, 2, 3)
    workshop.advance(61)
    cloudwatch, now = workshop.client("cloudwatch"), datetime.now(UTC)

    def total() -> float:
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/Kinesis",
            MetricName="IncomingRecords",
            Dimensions=[{"Name": "StreamName", "Value": stream.rpartition("/")[2]}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(days=1),
            Period=86_400,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])

    assert eventually(total) == 3
