"""The layer ingest: what runs the function, what it runs with, and what becomes of a failure."""

from __future__ import annotations

import json

import pytest

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:lakelab-test-orders-ingest"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:lakelab-test-orders-ingest-failed"


@pytest.fixture
def ingest(deployed):
    return deployed["ingest"]


def test_the_function_has_what_it_needs_and_nothing_in_excess(ingest):
    function = ingest.one("lambda/function:Function", "orders-ingest")
    assert function["handler"] == "orders_ingest.handler.handler"
    assert function["role"] == "arn:aws:iam::123456789012:role/lakelab-test-ingest"
    assert function["memorySize"] == 1024
    assert function["environment"] == {
        "variables": {"LAKE_BUCKET": "lakelab-test-curated-123456789012", "GLUE_DATABASE": "lakelab_test"}
    }


def test_the_archive_holds_the_modules_and_the_contract(ingest):
    files = ingest.one("lambda/function:Function", "orders-ingest")["code"]["assets"]
    assert {"__init__", "handler", "ingest", "claims", "contract", "feed", "lake"} == {
        name.removeprefix("orders_ingest/").removesuffix(".py") for name in files if name.endswith(".py")
    }
    assert {name for name in files if not name.endswith(".py")} == {"orders_ingest/contract.json"}
    contract = json.loads(files["orders_ingest/contract.json"]["text"])
    assert contract["name"] == "orders"
    assert contract["partition_keys"][0]["minimum"] == "2000-01-01"


def test_only_csv_files_of_the_feed_run_the_function(ingest):
    notification = ingest.one("s3/bucketNotification:BucketNotification", "orders-ingest")
    assert notification == {
        "bucket": "lakelab-test-raw-123456789012",
        "lambdaFunctions": [
            {
                "id": "orders",
                "lambdaFunctionArn": FUNCTION,
                "events": ["s3:ObjectCreated:*"],
                "filterPrefix": "raw/orders/",
                "filterSuffix": ".csv",
            }
        ],
    }
    assert "Permission orders-ingest" in ingest.depends_on("s3/bucketNotification:BucketNotification", "orders-ingest")


def test_only_the_raw_bucket_of_this_account_may_run_the_function(ingest):
    permission = ingest.one("lambda/permission:Permission", "orders-ingest")
    assert permission["principal"] == "s3.amazonaws.com"
    assert permission["sourceArn"] == "arn:aws:s3:::lakelab-test-raw-123456789012"
    assert permission["sourceAccount"] == "123456789012"


def test_what_fails_three_times_is_kept_for_two_weeks(ingest):
    retries = ingest.one("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "orders-ingest")
    assert retries["maximumRetryAttempts"] == 2
    assert retries["destinationConfig"] == {"onFailure": {"destination": QUEUE}}
    queue = ingest.one("sqs/queue:Queue", "orders-ingest-failed")
    assert queue["messageRetentionSeconds"] == 14 * 24 * 3600
    assert queue["sqsManagedSseEnabled"] is True
    [statement] = json.loads(ingest.one("sqs/queuePolicy:QueuePolicy", "orders-ingest-failed")["policy"])["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", QUEUE)
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_logs_are_kept_for_two_weeks_from_the_first_run_on(ingest):
    logs = ingest.one("cloudwatch/logGroup:LogGroup", "orders-ingest")
    assert (logs["name"], logs["retentionInDays"]) == ("/aws/lambda/lakelab-test-orders-ingest", 14)
    assert "LogGroup orders-ingest" in ingest.depends_on("lambda/function:Function", "orders-ingest")


@pytest.mark.parametrize(
    ("alarm", "metric", "dimensions"),
    [
        pytest.param(
            "orders-ingest-errors",
            ("AWS/Lambda", "Errors", "Sum"),
            {"FunctionName": "lakelab-test-orders-ingest"},
            id="errors",
        ),
        pytest.param(
            "orders-ingest-failed",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
            {"QueueName": "lakelab-test-orders-ingest-failed"},
            id="dead letters",
        ),
    ],
)
def test_one_failure_is_enough_for_an_alarm(ingest, alarm: str, metric: tuple[str, ...], dimensions: dict[str, str]):
    found = ingest.one("cloudwatch/metricAlarm:MetricAlarm", alarm)
    assert (found["namespace"], found["metricName"], found["statistic"]) == metric
    assert found["dimensions"] == dimensions
    assert (found["comparisonOperator"], found["threshold"]) == ("GreaterThanThreshold", 0)
