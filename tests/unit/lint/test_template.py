"""The graph as a CloudFormation template."""

from __future__ import annotations

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from lakelab.deploy.provider.services import all_types
from lakelab.lint.template import PARTS_OF_A_BUCKET, TYPES, Template, render

# No resource type of CloudFormation, one that joins others, or one that no stack here has: what cfn-lint's notes name.
WITHOUT_A_TYPE = {
    "aws:apigatewayv2/authorizer:Authorizer",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/eventBus:EventBus",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    "aws:cloudwatch/logStream:LogStream",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    "aws:glue/classifier:Classifier",
    "aws:lambda/alias:Alias",
    "aws:lambda/layerVersion:LayerVersion",
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
    "aws:sqs/redrivePolicy:RedrivePolicy",
    "aws:budgets/budget:Budget",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/groupMembership:GroupMembership",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/userGroupMembership:UserGroupMembership",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:secretsmanager/secretVersion:SecretVersion",
}


def schema(kind: str) -> dict:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema


def rendered(graph) -> Template:
    return render(graph, schema)


def only(template: Template) -> dict:
    (resource,) = template.body["Resources"].values()
    return resource["Properties"]


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        pytest.param(
            "aws:sqs/queue:Queue",
            {"name": "q", "messageRetentionSeconds": 60, "tags": {"a": "b"}, "fifoQueue": False},
            {"QueueName": "q", "MessageRetentionPeriod": 60, "Tags": [{"Key": "a", "Value": "b"}]},
            id="renamed-and-tagged",
        ),
        pytest.param(
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            {"name": "a", "dimensions": {"QueueName": "q"}, "evaluationPeriods": 1},
            {"AlarmName": "a", "Dimensions": [{"Name": "QueueName", "Value": "q"}], "EvaluationPeriods": 1},
            id="dimensions",
        ),
        pytest.param(
            "aws:iam/role:Role",
            {"name": "r", "assumeRolePolicy": '{"Version": "2012-10-17"}'},
            {"RoleName": "r", "AssumeRolePolicyDocument": {"Version": "2012-10-17"}},
            id="policies-are-objects",
        ),
        pytest.param(
            "aws:lambda/function:Function",
            {"name": "f", "reservedConcurrentExecutions": -1, "code": "lambdas/f", "timeout": 3},
            {"FunctionName": "f", "Timeout": 3, "Code": {"S3Bucket": "code", "S3Key": "code.zip"}},
            id="function",
        ),
        pytest.param(
            "aws:glue/crawler:Crawler",
            {"name": "c", "role": "r", "s3Targets": [{"path": "s3://b/"}], "schedule": "cron(0 1 * * ? *)"},
            {
                "Name": "c",
                "Role": "r",
                "Schedule": {"ScheduleExpression": "cron(0 1 * * ? *)"},
                "Targets": {"S3Targets": [{"Path": "s3://b/"}]},
            },
            id="crawler",
        ),
        pytest.param(
            "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
            {
                "name": "d",
                "destination": "extended_s3",
                "extendedS3Configuration": {"bucketArn": "b", "bufferingSize": 5},
            },
            {
                "DeliveryStreamName": "d",
                "ExtendedS3DestinationConfiguration": {"BucketARN": "b", "BufferingHints": {"SizeInMBs": 5}},
            },
            id="firehose",
        ),
    ],
)
def test_properties(token, inputs, expected, graph, resource):
    template = rendered(graph(resource(token, "x", inputs)))
    assert only(template) == expected
    assert template.unplaced == []


def test_parts_of_a_bucket_join_it_and_are_remembered(graph, resource):
    template = rendered(
        graph(
            resource("aws:s3/bucket:Bucket", "raw", {"bucket": "raw"}),
            resource(
                "aws:s3/bucketVersioning:BucketVersioning",
                "v",
                {"bucket": "raw", "versioningConfiguration": {"status": "Enabled"}},
            ),
            resource(
                "aws:s3/bucketNotification:BucketNotification",
                "n",
                {
                    "bucket": "raw",
                    "queues": [{"queueArn": "q", "events": ["s3:ObjectCreated:*"], "filterSuffix": ".csv"}],
                },
            ),
            resource(
                "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
                "l",
                {
                    "bucket": "raw",
                    "rules": [{"id": "a", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 1}}],
                },
            ),
        )
    )
    assert only(template) == {
        "BucketName": "raw",
        "VersioningConfiguration": {"Status": "Enabled"},
        "NotificationConfiguration": {
            "QueueConfigurations": [
                {
                    "Event": "s3:ObjectCreated:*",
                    "Queue": "q",
                    "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".csv"}]}},
                }
            ]
        },
        "LifecycleConfiguration": {"Rules": [{"Id": "a", "Status": "Enabled", "Prefix": "", "ExpirationInDays": 1}]},
    }
    parts = {name: part.name for (_, name), part in template.parts.items()}
    assert parts == {"VersioningConfiguration": "v", "NotificationConfiguration": "n", "LifecycleConfiguration": "l"}


def test_what_has_no_place_is_named(graph, resource):
    template = rendered(
        graph(
            resource("aws:sqs/queue:Queue", "q", {"name": "q", "nothingLikeIt": 1}),
            resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {"role": "r"}),
        )
    )
    assert template.unplaced == ["AWS::SQS::Queue nothingLikeIt", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"]


def test_every_type_that_the_engine_deploys_has_its_place():
    assert set(all_types()) == set(TYPES) | set(PARTS_OF_A_BUCKET) | WITHOUT_A_TYPE


@pytest.mark.parametrize("kind", sorted(set(TYPES.values())))
def test_every_cloudformation_type_exists(kind: str):
    assert schema(kind)["typeName"] == kind
