"""The layer stream: ride events over HTTP into a stream, and from there to the raw and the curated zone."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from components.contract import TABLES, read_contract
from components.documents import document
from target import ROOT, Target

FAILED_SECONDS = 14 * 24 * 3600  # SQS keeps a message no longer
ITERATOR_AGE_SECONDS = 60
FRESHNESS_SECONDS = 900
API_SECONDS = 10
LAKE_SECONDS = 120
RAW_PREFIX = "raw/rides/ride_date=!{partitionKeyFromQuery:ride_date}/"
ERROR_PREFIX = "errors/rides/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/"


def deploy(target: Target) -> None:
    """HTTP API -> rides_api -> Kinesis -> Firehose to raw/rides/ and rides_to_lake to curated/rides/.

    Exports `api_url`, `api_id`, `stream`, `stream_arn`, `delivery_stream`, `mapping`, `api_function`, `lake_function`,
    `failed_queue_url` and `failed_queue_arn`.
    """
    stream = aws.kinesis.Stream(
        "rides",
        name=target.named("rides"),
        shard_count=target.config.require_int("streamShards"),
        retention_period=24,
        encryption_type="KMS",
        kms_key_id="alias/aws/kinesis",
        shard_level_metrics=["IteratorAgeMilliseconds", "WriteProvisionedThroughputExceeded"],
        stream_mode_details=aws.kinesis.StreamStreamModeDetailsArgs(stream_mode="PROVISIONED"),
    )
    failed = _failed_queue(target)
    api_function = _api_function(target, stream)
    lake_function = _lake_function(target, stream, failed)
    mapping = _mapping(target, stream, lake_function, failed)
    delivery = _delivery(target, stream)
    api = _api(target, api_function)
    _alarms(target, api_function, lake_function, failed, delivery)
    pulumi.export("api_url", api.api_endpoint)
    pulumi.export("api_id", api.id)
    pulumi.export("stream", stream.name)
    pulumi.export("stream_arn", stream.arn)
    pulumi.export("delivery_stream", delivery.name)
    pulumi.export("mapping", mapping.uuid)
    pulumi.export("api_function", api_function.name)
    pulumi.export("lake_function", lake_function.name)
    pulumi.export("failed_queue_url", failed.url)
    pulumi.export("failed_queue_arn", failed.arn)


# ---- functions


def _api_function(target: Target, stream: aws.kinesis.Stream) -> aws.lambda_.Function:
    logs = _log_group(target, "rides-api")
    role_arn = _role_arn(target, "rides_api", "lambda", stream_arn=stream.arn, log_group_arn=logs.arn)
    return aws.lambda_.Function(
        "rides-api",
        name=target.named("rides-api"),
        description="Validates a ride event and puts it into the stream.",
        role=role_arn,
        runtime="python3.12",
        handler="lambdas.rides_api.handler.handler",
        code=_code("rides_api"),
        layers=target.config.require_object("ingestLayers"),
        memory_size=256,
        timeout=API_SECONDS,
        environment=aws.lambda_.FunctionEnvironmentArgs(variables={"STREAM_NAME": stream.name}),
        opts=pulumi.ResourceOptions(depends_on=[logs]),  # else Lambda would make the group, without a retention
    )


def _lake_function(target: Target, stream: aws.kinesis.Stream, failed: aws.sqs.Queue) -> aws.lambda_.Function:
    logs = _log_group(target, "rides-to-lake")
    role_arn = _role_arn(
        target,
        "rides_to_lake",
        "lambda",
        stream_arn=stream.arn,
        curated_bucket_arn=target.output("lake", "curated_bucket_arn"),
        catalog_arn=target.arn("glue", "catalog"),
        database_arn=target.arn("glue", f"database/{target.database}"),
        tables_arn=target.arn("glue", f"table/{target.database}"),
        log_group_arn=logs.arn,
        failed_queue_arn=failed.arn,
    )
    return aws.lambda_.Function(
        "rides-to-lake",
        name=target.named("rides-to-lake"),
        description="Writes the stream's ride events to the curated zone.",
        role=role_arn,
        runtime="python3.12",
        handler="lambdas.rides_to_lake.handler.handler",
        code=_code("rides_api", "rides_to_lake"),
        layers=target.config.require_object("ingestLayers"),
        memory_size=512,
        timeout=LAKE_SECONDS,
        environment=aws.lambda_.FunctionEnvironmentArgs(
            variables={
                "LAKE_BUCKET": target.output("lake", "curated_bucket"),
                "GLUE_DATABASE": target.output("catalog", "database"),
            }
        ),
        opts=pulumi.ResourceOptions(depends_on=[logs]),
    )


def _code(*functions: str) -> pulumi.AssetArchive:
    """The modules of functions, and the contract that they validate by."""
    files: dict[str, pulumi.Asset | pulumi.Archive] = {
        f"lambdas/{function}/{path.name}": pulumi.FileAsset(str(path))
        for function in functions
        for path in sorted((ROOT / "lambdas" / function).glob("*.py"))
    }
    files["lambdas/rides_api/contract.json"] = pulumi.StringAsset(read_contract(TABLES / "rides.yaml").as_json())
    return pulumi.AssetArchive(files)


def _log_group(target: Target, function: str) -> aws.cloudwatch.LogGroup:
    return aws.cloudwatch.LogGroup(
        function,
        name=f"/aws/lambda/{target.named(function)}",
        retention_in_days=target.config.require_int("logRetentionDays"),
    )


def _role_arn(target: Target, name: str, service: str, **values: pulumi.Input[str]) -> pulumi.Output[str]:
    """A role for a service, with the rights of policies/iam/<name>.json, within the boundary of all roles.

    Its ARN is known only when it has its rights: a mapping looks at once whether the role may read the stream.
    """
    role = aws.iam.Role(
        name,
        name=target.named(name.replace("_", "-")),
        assume_role_policy=document("trust/service", service=f"{service}.amazonaws.com"),
        permissions_boundary=f"arn:{target.partition}:iam::{target.account}:policy/{target.named('boundary')}",
    )
    rights = aws.iam.RolePolicy(name, name=name, role=role.name, policy=document(f"iam/{name}", **values))
    return pulumi.Output.all(role.arn, rights.id).apply(lambda known: known[0])


# ---- from the stream to the lake


def _mapping(
    target: Target, stream: aws.kinesis.Stream, function: aws.lambda_.Function, failed: aws.sqs.Queue
) -> aws.lambda_.EventSourceMapping:
    return aws.lambda_.EventSourceMapping(
        "rides-to-lake",
        event_source_arn=stream.arn,
        function_name=function.name,
        starting_position="TRIM_HORIZON",
        batch_size=target.config.require_int("streamBatchSize"),
        maximum_batching_window_in_seconds=target.config.require_int("streamBatchSeconds"),
        function_response_types=["ReportBatchItemFailures"],
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=2,
        maximum_record_age_in_seconds=12 * 3600,
        destination_config=aws.lambda_.EventSourceMappingDestinationConfigArgs(
            on_failure=aws.lambda_.EventSourceMappingDestinationConfigOnFailureArgs(destination_arn=failed.arn)
        ),
    )


def _delivery(target: Target, stream: aws.kinesis.Stream) -> aws.kinesis.FirehoseDeliveryStream:
    name = target.named("rides")
    role_arn = _role_arn(
        target,
        "rides_delivery",
        "firehose",
        stream_arn=stream.arn,
        raw_bucket_arn=target.output("lake", "raw_bucket_arn"),
    )
    destination = aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs
    processor = aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationProcessingConfigurationProcessorArgs
    parameter = aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationProcessingConfigurationProcessorParameterArgs
    return aws.kinesis.FirehoseDeliveryStream(
        "rides",
        name=name,
        destination="extended_s3",
        kinesis_source_configuration=aws.kinesis.FirehoseDeliveryStreamKinesisSourceConfigurationArgs(
            kinesis_stream_arn=stream.arn, role_arn=role_arn
        ),
        extended_s3_configuration=destination(
            role_arn=role_arn,
            bucket_arn=target.output("lake", "raw_bucket_arn"),
            prefix=RAW_PREFIX,
            error_output_prefix=ERROR_PREFIX,
            buffering_interval=target.config.require_int("deliverySeconds"),
            buffering_size=64,  # the least with dynamic partitioning
            compression_format="GZIP",
            dynamic_partitioning_configuration=aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationDynamicPartitioningConfigurationArgs(
                enabled=True, retry_duration=300
            ),
            processing_configuration=aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationProcessingConfigurationArgs(
                enabled=True,
                processors=[
                    processor(
                        type="MetadataExtraction",
                        parameters=[
                            parameter(
                                parameter_name="MetadataExtractionQuery",
                                parameter_value="{ride_date:.requested_at[0:10]}",
                            ),
                            parameter(parameter_name="JsonParsingEngine", parameter_value="JQ-1.6"),
                        ],
                    ),
                    processor(
                        type="AppendDelimiterToRecord",
                        parameters=[parameter(parameter_name="Delimiter", parameter_value="\\n")],
                    ),
                ],
            ),
        ),
    )


def _failed_queue(target: Target) -> aws.sqs.Queue:
    queue = aws.sqs.Queue(
        "rides-to-lake-failed",
        name=target.named("rides-to-lake-failed"),
        message_retention_seconds=FAILED_SECONDS,
        sqs_managed_sse_enabled=True,
    )
    aws.sqs.QueuePolicy(
        "rides-to-lake-failed", queue_url=queue.url, policy=document("resource/tls_only_queue", queue_arn=queue.arn)
    )
    return queue


# ---- the API


def _api(target: Target, function: aws.lambda_.Function) -> aws.apigatewayv2.Api:
    api = aws.apigatewayv2.Api(
        "rides",
        name=target.named("rides"),
        description="Takes ride events: POST /rides.",
        protocol_type="HTTP",
    )
    integration = aws.apigatewayv2.Integration(
        "rides",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=function.arn,
        payload_format_version="2.0",
    )
    aws.apigatewayv2.Route(
        "rides",
        api_id=api.id,
        route_key="POST /rides",
        target=integration.id.apply(lambda found: f"integrations/{found}"),
    )
    aws.apigatewayv2.Stage("rides", api_id=api.id, name="$default", auto_deploy=True)
    aws.lambda_.Permission(
        "rides-api",
        statement_id="http-api",
        function=function.name,
        action="lambda:InvokeFunction",
        principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*/POST/rides"),
    )
    return api


# ---- alarms


def _alarms(
    target: Target,
    api_function: aws.lambda_.Function,
    lake_function: aws.lambda_.Function,
    failed: aws.sqs.Queue,
    delivery: aws.kinesis.FirehoseDeliveryStream,
) -> None:
    _alarm(
        target,
        "rides-iterator-age",
        "rides_to_lake falls behind: the newest record that it gets is older than a minute.",
        ("AWS/Lambda", "IteratorAge", "Maximum"),
        {"FunctionName": lake_function.name},
        ITERATOR_AGE_SECONDS * 1000,
    )
    _alarm(
        target,
        "rides-api-errors",
        "rides_api raised: events are refused that are good.",
        ("AWS/Lambda", "Errors", "Sum"),
        {"FunctionName": api_function.name},
        0,
    )
    _alarm(
        target,
        "rides-to-lake-errors",
        "rides_to_lake raised: the lake cannot be written.",
        ("AWS/Lambda", "Errors", "Sum"),
        {"FunctionName": lake_function.name},
        0,
    )
    _alarm(
        target,
        "rides-to-lake-failed",
        "Ride events wait in the on-failure queue for a person to look at them.",
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
        {"QueueName": failed.name},
        0,
    )
    _alarm(
        target,
        "rides-delivery-freshness",
        "The oldest ride that Firehose has not delivered is too old.",
        ("AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum"),
        {"DeliveryStreamName": delivery.name},
        FRESHNESS_SECONDS,
    )


def _alarm(
    target: Target,
    name: str,
    description: str,
    metric: tuple[str, str, str],
    dimensions: dict[str, pulumi.Input[str]],
    threshold: int,
) -> None:
    namespace, metric_name, statistic = metric
    aws.cloudwatch.MetricAlarm(
        name,
        name=target.named(name),
        alarm_description=description,
        namespace=namespace,
        metric_name=metric_name,
        dimensions=dimensions,
        statistic=statistic,
        period=300,
        evaluation_periods=1,
        threshold=threshold,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
    )
