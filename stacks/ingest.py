"""The layer ingest: a file in the raw zone runs orders_ingest; one that cannot be read is kept for a person."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from components.contract import TABLES, read_contract
from components.documents import document
from target import ROOT, Target

FUNCTION = "orders_ingest"
RETRIES = 2
FAILED_SECONDS = 14 * 24 * 3600  # SQS keeps a message no longer
TEMPORARY_MB = 1024  # quarantined lines of a large file wait on disk


def deploy(target: Target) -> None:
    """The function with its log group, the notification that runs it, its dead-letter queue, and alarms on both.

    Exports `function`, `log_group`, `failed_queue_url` and `failed_queue_arn`.
    """
    name = target.named("orders-ingest")
    failed = _failed_queue(target)
    logs = aws.cloudwatch.LogGroup(
        "orders-ingest",
        name=f"/aws/lambda/{name}",
        retention_in_days=target.config.require_int("logRetentionDays"),
    )
    function = aws.lambda_.Function(
        "orders-ingest",
        name=name,
        description="Validates files of the orders feed and writes them to the curated zone.",
        role=target.output("access", "ingest_role_arn"),
        runtime="python3.12",
        handler=f"{FUNCTION}.handler.handler",
        code=_code(),
        layers=target.config.require_object("ingestLayers"),
        memory_size=target.config.require_int("ingestMemory"),
        timeout=target.config.require_int("ingestTimeout"),
        ephemeral_storage=aws.lambda_.FunctionEphemeralStorageArgs(size=TEMPORARY_MB),
        reserved_concurrent_executions=target.config.require_int("ingestConcurrency"),
        environment=aws.lambda_.FunctionEnvironmentArgs(
            variables={
                "LAKE_BUCKET": target.output("lake", "curated_bucket"),
                "GLUE_DATABASE": target.output("catalog", "database"),
            }
        ),
        opts=pulumi.ResourceOptions(depends_on=[logs]),  # else Lambda would make the group, without a retention
    )
    aws.lambda_.FunctionEventInvokeConfig(
        "orders-ingest",
        function_name=function.name,
        maximum_retry_attempts=RETRIES,
        destination_config=aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs(
            on_failure=aws.lambda_.FunctionEventInvokeConfigDestinationConfigOnFailureArgs(destination=failed.arn)
        ),
    )
    _notify(target, function)
    _alarms(target, function, failed)
    pulumi.export("function", function.name)
    pulumi.export("log_group", logs.name)
    pulumi.export("failed_queue_url", failed.url)
    pulumi.export("failed_queue_arn", failed.arn)


def _code() -> pulumi.AssetArchive:
    """The function's modules, and the contract that it validates by."""
    folder = ROOT / "lambdas" / FUNCTION
    files: dict[str, pulumi.Asset | pulumi.Archive] = {
        f"{FUNCTION}/{path.name}": pulumi.FileAsset(str(path)) for path in sorted(folder.glob("*.py"))
    }
    files[f"{FUNCTION}/contract.json"] = pulumi.StringAsset(read_contract(TABLES / "orders.yaml").as_json())
    return pulumi.AssetArchive(files)


def _failed_queue(target: Target) -> aws.sqs.Queue:
    queue = aws.sqs.Queue(
        "orders-ingest-failed",
        name=target.named("orders-ingest-failed"),
        message_retention_seconds=FAILED_SECONDS,
        sqs_managed_sse_enabled=True,
    )
    aws.sqs.QueuePolicy(
        "orders-ingest-failed", queue_url=queue.url, policy=document("resource/tls_only_queue", queue_arn=queue.arn)
    )
    return queue


def _notify(target: Target, function: aws.lambda_.Function) -> None:
    permission = aws.lambda_.Permission(
        "orders-ingest",
        statement_id="raw-bucket",
        function=function.name,
        action="lambda:InvokeFunction",
        principal="s3.amazonaws.com",
        source_arn=target.output("lake", "raw_bucket_arn"),
        source_account=target.account,  # a bucket's ARN names no account, and a deleted name can be taken by another
    )
    aws.s3.BucketNotification(
        "orders-ingest",
        bucket=target.output("lake", "raw_bucket"),
        lambda_functions=[
            aws.s3.BucketNotificationLambdaFunctionArgs(
                id="orders",
                lambda_function_arn=function.arn,
                events=["s3:ObjectCreated:*"],
                filter_prefix="raw/orders/",
                filter_suffix=".csv",
            )
        ],
        opts=pulumi.ResourceOptions(depends_on=[permission]),  # S3 asks whether it may, when it is told to
    )


def _alarms(target: Target, function: aws.lambda_.Function, failed: aws.sqs.Queue) -> None:
    aws.cloudwatch.MetricAlarm(
        "orders-ingest-errors",
        name=target.named("orders-ingest-errors"),
        alarm_description="orders_ingest raised: a file cannot be read, or the lake cannot be written.",
        namespace="AWS/Lambda",
        metric_name="Errors",
        dimensions={"FunctionName": function.name},
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        threshold=0,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
    )
    aws.cloudwatch.MetricAlarm(
        "orders-ingest-failed",
        name=target.named("orders-ingest-failed"),
        alarm_description="Files wait in the dead-letter queue of orders_ingest for a person to look at them.",
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": failed.name},
        statistic="Maximum",
        period=300,
        evaluation_periods=1,
        threshold=0,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
    )
