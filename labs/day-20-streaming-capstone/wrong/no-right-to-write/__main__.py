"""HTTP API -> function -> stream -> Firehose -> bucket -> table."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

PREFIX = "rides/"


def role(name: str, service: str, *statements: dict[str, pulumi.Input[object]]) -> pulumi.Output[str]:
    """The ARN of a role that a service takes, known when the role has its rights."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = aws.iam.Role(
        name,
        name=f"lab-day-20-{name}",
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    rights = aws.iam.RolePolicy(
        name,
        role=made.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": allowed}),
    )
    return pulumi.Output.all(made.arn, rights.id).apply(lambda known: known[0])


bucket = aws.s3.Bucket("lake", bucket="lab-day-20-lake")
stream = aws.kinesis.Stream("rides", name="lab-day-20-rides", shard_count=2)

function = aws.lambda_.Function(
    "api",
    name="lab-day-20-api",
    runtime="python3.12",
    handler="handler.handler",
    code=pulumi.AssetArchive({"handler.py": pulumi.FileAsset("api/handler.py")}),
    role=role(
        "api",
        "lambda.amazonaws.com",
        {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    ),
    environment=aws.lambda_.FunctionEnvironmentArgs(variables={"STREAM_NAME": stream.name}),
)

api = aws.apigatewayv2.Api("rides", name="lab-day-20-rides", protocol_type="HTTP")
integration = aws.apigatewayv2.Integration(
    "rides",
    api_id=api.id,
    integration_type="AWS_PROXY",
    integration_uri=function.arn,
    payload_format_version="2.0",
)
aws.apigatewayv2.Route(
    "rides", api_id=api.id, route_key="POST /rides", target=pulumi.Output.concat("integrations/", integration.id)
)
aws.apigatewayv2.Stage("rides", api_id=api.id, name="$default", auto_deploy=True)
aws.lambda_.Permission(
    "rides",
    function=function.name,
    action="lambda:InvokeFunction",
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(api.execution_arn, "/*/POST/rides"),
)

delivery_role = role(
    "delivery",
    "firehose.amazonaws.com",
    {
        "Action": ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"],
        "Resource": stream.arn,
    },
    {
        "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
    },
    {
        "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
        "Resource": bucket.arn,
    },
)
aws.kinesis.FirehoseDeliveryStream(
    "rides",
    name="lab-day-20-rides",
    destination="extended_s3",
    kinesis_source_configuration=aws.kinesis.FirehoseDeliveryStreamKinesisSourceConfigurationArgs(
        kinesis_stream_arn=stream.arn, role_arn=delivery_role
    ),
    extended_s3_configuration=aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs(
        role_arn=delivery_role,
        bucket_arn=bucket.arn,
        prefix=PREFIX,
        error_output_prefix="errors/",
        buffering_interval=1,
        buffering_size=1,
    ),
)

database = aws.glue.CatalogDatabase("lake", name="lab_day_20")
aws.glue.CatalogTable(
    "rides",
    name="rides",
    database_name=database.name,
    table_type="EXTERNAL_TABLE",
    parameters={"EXTERNAL": "TRUE", "classification": "json"},
    storage_descriptor=aws.glue.CatalogTableStorageDescriptorArgs(
        location=pulumi.Output.concat("s3://", bucket.bucket, "/", PREFIX),
        input_format="org.apache.hadoop.mapred.TextInputFormat",
        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        ser_de_info=aws.glue.CatalogTableStorageDescriptorSerDeInfoArgs(
            serialization_library="org.openx.data.jsonserde.JsonSerDe"
        ),
        columns=[
            aws.glue.CatalogTableStorageDescriptorColumnArgs(name=name, type=type_)
            for name, type_ in (
                ("ride_id", "string"),
                ("driver_id", "string"),
                ("city", "string"),
                ("fare_cents", "bigint"),
            )
        ],
    ),
)

pulumi.export("api_id", api.id)
