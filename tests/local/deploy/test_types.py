"""Every resource type: create, no change, each property changed, replaced, drifting, then gone, imported and deleted.

The resources are registered with the engine directly, without a program, so that each step takes milliseconds;
provider, engine and local AWS are the real ones.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lakelab.deploy import Project, Step
from lakelab.deploy.engine import registration, removal
from lakelab.deploy.engine.checkpoint import Checkpoint
from lakelab.deploy.engine.deployment import Deployment, Options
from lakelab.deploy.engine.goal import Goal
from lakelab.deploy.engine.plugins import Plugins
from lakelab.deploy.engine.refresh import refresh
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import ResourceState, Snapshot
from lakelab.deploy.provider.resource import Resource
from lakelab.deploy.provider.services import all_types
from lakelab.deploy.values import reveal
from lakelab.testing import Cloud

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def policy(action: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def resource_policy(action: str, resource: str, service: str = "s3.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def key_policy(sid: str) -> str:
    who = {"AWS": "arn:aws:iam::000000000000:root"}
    statement = {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class World:
    """Things that resources refer to; all are there before the tests begin."""

    name: str
    role: str
    role_name: str
    bucket: str
    key: str
    other_key: str
    other_queue_url: str
    queue: str
    topic: str
    other_topic: str
    function: str
    function_name: str
    stream: str
    api: str
    user: str
    group: str
    policy: str
    other_policy: str
    database: str
    workgroup: str
    secret: str
    log_group: str


@dataclass
class Sample:
    """One resource of a type, and other values for its properties.

    Attributes:
        inputs: the smallest useful resource.
        change: another value for each property that can change in place.
        replace: another value for each property whose change makes a new resource.
        apart: properties of `change` that cannot be added to `inputs` alone: what must be there with them.
        unseen: properties whose drift the local AWS does not let us see, with the reason.
        kept: properties that the local AWS does not let go of once they are set, with the reason.
        untested: properties left out, with the reason.
        import_id: what names the resource in an import, when its id does not.
    """

    inputs: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    replace: dict[str, Any] = field(default_factory=dict)
    apart: dict[str, dict[str, Any]] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    untested: dict[str, str] = field(default_factory=dict)
    import_id: Callable[[ResourceState], str] | None = None
    import_differs: bool = False


ARCHIVE = {
    "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
    "assets": {
        "h.py": {
            "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
            "text": "def handler(event, context): return 1",
        }
    },
}
OTHER_ARCHIVE = json.loads(json.dumps(ARCHIVE).replace("return 1", "return 2"))
TAGS = {"tags": {"a": "1", "b": "2"}}
COLUMNS = [{"name": "id", "type": "bigint"}, {"name": "at", "type": "timestamp", "comment": "UTC"}]
STORAGE = {
    "location": "s3://x/y/",
    "columns": COLUMNS,
    "inputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "outputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "serDeInfo": {"serializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "parameters": {"k": "v"}},
}


def samples(w: World) -> dict[str, Sample]:
    """A sample of every type."""
    n = f"{w.name}-{uuid4().hex[:6]}"
    return {
        "aws:s3/bucket:Bucket": Sample({"bucket": n}, {**TAGS}, {"bucket": f"{n}-2", "objectLockEnabled": True}),
        "aws:s3/bucketVersioning:BucketVersioning": Sample(
            {"bucket": w.bucket, "versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
        ),
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Sample(
            {
                "bucket": w.bucket,
                "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": w.key}}],
            },
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        ),
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Sample(
            {"bucket": w.bucket},
            dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True),
        ),
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Sample(
            {"bucket": w.bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
            {"rule": {"objectOwnership": "ObjectWriter"}},
        ),
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Sample(
            {"bucket": w.bucket, "rules": [{"id": "a", "status": "Enabled", "expiration": {"days": 9}}]},
            {
                "rules": [
                    {"id": "a", "status": "Enabled", "expiration": {"days": 10}},
                    {
                        "id": "b",
                        "status": "Disabled",
                        "filter": {"and": {"prefix": "raw/", "tags": {"k": "v"}}},
                        "transitions": [{"days": 90, "storageClass": "GLACIER"}],
                        "noncurrentVersionExpiration": {"noncurrentDays": 30},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                    },
                ]
            },
        ),
        "aws:s3/bucketPolicy:BucketPolicy": Sample(
            {"bucket": w.bucket, "policy": resource_policy("s3:GetObject", f"arn:aws:s3:::{w.bucket}/*")},
            {"policy": resource_policy("s3:PutObject", f"arn:aws:s3:::{w.bucket}/*")},
        ),
        "aws:s3/bucketNotification:BucketNotification": Sample(
            {
                "bucket": w.bucket,
                "queues": [{"queueArn": w.queue, "events": ["s3:ObjectCreated:*"], "filterPrefix": "q/"}],
            },
            {
                "queues": [{"queueArn": w.queue, "events": ["s3:ObjectRemoved:*"], "filterSuffix": ".csv"}],
                "topics": [{"topicArn": w.topic, "events": ["s3:ObjectCreated:Put"], "filterPrefix": "t/"}],
                "lambdaFunctions": [
                    {"lambdaFunctionArn": w.function, "events": ["s3:ObjectCreated:*"], "filterPrefix": "f/", "id": "x"}
                ],
                "eventbridge": True,
            },
        ),
        "aws:s3/bucketObject:BucketObject": _object(w, "object"),
        "aws:s3/bucketObjectv2:BucketObjectv2": _object(w, "object2"),
        "aws:iam/role:Role": Sample(
            {"name": n, "assumeRolePolicy": json.dumps(TRUST)},
            {
                "assumeRolePolicy": json.dumps(TRUST).replace("lambda", "glue"),
                "description": "other",
                "maxSessionDuration": 7200,
                "permissionsBoundary": w.policy,
                **TAGS,
            },
            {"name": f"{n}-2", "path": "/other/"},
            kept={"description": "an empty description is no description"},
        ),
        "aws:iam/policy:Policy": Sample(
            {"name": n, "policy": policy("s3:GetObject")},
            {"policy": policy("s3:PutObject"), **TAGS},
            {"name": f"{n}-2", "path": "/other/", "description": "other"},
        ),
        "aws:iam/user:User": Sample(
            {"name": n},
            {"permissionsBoundary": w.policy, **TAGS},
            {"name": f"{n}-2"},
            untested={"path": "no UpdateUser in the local AWS"},
        ),
        "aws:iam/group:Group": Sample(
            {"name": n}, {}, {"name": f"{n}-2"}, untested={"path": "no UpdateGroup in the local AWS"}
        ),
        **{
            f"aws:iam/{owner}Policy:{owner.capitalize()}Policy": Sample(
                {owner: name, "name": n, "policy": policy("s3:GetObject")},
                {"policy": policy("s3:PutObject")},
                {"name": f"{n}-2"},
            )
            for owner, name in (("role", w.role_name), ("user", w.user), ("group", w.group))
        },
        **{
            f"aws:iam/{owner}PolicyAttachment:{owner.capitalize()}PolicyAttachment": Sample(
                {owner: name, "policyArn": w.policy}, {}, {"policyArn": w.other_policy}
            )
            for owner, name in (("role", w.role_name), ("user", w.user), ("group", w.group))
        },
        "aws:iam/groupMembership:GroupMembership": Sample(
            {"name": n, "group": w.group, "users": [w.user]},
            {"users": []},
            import_differs=True,  # AWS knows the users of a group, not the name that Pulumi gives their list
        ),
        "aws:iam/userGroupMembership:UserGroupMembership": Sample(
            {"user": w.user, "groups": [w.group]},
            untested={"groups": "a change needs a second group; the drift of one is that it is gone"},
        ),
        "aws:iam/accessKey:AccessKey": Sample({"user": w.user}, {"status": "Inactive"}),
        "aws:lambda/function:Function": Sample(
            {
                "name": n,
                "role": w.role,
                "runtime": "python3.11",
                "handler": "h.handler",
                "code": ARCHIVE,
                "tracingConfig": {"mode": "PassThrough"},
                "ephemeralStorage": {"size": 512},
            },
            {
                "code": OTHER_ARCHIVE,
                "handler": "h.other",
                "runtime": "python3.12",
                "description": "other",
                "timeout": 30,
                "memorySize": 256,
                "environment": {"variables": {"A": "1"}},
                "deadLetterConfig": {"targetArn": w.queue},
                "tracingConfig": {"mode": "Active"},
                "ephemeralStorage": {"size": 1024},
                "reservedConcurrentExecutions": 3,
                "kmsKeyArn": w.key,
                "architectures": ["arm64"],
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                "role": "the local AWS has one role for these tests",
                **dict.fromkeys(("s3Bucket", "s3Key", "s3ObjectVersion"), "given instead of code"),
                **dict.fromkeys(("imageUri", "imageConfig", "packageType"), "no container images here"),
                **dict.fromkeys(("layers", "vpcConfig", "loggingConfig", "snapStart"), "not kept by the local AWS"),
                "publish": "makes versions",
            },
        ),
        "aws:lambda/permission:Permission": Sample(
            {
                "statementId": n,
                "action": "lambda:InvokeFunction",
                "function": w.function_name,
                "principal": "s3.amazonaws.com",
            },
            {},
            {
                "statementId": f"{n}-2",
                "principal": "sns.amazonaws.com",
                "sourceArn": w.topic,
                "sourceAccount": "000000000000",
                "action": "lambda:GetFunction",
            },
            untested=dict.fromkeys(("eventSourceToken", "principalOrgId", "qualifier", "function"), "as sourceArn"),
            import_id=lambda state: f"{state.inputs['function']}/{state.id}",
        ),
        "aws:lambda/eventSourceMapping:EventSourceMapping": Sample(
            {
                "functionName": w.function_name,
                "eventSourceArn": w.queue,
                "batchSize": 2,
                "maximumBatchingWindowInSeconds": 1,
            },
            {
                "batchSize": 5,
                "enabled": False,
                "maximumBatchingWindowInSeconds": 3,
                "functionResponseTypes": ["ReportBatchItemFailures"],
                "filterCriteria": {"filters": [{"pattern": '{"body": ["x"]}'}]},
                "scalingConfig": {"maximumConcurrency": 4},
            },
            {"eventSourceArn": w.stream},
            apart={"eventSourceArn": {"startingPosition": "LATEST"}},
            untested={
                **dict.fromkeys(
                    (
                        "bisectBatchOnFunctionError",
                        "destinationConfig",
                        "maximumRecordAgeInSeconds",
                        "startingPosition",
                        "maximumRetryAttempts",
                        "parallelizationFactor",
                        "startingPositionTimestamp",
                        "tumblingWindowInSeconds",
                    ),
                    "for streams",
                ),
                "functionName": "one function here",
                "kmsKeyArn": "not kept by the local AWS",
                "tags": "not kept by the local AWS",
            },
            import_differs=True,  # a function is given by name and comes back as an ARN
        ),
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Sample(
            {"functionName": w.function_name, "maximumEventAgeInSeconds": 60},
            {
                "maximumRetryAttempts": 1,
                "maximumEventAgeInSeconds": 100,
                "destinationConfig": {"onFailure": {"destination": w.queue}},
            },
            untested=dict.fromkeys(("functionName", "qualifier"), "one function here"),
        ),
        "aws:sqs/queue:Queue": Sample(
            {
                "name": n,
                "maxMessageSize": 1024,
                "policy": resource_policy("sqs:ReceiveMessage", "*"),
                "redrivePolicy": json.dumps({"deadLetterTargetArn": w.queue, "maxReceiveCount": 5}),
                "redriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"}),
            },
            {
                "delaySeconds": 5,
                "kmsMasterKeyId": w.key,
                "maxMessageSize": 2048,
                "messageRetentionSeconds": 120,
                "policy": resource_policy("sqs:SendMessage", "*"),
                "receiveWaitTimeSeconds": 3,
                "redrivePolicy": json.dumps({"deadLetterTargetArn": w.queue, "maxReceiveCount": 3}),
                "redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}),
                "visibilityTimeoutSeconds": 90,
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                **dict.fromkeys(
                    ("fifoQueue", "contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit"),
                    "the name of a FIFO queue must end in .fifo; see test_awkward",
                ),
                "kmsDataKeyReusePeriodSeconds": "needs kmsMasterKeyId",
                "sqsManagedSseEnabled": "excludes kmsMasterKeyId",
            },
        ),
        "aws:sqs/queuePolicy:QueuePolicy": Sample(
            {"queueUrl": w.other_queue_url, "policy": resource_policy("sqs:SendMessage", "*")},
            {"policy": resource_policy("sqs:ReceiveMessage", "*")},
        ),
        "aws:sns/topic:Topic": Sample(
            {
                "name": n,
                "policy": resource_policy("sns:Subscribe", "*"),
                "tracingConfig": "PassThrough",
                "signatureVersion": 1,
            },
            {
                "displayName": "other",
                "policy": resource_policy("sns:Publish", "*"),
                "kmsMasterKeyId": w.key,
                "deliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}),
                "tracingConfig": "Active",
                "signatureVersion": 2,
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(("fifoTopic", "contentBasedDeduplication"), "the name must end in .fifo"),
        ),
        "aws:sns/topicPolicy:TopicPolicy": Sample(
            {"arn": w.other_topic, "policy": resource_policy("sns:Publish", w.other_topic)},
            {"policy": resource_policy("sns:Subscribe", w.other_topic)},
        ),
        "aws:sns/topicSubscription:TopicSubscription": Sample(
            {"topic": w.topic, "protocol": "sqs", "endpoint": w.queue},
            {
                "rawMessageDelivery": True,
                "filterPolicy": json.dumps({"a": ["x"]}),
                "redrivePolicy": json.dumps({"deadLetterTargetArn": w.queue}),
            },
            {"protocol": "lambda"},
            apart={"protocol": {"endpoint": w.function}},
            untested={
                "topic": "as protocol",
                "endpoint": "as protocol",
                "filterPolicyScope": "needs filterPolicy",
                "deliveryPolicy": "for http",
                "subscriptionRoleArn": "for firehose",
            },
        ),
        "aws:cloudwatch/logGroup:LogGroup": Sample(
            {"name": n},
            {"retentionInDays": 7, **TAGS},
            {"name": f"{n}-2"},
            untested={"logGroupClass": "not kept by the local AWS", "kmsKeyId": "no AssociateKmsKey in the local AWS"},
        ),
        "aws:cloudwatch/metricAlarm:MetricAlarm": Sample(
            {
                "name": n,
                "comparisonOperator": "GreaterThanThreshold",
                "evaluationPeriods": 1,
                "metricName": "Errors",
                "namespace": "AWS/Lambda",
                "period": 60,
                "statistic": "Sum",
                "threshold": 1,
            },
            {
                "comparisonOperator": "LessThanThreshold",
                "evaluationPeriods": 2,
                "metricName": "Throttles",
                "namespace": "AWS/SQS",
                "period": 300,
                "statistic": "Average",
                "threshold": 5.5,
                "actionsEnabled": False,
                "alarmActions": [w.topic],
                "okActions": [w.topic],
                "insufficientDataActions": [w.topic],
                "alarmDescription": "other",
                "datapointsToAlarm": 1,
                "dimensions": {"FunctionName": "f"},
                "treatMissingData": "breaching",
                "unit": "Count",
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(
                ("extendedStatistic", "thresholdMetricId", "evaluateLowSampleCountPercentiles"), "excludes statistic"
            ),
        ),
        "aws:cloudwatch/eventRule:EventRule": Sample(
            {"name": n, "scheduleExpression": "rate(1 day)"},
            {
                "scheduleExpression": "rate(2 days)",
                "description": "other",
                "eventPattern": json.dumps({"source": ["aws.s3"]}),
                "roleArn": w.role,
                "state": "DISABLED",
                **TAGS,
            },
            {"name": f"{n}-2"},
            kept={"roleArn": "PutRule without a role keeps the old one"},
            untested={"eventBusName": "one bus here"},
        ),
        "aws:cloudwatch/eventTarget:EventTarget": Sample(
            {"rule": f"{w.name}-rule", "targetId": n, "arn": w.queue},
            {
                "arn": w.function,
                "input": '{"a": 1}',
                "inputPath": "$.detail",
                "roleArn": w.role,
                "deadLetterConfig": {"arn": w.queue},
                "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2},
                "inputTransformer": {"inputPaths": {"a": "$.detail.a"}, "inputTemplate": '"<a>"'},
                "sqsTarget": {"messageGroupId": "g"},
                "kinesisTarget": {"partitionKeyPath": "$.id"},
            },
            {"targetId": f"{n}-2"},
            untested={"rule": "one rule here", "eventBusName": "one bus here"},
        ),
        "aws:kms/key:Key": Sample(
            {"description": n, "deletionWindowInDays": 7, "policy": key_policy("first")},
            {
                "description": f"{n}-2",
                "enableKeyRotation": True,
                "isEnabled": False,
                "policy": key_policy("other"),
                **TAGS,
            },
            {"keyUsage": "SIGN_VERIFY"},
            apart={"keyUsage": {"customerMasterKeySpec": "RSA_2048"}},
            untested={
                "customerMasterKeySpec": "with keyUsage",
                "rotationPeriodInDays": "needs enableKeyRotation",
                "multiRegion": "see test_awkward",
            },
        ),
        "aws:kms/alias:Alias": Sample(
            {"name": f"alias/{n}", "targetKeyId": w.key}, {"targetKeyId": w.other_key}, {"name": f"alias/{n}-2"}
        ),
        "aws:glue/catalogDatabase:CatalogDatabase": Sample(
            {"name": n.replace("-", "_"), "locationUri": "s3://y/"},
            {"description": "other", "locationUri": "s3://x/", "parameters": {"a": "1"}, **TAGS},
            {"name": n.replace("-", "_") + "_2"},
            untested=dict.fromkeys(
                ("catalogId", "createTableDefaultPermissions", "targetDatabase"), "one catalog, no Lake Formation here"
            ),
        ),
        "aws:glue/catalogTable:CatalogTable": Sample(
            {
                "name": n.replace("-", "_"),
                "databaseName": w.database,
                "tableType": "EXTERNAL_TABLE",
                "owner": "you",
                "storageDescriptor": STORAGE,
            },
            {
                "storageDescriptor": {**STORAGE, "columns": [*COLUMNS, {"name": "more", "type": "string"}]},
                "description": "other",
                "owner": "me",
                "parameters": {"classification": "json"},
                "partitionKeys": [{"name": "d", "type": "date", "comment": "day"}],
                "retention": 5,
                "tableType": "VIRTUAL_VIEW",
                "viewOriginalText": "a",
                "viewExpandedText": "b",
            },
            {"name": n.replace("-", "_") + "_2"},
            untested=dict.fromkeys(("catalogId", "targetTable", "databaseName"), "one catalog and database here"),
        ),
        "aws:glue/crawler:Crawler": Sample(
            {
                "name": n,
                "role": w.role,
                "databaseName": w.database,
                "s3Targets": [{"path": "s3://x/y"}],
                "schemaChangePolicy": {
                    "deleteBehavior": "DEPRECATE_IN_DATABASE",
                    "updateBehavior": "UPDATE_IN_DATABASE",
                },
                "recrawlPolicy": {"recrawlBehavior": "CRAWL_EVERYTHING"},
            },
            {
                "s3Targets": [{"path": "s3://x/z", "exclusions": ["*.tmp"]}],
                "description": "other",
                "schedule": "cron(0 1 * * ? *)",
                "tablePrefix": "t_",
                "schemaChangePolicy": {"deleteBehavior": "LOG", "updateBehavior": "LOG"},
                "recrawlPolicy": {"recrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
                "configuration": json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 2}}),
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                **dict.fromkeys(
                    ("catalogTargets", "deltaTargets", "icebergTargets", "dynamodbTargets", "classifiers"),
                    "S3 only here",
                ),
                **dict.fromkeys(
                    ("lineageConfiguration", "lakeFormationConfiguration", "securityConfiguration"),
                    "not in the local AWS",
                ),
                "role": "one role here",
                "databaseName": "one database here",
            },
        ),
        "aws:glue/job:Job": Sample(
            {
                "name": n,
                "roleArn": w.role,
                "command": {"name": "pythonshell", "scriptLocation": "s3://x/j.py"},
                "executionProperty": {"maxConcurrentRuns": 1},
                "maxCapacity": 1,
                "timeout": 5,
                "glueVersion": "4.0",
            },
            {
                "command": {"name": "pythonshell", "scriptLocation": "s3://x/k.py", "pythonVersion": "3.9"},
                "description": "other",
                "defaultArguments": {"--a": "1"},
                "nonOverridableArguments": {"--b": "2"},
                "executionProperty": {"maxConcurrentRuns": 2},
                "maxCapacity": 0.0625,
                "maxRetries": 1,
                "timeout": 10,
                "glueVersion": "3.0",
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                **dict.fromkeys(("numberOfWorkers", "workerType", "executionClass"), "excludes maxCapacity"),
                **dict.fromkeys(
                    ("connections", "securityConfiguration", "notificationProperty"), "not in the local AWS"
                ),
                "roleArn": "one role here",
            },
        ),
        "aws:glue/trigger:Trigger": Sample(
            {
                "name": n,
                "type": "SCHEDULED",
                "schedule": "cron(0 1 * * ? *)",
                "actions": [{"jobName": f"{w.name}-job"}],
            },
            {
                "schedule": "cron(0 2 * * ? *)",
                "actions": [{"jobName": f"{w.name}-job", "arguments": {"--a": "1"}}],
                "description": "other",
                "enabled": False,
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(("type", "predicate", "eventBatchingConditions", "workflowName"), "of other types"),
        ),
        "aws:athena/workgroup:Workgroup": Sample(
            {"name": n, "configuration": {"resultConfiguration": {"outputLocation": f"s3://{w.bucket}/r/"}}},
            {
                "configuration": {
                    "bytesScannedCutoffPerQuery": 20000000,
                    "enforceWorkgroupConfiguration": False,
                    "resultConfiguration": {
                        "outputLocation": f"s3://{w.bucket}/s/",
                        "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
                    },
                },
                "description": "other",
                "state": "DISABLED",
                **TAGS,
            },
            {"name": f"{n}-2"},
        ),
        "aws:glue/classifier:Classifier": Sample(
            {"name": n, "csvClassifier": {"delimiter": ";", "containsHeader": "PRESENT", "headers": ["a", "b"]}},
            {
                "csvClassifier": {"delimiter": ",", "containsHeader": "ABSENT", "headers": ["a"], "quoteSymbol": "'"},
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(
                ("grokClassifier", "jsonClassifier", "xmlClassifier"), "one kind here; see test_services.py"
            ),
        ),
        "aws:cloudwatch/logStream:LogStream": Sample(
            {"name": n, "logGroupName": w.log_group},
            {},
            {"name": f"{n}-2"},
            untested={"logGroupName": "one log group here"},
            import_id=lambda state: f"{w.log_group}:{state.id}",
        ),
        "aws:cloudwatch/logMetricFilter:LogMetricFilter": Sample(
            {
                "name": n,
                "logGroupName": w.log_group,
                "pattern": "ERROR",
                "metricTransformation": {"name": "errors", "namespace": "lake", "value": "1"},
            },
            {
                "pattern": "WARN",
                "metricTransformation": {"name": "all", "namespace": "lake", "value": "2", "defaultValue": "0"},
            },
            {"name": f"{n}-2"},
            untested={"logGroupName": "one log group here"},
            import_id=lambda state: f"{w.log_group}:{state.id}",
        ),
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": Sample(
            {"name": n, "logGroup": w.log_group, "destinationArn": w.function, "filterPattern": "ERROR"},
            {"filterPattern": "WARN", "distribution": "Random"},
            {"name": f"{n}-2"},
            untested={
                "logGroup": "one log group here",
                "destinationArn": "one function here",
                "roleArn": "for destinations other than functions",
            },
            import_id=lambda state: f"{w.log_group}:{state.id}",
        ),
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Sample(
            {"policyName": n, "policyDocument": resource_policy("logs:PutLogEvents", "*", "events.amazonaws.com")},
            {"policyDocument": resource_policy("logs:CreateLogStream", "*", "events.amazonaws.com")},
            {"policyName": f"{n}-2"},
        ),
        "aws:cloudwatch/dashboard:Dashboard": Sample(
            {"dashboardName": n, "dashboardBody": json.dumps({"widgets": []})},
            {"dashboardBody": json.dumps({"widgets": [], "start": "-PT3H"})},
            {"dashboardName": f"{n}-2"},
        ),
        "aws:cloudwatch/eventBus:EventBus": Sample(
            {"name": n},
            {
                "description": "other",
                "kmsKeyIdentifier": w.key,
                "deadLetterConfig": {"arn": w.queue},
                **TAGS,
            },
            {"name": f"{n}-2"},
        ),
        "aws:lambda/alias:Alias": Sample(
            {"name": n, "functionName": w.function_name, "functionVersion": "1"},
            {
                "functionVersion": "2",
                "description": "other",
                "routingConfig": {"additionalVersionWeights": {"2": 0.1}},
            },
            {"name": f"{n}-2"},
            untested={"functionName": "one function here"},
        ),
        "aws:lambda/layerVersion:LayerVersion": Sample(
            {"layerName": n, "code": ARCHIVE},
            {},
            {
                "layerName": f"{n}-2",
                "code": OTHER_ARCHIVE,
                "compatibleRuntimes": ["python3.11"],
                "compatibleArchitectures": ["arm64"],
                "description": "other",
                "licenseInfo": "MIT",
            },
            untested=dict.fromkeys(("s3Bucket", "s3Key", "s3ObjectVersion"), "excludes code"),
        ),
        "aws:sqs/redrivePolicy:RedrivePolicy": Sample(
            {
                "queueUrl": w.other_queue_url,
                "redrivePolicy": json.dumps({"deadLetterTargetArn": w.queue, "maxReceiveCount": 5}),
            },
            {"redrivePolicy": json.dumps({"deadLetterTargetArn": w.queue, "maxReceiveCount": 3})},
        ),
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": Sample(
            {"queueUrl": w.other_queue_url, "redriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})},
            {"redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})},
        ),
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": Sample(
            {"bucket": w.bucket, "corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]},
            {
                "corsRules": [
                    {
                        "id": "people",
                        "allowedMethods": ["GET", "PUT"],
                        "allowedOrigins": ["https://example.com"],
                        "allowedHeaders": ["*"],
                        "exposeHeaders": ["ETag"],
                        "maxAgeSeconds": 60,
                    }
                ]
            },
        ),
        "aws:s3/bucketLogging:BucketLogging": Sample(
            {"bucket": w.bucket, "targetBucket": w.bucket, "targetPrefix": "log/"},
            {
                "targetPrefix": "other/",
                "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
            },
            untested={"targetBucket": "one bucket here"},
        ),
        "aws:secretsmanager/secretPolicy:SecretPolicy": Sample(
            {"secretArn": w.secret, "policy": resource_policy("secretsmanager:GetSecretValue", "*")},
            {"policy": resource_policy("secretsmanager:DescribeSecret", "*"), "blockPublicPolicy": True},
            untested={"secretArn": "one secret here"},
        ),
        "aws:apigatewayv2/authorizer:Authorizer": Sample(
            {
                "apiId": w.api,
                "name": n,
                "authorizerType": "JWT",
                "identitySources": ["$request.header.Authorization"],
                "jwtConfiguration": {"audiences": ["a"], "issuer": "https://example.com"},
            },
            {
                "name": f"{n}-2",
                "identitySources": ["$request.querystring.token"],
                "jwtConfiguration": {"audiences": ["a", "b"], "issuer": "https://example.org"},
            },
            untested={
                "apiId": "one API here",
                "authorizerType": "one kind here",
                **dict.fromkeys(
                    (
                        "authorizerCredentialsArn",
                        "authorizerPayloadFormatVersion",
                        "authorizerResultTtlInSeconds",
                        "authorizerUri",
                        "enableSimpleResponses",
                    ),
                    "of the kind REQUEST",
                ),
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:athena/dataCatalog:DataCatalog": Sample(
            {
                "name": n.replace("-", "_"),
                "type": "GLUE",
                "description": "one",
                "parameters": {"catalog-id": "000000000000"},
            },
            {"description": "other", "parameters": {"catalog-id": "111111111111"}, **TAGS},
            {"name": n.replace("-", "_") + "_2"},
            untested={"type": "GLUE alone here"},
        ),
        "aws:athena/namedQuery:NamedQuery": Sample(
            {"name": n, "database": w.database, "query": "SELECT 1"},
            {},
            {
                "name": f"{n}-2",
                "query": "SELECT 2",
                "description": "other",
                "workgroup": w.workgroup,
                "database": "other",
            },
        ),
        "aws:athena/preparedStatement:PreparedStatement": Sample(
            {"name": n.replace("-", "_"), "workgroup": w.workgroup, "queryStatement": "SELECT 1"},
            {"queryStatement": "SELECT 2", "description": "other"},
            {"name": n.replace("-", "_") + "_2"},
            kept={"description": "an update without a description keeps the old one"},
            untested={"workgroup": "one workgroup here"},
        ),
        "aws:kinesis/stream:Stream": Sample(
            {"name": n, "shardCount": 1},
            {
                "shardCount": 2,
                "retentionPeriod": 48,
                "shardLevelMetrics": ["IncomingBytes"],
                "encryptionType": "KMS",
                **TAGS,
            },
            {"name": f"{n}-2"},
            apart={"encryptionType": {"kmsKeyId": w.key}},
            untested={"kmsKeyId": "with encryptionType", "streamModeDetails": "excludes shardCount"},
        ),
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Sample(
            {
                "name": n,
                "destination": "extended_s3",
                "extendedS3Configuration": {"bucketArn": f"arn:aws:s3:::{w.bucket}", "roleArn": w.role},
            },
            {
                "extendedS3Configuration": {
                    "bucketArn": f"arn:aws:s3:::{w.bucket}",
                    "roleArn": w.role,
                    "prefix": "p/",
                    "errorOutputPrefix": "e/",
                    "bufferingInterval": 60,
                    "bufferingSize": 64,
                    "compressionFormat": "GZIP",
                },
                **TAGS,
            },
            {"name": f"{n}-2", "kinesisSourceConfiguration": {"kinesisStreamArn": w.stream, "roleArn": w.role}},
            untested={"destination": "S3 alone"},
        ),
        "aws:apigatewayv2/api:Api": Sample(
            {"name": n, "protocolType": "HTTP"},
            {
                "name": f"{n}-2",
                "description": "other",
                "version": "2",
                "disableExecuteApiEndpoint": True,
                "corsConfiguration": {"allowOrigins": ["*"], "allowMethods": ["GET"], "maxAge": 3},
                **TAGS,
            },
            {"protocolType": "WEBSOCKET"},
            apart={"protocolType": {"routeSelectionExpression": "$request.body.action"}},
            untested={
                **dict.fromkeys(("credentialsArn", "routeKey", "target"), "a shortcut that AWS turns into a route"),
                **dict.fromkeys(("apiKeySelectionExpression", "routeSelectionExpression"), "for WebSocket"),
                "ipAddressType": "not kept by the local AWS",
            },
        ),
        "aws:apigatewayv2/integration:Integration": Sample(
            {
                "apiId": w.api,
                "integrationType": "AWS_PROXY",
                "integrationUri": w.function,
                "timeoutMilliseconds": 3000,
                "integrationMethod": "GET",
            },
            {
                "description": "other",
                "payloadFormatVersion": "2.0",
                "timeoutMilliseconds": 5000,
                "integrationUri": w.function + ":1",
                "integrationMethod": "POST",
                "requestParameters": {"append:header.a": "b"},
            },
            {"integrationType": "HTTP_PROXY"},
            apart={"integrationType": {"integrationMethod": "GET", "integrationUri": "https://example.com"}},
            untested={
                "apiId": "one API here",
                "credentialsArn": "not kept by the local AWS",
                **dict.fromkeys(("connectionId", "connectionType", "tlsConfig"), "for VPC links"),
                **dict.fromkeys(
                    (
                        "contentHandlingStrategy",
                        "passthroughBehavior",
                        "requestTemplates",
                        "templateSelectionExpression",
                        "integrationSubtype",
                    ),
                    "for WebSocket",
                ),
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:apigatewayv2/route:Route": Sample(
            {"apiId": w.api, "routeKey": f"GET /{n}"},
            {
                "routeKey": f"POST /{n}",
                "target": "integrations/x",
                "operationName": "other",
                "authorizationType": "AWS_IAM",
                "apiKeyRequired": True,
            },
            untested={
                "apiId": "one API here",
                **dict.fromkeys(
                    (
                        "authorizationScopes",
                        "authorizerId",
                        "modelSelectionExpression",
                        "requestModels",
                        "routeResponseSelectionExpression",
                    ),
                    "for authorizers and WebSocket",
                ),
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:apigatewayv2/stage:Stage": Sample(
            {"apiId": w.api, "name": n, "defaultRouteSettings": {"throttlingBurstLimit": 1, "throttlingRateLimit": 2}},
            {
                "description": "other",
                "autoDeploy": True,
                "stageVariables": {"a": "1"},
                "accessLogSettings": {
                    "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:x",
                    "format": "$x",
                },
                "defaultRouteSettings": {"throttlingBurstLimit": 5, "throttlingRateLimit": 10},
                "routeSettings": [{"routeKey": "GET /", "throttlingBurstLimit": 5, "throttlingRateLimit": 10}],
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                "apiId": "one API here",
                "clientCertificateId": "for WebSocket",
                "deploymentId": "with autoDeploy",
            },
            import_id=lambda state: f"{state.inputs['apiId']}/{state.id}",
        ),
        "aws:secretsmanager/secret:Secret": Sample(
            {"name": n, "recoveryWindowInDays": 0, "policy": resource_policy("secretsmanager:DescribeSecret", "*")},
            {
                "description": "other",
                "kmsKeyId": w.key,
                "policy": resource_policy("secretsmanager:GetSecretValue", "*"),
                **TAGS,
            },
            {"name": f"{n}-2"},
        ),
        "aws:secretsmanager/secretVersion:SecretVersion": Sample(
            {"secretId": w.secret, "secretString": "one"},
            {},
            {"secretString": "two", "secretBinary": "AAEC"},
            untested={"secretId": "one secret here", "versionStages": "moved by AWS itself"},
        ),
        "aws:ssm/parameter:Parameter": Sample(
            {"name": f"/{n}", "type": "String", "value": "one", "tier": "Standard"},
            {
                "value": "two",
                "type": "SecureString",
                "description": "other",
                "allowedPattern": ".*",
                "tier": "Advanced",
                **TAGS,
            },
            {"name": f"/{n}-2"},
            untested={"insecureValue": "excludes value", "dataType": "needs an AMI", "keyId": "with SecureString"},
        ),
        "aws:budgets/budget:Budget": Sample(
            {"name": n, "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "10.0", "limitUnit": "USD"},
            {
                "limitAmount": "20.0",
                "notifications": [
                    {
                        "comparisonOperator": "GREATER_THAN",
                        "notificationType": "ACTUAL",
                        "threshold": 80,
                        "thresholdType": "PERCENTAGE",
                        "subscriberEmailAddresses": ["a@example.com"],
                    }
                ],
                "costFilters": [{"name": "Service", "values": ["Amazon Athena"]}],
                "timeUnit": "QUARTERLY",
            },
            {"name": f"{n}-2", "budgetType": "USAGE"},
            apart={"budgetType": {"limitUnit": "GB"}},
            untested={
                "limitUnit": "with budgetType",
                **dict.fromkeys(("timePeriodStart", "timePeriodEnd"), "AWS gives a month"),
                "accountId": "one account here",
                "costTypes": "AWS fills it in",
                "tags": "not kept by the local AWS",
            },
        ),
    }


def _object(w: World, key: str) -> Sample:
    return Sample(
        {"bucket": w.bucket, "key": f"{w.name}/{key}", "content": "one", "contentType": "text/plain"},
        {
            "content": "two",
            "contentType": "text/csv",
            "cacheControl": "no-cache",
            "contentDisposition": "inline",
            "contentEncoding": "identity",
            "contentLanguage": "en",
            "metadata": {"a": "1"},
            "storageClass": "STANDARD_IA",
            **TAGS,
        },
        {"key": f"{w.name}/{key}-2"},
        untested={
            "bucket": "one bucket here",
            **dict.fromkeys(("source", "contentBase64"), "excludes content"),
            **dict.fromkeys(("serverSideEncryption", "kmsKeyId", "bucketKeyEnabled"), "as the bucket has it"),
            "websiteRedirect": "not kept by the local AWS",
        },
        import_differs=True,  # S3 gives an object's bytes, not where they came from
    )


@pytest.fixture(scope="module")
def world(cloud: Cloud) -> World:
    name = f"w{uuid4().hex[:8]}"
    iam, kms, function = cloud.client("iam"), cloud.client("kms"), cloud.client("lambda")
    services = [f"{service}.amazonaws.com" for service in ("lambda", "glue", "firehose", "events")]
    trust = json.dumps(TRUST).replace('"lambda.amazonaws.com"', json.dumps(services))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policies = [
        iam.create_policy(PolicyName=f"{name}-{i}", PolicyDocument=policy("s3:*"))["Policy"]["Arn"] for i in (1, 2)
    ]
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        bundle.writestr("h.py", "def handler(event, context): return 1")
    made = function.create_function(
        FunctionName=name, Role=role, Runtime="python3.11", Handler="h.handler", Code={"ZipFile": body.getvalue()}
    )
    allowed = {"Policy": resource_policy("sqs:SendMessage", queue)}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=allowed)
    function.add_permission(
        FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    for number in (1, 2):  # a new version wants new code
        with zipfile.ZipFile(other := io.BytesIO(), "w") as archive:
            archive.writestr("h.py", f"def handler(event, context): return {number}")
        function.update_function_code(FunctionName=name, ZipFile=other.getvalue(), Publish=True)
    cloud.client("logs").create_log_group(logGroupName=name)
    topic = cloud.client("sns").create_topic(Name=name)["TopicArn"]
    cloud.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=resource_policy("sns:Publish", topic)
    )
    stream_policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}]}
    )
    iam.put_role_policy(RoleName=name, PolicyName="streams", PolicyDocument=stream_policy)
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    cloud.client("events").put_rule(Name=f"{name}-rule", ScheduleExpression="rate(1 day)")
    script = {"Name": "pythonshell", "ScriptLocation": "s3://x/j.py"}
    cloud.client("glue").create_job(Name=f"{name}-job", Role=role, Command=script)
    athena = cloud.client("athena")
    athena.create_work_group(Name=name, Configuration={"ResultConfiguration": {"OutputLocation": "s3://x/"}})
    return World(
        name=name,
        role=role,
        role_name=name,
        bucket=cloud.bucket(),
        key=keys[0],
        other_key=keys[1],
        other_queue_url=sqs.create_queue(QueueName=f"{name}-other")["QueueUrl"],
        queue=queue,
        topic=topic,
        other_topic=cloud.client("sns").create_topic(Name=f"{name}-other")["TopicArn"],
        function=made["FunctionArn"],
        function_name=name,
        stream=kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"],
        api=cloud.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP")["ApiId"],
        user=name,
        group=name,
        policy=policies[0],
        other_policy=policies[1],
        database=cloud.database(),
        workgroup=name,
        secret=cloud.client("secretsmanager").create_secret(Name=name)["ARN"],
        log_group=name,
    )


@pytest.fixture(scope="module")
def plugins(cloud: Cloud) -> Iterator[Plugins]:
    made = Plugins({"PATH": "/usr/bin:/bin", **cloud.environment()})
    yield made
    made.close()


def _assert_no_error(deployment: Deployment) -> None:
    errors = [step.error for step in deployment.steps if step.error]
    assert not errors, errors


class Lab:
    """A stack of one resource, and what can be done with it."""

    def __init__(self, plugins: Plugins, token: str, folder: Path):
        self.token = token
        self.snapshot = Snapshot()
        self._plugins = plugins
        self._project = Project("types", folder, ".", None, {}, folder)

    def _deployment(self) -> Deployment:
        checkpoint = Checkpoint(self.snapshot, Secrets(""), None)
        return Deployment(self._project, "dev", checkpoint, self._plugins, {}, Options(), lambda event: None)

    def up(self, inputs: dict[str, Any], import_id: str = "") -> Step:
        deployment = self._deployment()
        goal = Goal(self.token, "it", "", True, dict(inputs), import_id=import_id)
        registration.register(deployment, goal)
        removal.delete_unwanted(deployment)
        self.snapshot = deployment.checkpoint.snapshot()
        _assert_no_error(deployment)
        return next(step for step in deployment.steps if step.name == "it" and step.op != "delete")

    def refresh(self) -> Step:
        deployment = self._deployment()
        refresh(deployment)
        self.snapshot = deployment.checkpoint.snapshot()
        _assert_no_error(deployment)
        return deployment.steps[0]

    def destroy(self) -> None:
        deployment = self._deployment()
        removal.delete_all(deployment, deployment.checkpoint.old())
        self.snapshot = deployment.checkpoint.snapshot()
        _assert_no_error(deployment)

    @property
    def state(self) -> ResourceState:
        return next(item for item in self.snapshot.resources if item.type == self.token and not item.delete)

    def behind_the_back(self, inputs: dict[str, Any]) -> None:
        """Changes the resource in AWS; the engine's state stays as it was."""
        provider = self._deployment().provider_of(self.state)
        folder = self._project.root
        checked, mistakes = provider.check(self.state.urn, self.state.inputs, dict(inputs), b"0", folder)
        assert mistakes == []
        provider.update(self.state, checked, folder)

    def remove_behind_the_back(self) -> None:
        self._deployment().provider_of(self.state).delete(self.state, self._project.root)

    def found_by_inputs(self, **hints: Any) -> str | None:
        """The id that the provider finds for what the state's inputs have made, as after a kill."""
        state = self.state
        provider = self._deployment().provider_of(state)
        there = provider.read(state.urn, "", {**state.inputs, **hints}, {}, self._project.root)
        return there.id if there else None

    def exists(self, state: ResourceState) -> bool:
        provider = self._deployment().provider_of(state)
        return provider.read(state.urn, state.id, state.inputs, state.outputs, self._project.root) is not None


TOKENS = sorted(all_types())


@pytest.fixture
def lab(plugins: Plugins, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    made = Lab(plugins, request.getfixturevalue("token"), tmp_path)
    yield made
    if made.snapshot.resources:
        made.destroy()


def first(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def changed_names(step: Step) -> set[str]:
    return {first(change.path) for change in step.changes}


def mutable(kind: Resource, sample: Sample) -> list[tuple[str, dict[str, Any]]]:
    """Each change in place with the inputs that it makes."""
    return [
        (name, {**sample.inputs, name: value, **sample.apart.get(name, {})}) for name, value in sample.change.items()
    ]


@pytest.mark.parametrize("token", TOKENS)
def test_each_property_is_in_the_sample(token: str, world: World) -> None:
    """A property that is added to a type and to no test is found here."""
    sample, kind = samples(world)[token], all_types()[token]
    covered = {*sample.inputs, *sample.change, *sample.replace, *sample.untested}
    missing = [
        name
        for name, known in kind.properties.items()
        if name not in covered and not known.local and name not in ("region", "namePrefix")
    ]
    assert missing == []
    assert not (set(sample.untested) & {*sample.change, *sample.replace}), "what is tested is not untested"


@pytest.mark.parametrize("token", TOKENS)
def test_create_nothing_and_each_change_in_place(token: str, lab: Lab, world: World) -> None:
    sample, kind = samples(world)[token], all_types()[token]
    assert lab.up(sample.inputs).op == "create"
    id = lab.state.id
    assert lab.up(sample.inputs).op == "same"
    assert lab.refresh().changes == (), "a refresh right after the creation finds no drift"
    for name, inputs in mutable(kind, sample):
        step = lab.up(inputs)
        assert (step.op, name in changed_names(step)) == ("update", True), f"changing {name}"
        assert lab.state.id == id
        assert lab.refresh().changes == (), f"after changing {name}"
        assert lab.up(inputs).op == "same", f"after changing {name}"
        if name in sample.kept:
            lab.destroy()
            lab.up(sample.inputs)
            id = lab.state.id
            continue
        back = "same" if stays(kind, sample, name) else "update"
        assert lab.up(sample.inputs).op == back, f"taking {name} back"
        assert lab.refresh().changes == (), f"after taking {name} back"


def stays(kind: Resource, sample: Sample, name: str) -> bool:
    """Whether AWS keeps the value of a property that the program stops to set, as Pulumi does with computed ones."""
    return kind.properties[name].computed and name not in sample.inputs


@pytest.mark.parametrize("token", TOKENS)
def test_drift_of_each_property_is_found_and_repaired(token: str, lab: Lab, world: World) -> None:
    sample, kind = samples(world)[token], all_types()[token]
    lab.up(sample.inputs)
    for name, inputs in mutable(kind, sample):
        if kind.properties[name].blind or name in sample.unseen:
            continue
        assert not stays(kind, sample, name), f"the sample needs a first value of {name}"
        lab.behind_the_back(inputs)
        drift = lab.refresh()
        assert drift.op == "refresh", f"drift of {name}"
        assert name in changed_names(drift)
        if name in sample.kept:
            lab.destroy()
            lab.up(sample.inputs)
            continue
        repaired = lab.up(sample.inputs)
        assert (repaired.op, name in changed_names(repaired)) == ("update", True), f"repairing {name}"
        assert lab.refresh().changes == (), f"after repairing {name}"


@pytest.mark.parametrize("token", TOKENS)
def test_each_replacing_property(token: str, lab: Lab, world: World) -> None:
    sample = samples(world)[token]
    lab.up(sample.inputs)
    for name, value in sample.replace.items():
        before = lab.state
        inputs = {**sample.inputs, name: value, **sample.apart.get(name, {})}
        if name == "secretBinary":
            inputs.pop("secretString")
        step = lab.up(inputs)
        assert (step.op, any(change.replaces for change in step.changes)) == ("replace", True), f"changing {name}"
        assert lab.refresh().changes == (), f"after changing {name}"
        if lab.state.id != before.id:
            assert token.endswith("SecretVersion") or not lab.exists(before), (
                f"the old one is gone after changing {name}"
            )
        assert lab.up(sample.inputs).op == "replace", f"taking {name} back"


@pytest.mark.parametrize("token", TOKENS)
def test_gone_then_imported_then_deleted(token: str, lab: Lab, world: World) -> None:
    sample = samples(world)[token]
    lab.up(sample.inputs)
    lab.remove_behind_the_back()
    step = lab.refresh()
    assert token in NEVER_GONE or (step.op, step.note) == ("delete", "gone")
    lab.up(sample.inputs)
    state = lab.state
    if not sample.import_differs:
        kept, lab.snapshot = lab.snapshot, Snapshot()
        import_id = sample.import_id(state) if sample.import_id else state.id
        assert lab.up(sample.inputs, import_id).op == "import"
        assert lab.up(sample.inputs).op == "same"
        assert reveal(lab.state.outputs).get("arn") == reveal(state.outputs).get("arn")
        lab.snapshot = replace(kept)
    lab.destroy()
    lab.snapshot = kept_provider(lab, state)
    assert token in NEVER_GONE or not lab.exists(state)
    lab.snapshot = Snapshot()


@pytest.mark.parametrize("token", [token for token in TOKENS if token != "aws:iam/accessKey:AccessKey"])
def test_a_create_that_was_cut_off_is_found_again(token: str, lab: Lab, world: World) -> None:
    lab.up(samples(world)[token].inputs)
    assert lab.found_by_inputs() == lab.state.id


def test_of_access_keys_only_the_one_whose_create_was_cut_off_is_removed(
    world: World, plugins: Plugins, tmp_path: Path, cloud: Cloud
) -> None:
    token, iam = "aws:iam/accessKey:AccessKey", cloud.client("iam")
    lab = Lab(plugins, token, tmp_path)
    lab.up({"user": world.user})
    state = lab.state
    by_hand = iam.create_access_key(UserName=world.user)["AccessKey"]
    in_a_second = (by_hand["CreateDate"] + timedelta(seconds=1)).isoformat()
    assert lab.found_by_inputs(__known=[state.id], __since=in_a_second) is None
    assert by_hand["AccessKeyId"] in access_keys(iam, world.user), "it was there before the create began"
    assert lab.found_by_inputs(__known=[state.id], __since=by_hand["CreateDate"].isoformat()) is None
    assert access_keys(iam, world.user) == [state.id], "its secret is lost, so it is made again"
    lab.destroy()


def access_keys(iam: Any, user: str) -> list[str]:
    return [key["AccessKeyId"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]


# AWS always has these: versioning is suspended, a bucket's encryption goes back to AES256, a topic's policy to that of
# a new topic, the current version of a secret goes with the secret, and a group has members or none
NEVER_GONE = {
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:iam/groupMembership:GroupMembership",
}


def kept_provider(lab: Lab, state: ResourceState) -> Snapshot:
    """A state with the provider that a deleted resource had, to look for it."""
    urn, _, id = state.provider.rpartition("::")
    return Snapshot((ResourceState(urn, "pulumi:providers:aws", True, id),))
