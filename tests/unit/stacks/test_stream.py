"""The layer stream: what takes ride events, what brings them to the lake, and what becomes of those that fail."""

from __future__ import annotations

import json

import pytest

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/lakelab-test-rides"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:lakelab-test-rides-to-lake-failed"


@pytest.fixture
def stream(deployed):
    return deployed["stream"]


def test_the_stream_is_encrypted_and_its_age_is_measured_by_shard(stream):
    found = stream.one("kinesis/stream:Stream", "rides")
    assert (found["shardCount"], found["encryptionType"], found["kmsKeyId"]) == (1, "KMS", "alias/aws/kinesis")
    assert "IteratorAgeMilliseconds" in found["shardLevelMetrics"]


def test_only_post_rides_of_this_api_runs_the_function(stream):
    assert stream.one("apigatewayv2/route:Route", "rides")["routeKey"] == "POST /rides"
    assert stream.one("apigatewayv2/integration:Integration", "rides")["payloadFormatVersion"] == "2.0"
    permission = stream.one("lambda/permission:Permission", "rides-api")
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["sourceArn"].endswith("/*/POST/rides")


@pytest.mark.parametrize(
    ("name", "folders"), [("rides-api", {"rides_api"}), ("rides-to-lake", {"rides_api", "rides_to_lake"})]
)
def test_the_archives_hold_the_modules_and_the_contract(stream, name: str, folders: set[str]):
    function = stream.one("lambda/function:Function", name)
    files = function["code"]["assets"]
    assert {path.split("/")[1] for path in files} == folders
    assert function["handler"] == f"lambdas.{name.replace('-', '_')}.handler.handler"
    contract = json.loads(files["lambdas/rides_api/contract.json"]["text"])
    assert contract["name"] == "rides"


def test_a_failed_event_is_reported_bisected_out_and_kept(stream):
    mapping = stream.one("lambda/eventSourceMapping:EventSourceMapping", "rides-to-lake")
    assert mapping["eventSourceArn"] == STREAM
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["bisectBatchOnFunctionError"], mapping["maximumRetryAttempts"]) == (True, 2)
    assert mapping["destinationConfig"] == {"onFailure": {"destinationArn": QUEUE}}
    assert mapping["batchSize"] == 500


def test_firehose_delivers_by_the_day_of_the_event(stream):
    delivery = stream.one("kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "rides")
    assert delivery["kinesisSourceConfiguration"]["kinesisStreamArn"] == STREAM
    s3 = delivery["extendedS3Configuration"]
    assert s3["prefix"] == "raw/rides/ride_date=!{partitionKeyFromQuery:ride_date}/"
    assert "!{firehose:error-output-type}" in s3["errorOutputPrefix"]
    assert (s3["compressionFormat"], s3["bufferingSize"]) == ("GZIP", 64)
    assert s3["dynamicPartitioningConfiguration"]["enabled"] is True


@pytest.mark.parametrize(
    ("role", "service", "actions"),
    [
        pytest.param("rides_api", "lambda", {"kinesis:PutRecord"}, id="rides_api"),
        pytest.param(
            "rides_to_lake",
            "lambda",
            {"s3:PutObject", "glue:GetTable", "glue:BatchCreatePartition", "sqs:SendMessage"},
            id="rides_to_lake",
        ),
        pytest.param("rides_delivery", "firehose", {"s3:PutObject", "s3:AbortMultipartUpload"}, id="rides_delivery"),
    ],
)
def test_a_role_may_write_only_what_its_work_is(stream, role: str, service: str, actions: set[str]):
    found = stream.one("iam/role:Role", role)
    assert json.loads(found["assumeRolePolicy"])["Statement"][0]["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert found["permissionsBoundary"] == "arn:aws:iam::123456789012:policy/lakelab-test-boundary"
    document = json.loads(stream.one("iam/rolePolicy:RolePolicy", role)["policy"])
    allowed = set()
    for statement in document["Statement"]:
        named = statement["Action"]
        allowed |= {named} if isinstance(named, str) else set(named)
        assert statement["Resource"] != "*"
    reading = ("logs:", "kinesis:Describe", "kinesis:Get", "kinesis:List", "s3:List", "s3:Get")
    assert {action for action in allowed if not action.startswith(reading)} == actions


def test_there_is_an_alarm_for_what_falls_behind_and_for_what_fails(stream):
    alarms = stream.all("cloudwatch/metricAlarm:MetricAlarm")
    assert {(alarm["namespace"], alarm["metricName"]) for alarm in alarms.values()} == {
        ("AWS/Lambda", "IteratorAge"),
        ("AWS/Lambda", "Errors"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/Firehose", "DeliveryToS3.DataFreshness"),
    }
    assert alarms["rides-iterator-age"]["threshold"] == 60_000


def test_logs_are_kept_for_a_while_and_the_groups_are_there_first(stream):
    groups = stream.all("cloudwatch/logGroup:LogGroup")
    assert {group["retentionInDays"] for group in groups.values()} == {14}
    for name in ("rides-api", "rides-to-lake"):
        assert f"LogGroup {name}" in stream.depends_on("lambda/function:Function", name)
