"""The graph as a CloudFormation template, the form that cfn-lint checks against AWS's own resource schemas.

Values stay the resolved ones, so a template cannot be deployed as it is; formats, enumerations and ranges are what it
is for. Names follow the schema's by rule (`memorySize` is `MemorySize`); what breaks the rule is in the tables below. A
property or type without a place in CloudFormation is counted and named, never dropped in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakelab.lint.graph import Graph, Resource

SchemaOf = Callable[[str], dict[str, Any]]

TYPES = {
    "aws:apigatewayv2/api:Api": "AWS::ApiGatewayV2::Api",
    "aws:apigatewayv2/integration:Integration": "AWS::ApiGatewayV2::Integration",
    "aws:apigatewayv2/route:Route": "AWS::ApiGatewayV2::Route",
    "aws:apigatewayv2/stage:Stage": "AWS::ApiGatewayV2::Stage",
    "aws:athena/dataCatalog:DataCatalog": "AWS::Athena::DataCatalog",
    "aws:athena/namedQuery:NamedQuery": "AWS::Athena::NamedQuery",
    "aws:athena/preparedStatement:PreparedStatement": "AWS::Athena::PreparedStatement",
    "aws:athena/workgroup:Workgroup": "AWS::Athena::WorkGroup",
    "aws:cloudwatch/eventRule:EventRule": "AWS::Events::Rule",
    "aws:cloudwatch/logGroup:LogGroup": "AWS::Logs::LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "AWS::CloudWatch::Alarm",
    "aws:glue/catalogDatabase:CatalogDatabase": "AWS::Glue::Database",
    "aws:glue/catalogTable:CatalogTable": "AWS::Glue::Table",
    "aws:glue/crawler:Crawler": "AWS::Glue::Crawler",
    "aws:glue/job:Job": "AWS::Glue::Job",
    "aws:glue/trigger:Trigger": "AWS::Glue::Trigger",
    "aws:iam/group:Group": "AWS::IAM::Group",
    "aws:iam/groupPolicy:GroupPolicy": "AWS::IAM::GroupPolicy",
    "aws:iam/policy:Policy": "AWS::IAM::ManagedPolicy",
    "aws:iam/role:Role": "AWS::IAM::Role",
    "aws:iam/rolePolicy:RolePolicy": "AWS::IAM::RolePolicy",
    "aws:iam/user:User": "AWS::IAM::User",
    "aws:iam/userPolicy:UserPolicy": "AWS::IAM::UserPolicy",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "AWS::KinesisFirehose::DeliveryStream",
    "aws:kinesis/stream:Stream": "AWS::Kinesis::Stream",
    "aws:kms/alias:Alias": "AWS::KMS::Alias",
    "aws:kms/key:Key": "AWS::KMS::Key",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "AWS::Lambda::EventSourceMapping",
    "aws:lambda/function:Function": "AWS::Lambda::Function",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "AWS::Lambda::EventInvokeConfig",
    "aws:lambda/permission:Permission": "AWS::Lambda::Permission",
    "aws:s3/bucket:Bucket": "AWS::S3::Bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "AWS::S3::BucketPolicy",
    "aws:secretsmanager/secret:Secret": "AWS::SecretsManager::Secret",
    "aws:sns/topic:Topic": "AWS::SNS::Topic",
    "aws:sns/topicPolicy:TopicPolicy": "AWS::SNS::TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription": "AWS::SNS::Subscription",
    "aws:sqs/queue:Queue": "AWS::SQS::Queue",
    "aws:sqs/queuePolicy:QueuePolicy": "AWS::SQS::QueuePolicy",
    "aws:ssm/parameter:Parameter": "AWS::SSM::Parameter",
}

# Resources of their own in Pulumi that are a property of the bucket in CloudFormation.
PARTS_OF_A_BUCKET = {
    "aws:s3/bucketVersioning:BucketVersioning": "",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucketEncryption",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "ownershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "publicAccessBlockConfiguration",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "lifecycleConfiguration",
    "aws:s3/bucketNotification:BucketNotification": "notificationConfiguration",
}

# What Pulumi calls a property -> what CloudFormation calls it, where more than the case differs.
RENAMES = {
    "AWS::Athena::NamedQuery": {"query": "QueryString"},
    "AWS::Athena::WorkGroup": {"configuration": "WorkGroupConfiguration", "forceDestroy": "RecursiveDeleteOption"},
    "AWS::Glue::Job": {"roleArn": "Role"},
    "AWS::IAM::GroupPolicy": {"policy": "PolicyDocument", "group": "GroupName", "name": "PolicyName"},
    "AWS::IAM::ManagedPolicy": {"policy": "PolicyDocument"},
    "AWS::IAM::Role": {"assumeRolePolicy": "AssumeRolePolicyDocument"},
    "AWS::IAM::RolePolicy": {"policy": "PolicyDocument", "role": "RoleName", "name": "PolicyName"},
    "AWS::IAM::UserPolicy": {"policy": "PolicyDocument", "user": "UserName", "name": "PolicyName"},
    "AWS::KMS::Key": {"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays"},
    "AWS::Kinesis::Stream": {"retentionPeriod": "RetentionPeriodHours"},
    "AWS::KinesisFirehose::DeliveryStream": {
        "name": "DeliveryStreamName",
        "destination": "",
        "extendedS3Configuration": "ExtendedS3DestinationConfiguration",
        "kinesisSourceConfiguration": "KinesisStreamSourceConfiguration",
    },
    "AWS::Lambda::EventSourceMapping": {"destinationConfig.onFailure.destinationArn": "Destination"},
    "AWS::Lambda::Permission": {"function": "FunctionName"},
    "AWS::S3::Bucket": {
        "bucket": "BucketName",
        "bucketEncryption.rules": "ServerSideEncryptionConfiguration",
        "bucketEncryption.rules.applyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault",
        "bucketEncryption.rules.applyServerSideEncryptionByDefault.kmsMasterKeyId": "KMSMasterKeyID",
    },
    "AWS::S3::BucketPolicy": {"policy": "PolicyDocument"},
    "AWS::SNS::Subscription": {"topic": "TopicArn"},
    "AWS::SNS::TopicPolicy": {"arn": "Topics", "policy": "PolicyDocument"},
    "AWS::SQS::Queue": {
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "visibilityTimeoutSeconds": "VisibilityTimeout",
        "maxMessageSize": "MaximumMessageSize",
        "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    },
    "AWS::SQS::QueuePolicy": {"queueUrl": "Queues", "policy": "PolicyDocument"},
    "AWS::Logs::LogGroup": {"name": "LogGroupName"},
}

# Settings of the deployment or of AWS's API that a template has no place for, by design.
NOT_IN_TEMPLATES = {
    "enforceConsumerDeletion",
    "forceDestroy",
    "forceDetachPolicies",
    "name",
    "publish",
    "region",
    "skipDestroy",
    "statementId",
    "tagsAll",
}


@dataclass
class Template:
    """A rendered template.

    Attributes:
        body: the template.
        made_from: the resource of each logical id.
        parts: the resource that a top-level property comes from, where that is another one.
        unplaced: properties and types that CloudFormation has no place for.
    """

    body: dict[str, Any] = field(default_factory=lambda: {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}})
    made_from: dict[str, Resource] = field(default_factory=dict)
    parts: dict[tuple[str, str], Resource] = field(default_factory=dict)
    unplaced: list[str] = field(default_factory=list)


def render(graph: Graph, schema_of: SchemaOf) -> Template:
    """The template of all resources of the graph that CloudFormation has a type for.

    Args:
        schema_of: gives the resource schema of a CloudFormation type.
    """
    template = Template()
    buckets: dict[str, list[Resource]] = {}
    for part in graph.of_type(*PARTS_OF_A_BUCKET):
        buckets.setdefault(part.inputs.get("bucket", ""), []).append(part)
    for resource in graph.resources:
        kind = TYPES.get(resource.type)
        if resource.type in PARTS_OF_A_BUCKET:
            continue
        if kind is None:
            template.unplaced.append(resource.type)
            continue
        logical = _logical_id(resource, template.body["Resources"])
        fit = _Fit(schema_of(kind), kind, template.unplaced)
        properties = fit.properties(ADAPT[kind](resource.inputs) if kind in ADAPT else resource.inputs)
        if kind == "AWS::S3::Bucket":
            for part in buckets.pop(resource.outputs.get("id", ""), []):
                found = fit.properties(_bucket_part(part))
                properties |= found
                template.parts |= {(logical, name): part for name in found}
        template.body["Resources"][logical] = {"Type": kind, "Properties": properties}
        template.made_from[logical] = resource
    for parts in buckets.values():  # of a bucket that is in no stack given
        template.unplaced.extend(part.type for part in parts)
    return template


def _logical_id(resource: Resource, taken: Mapping[str, Any]) -> str:
    words = re.findall(r"[A-Za-z0-9]+", f"{resource.stack} {resource.type.rsplit(':', 1)[-1]} {resource.name}")
    stem = "".join(word[0].upper() + word[1:] for word in words)[:240]
    number = 2
    logical = stem
    while logical in taken:
        logical, number = f"{stem}{number}", number + 1
    return logical


# -- what the schema cannot tell --------------------------------------------------------------------------------------


def _bucket_part(part: Resource) -> dict[str, Any]:
    inputs = {key: value for key, value in part.inputs.items() if key != "bucket"}
    place = PARTS_OF_A_BUCKET[part.type]
    if place == "lifecycleConfiguration":
        inputs = {"rules": [_lifecycle_rule(rule) for rule in inputs.get("rules", [])]}
    elif place == "notificationConfiguration":
        inputs = _notifications(inputs)
    return {place: inputs} if place else inputs


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in rule.items() if key not in ("filter", "expiration", "transitions")}
    if (prefix := (rule.get("filter") or {}).get("prefix")) is not None:
        found["prefix"] = prefix
    expiration = rule.get("expiration") or {}
    found |= {
        name: expiration[key]
        for key, name in (("days", "expirationInDays"), ("date", "expirationDate"))
        if expiration.get(key) is not None
    }
    if rule.get("transitions"):
        found["transitions"] = [
            {("transitionInDays" if key == "days" else key): value for key, value in transition.items()}
            for transition in rule["transitions"]
        ]
    if rule.get("noncurrentVersionTransitions"):
        found["noncurrentVersionTransitions"] = [
            {("transitionInDays" if key == "noncurrentDays" else key): value for key, value in transition.items()}
            for transition in rule["noncurrentVersionTransitions"]
        ]
    return found


def _notifications(inputs: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "lambdaFunctions": ("lambdaConfigurations", "lambdaFunctionArn", "function"),
        "queues": ("queueConfigurations", "queueArn", "queue"),
        "topics": ("topicConfigurations", "topicArn", "topic"),
    }
    found: dict[str, Any] = {}
    for key, (name, arn, target) in kinds.items():
        for entry in inputs.get(key) or []:
            rules = [
                {"name": part.lower(), "value": entry[f"filter{part}"]}
                for part in ("Prefix", "Suffix")
                if entry.get(f"filter{part}")
            ]
            places = {"filter": {"s3Key": {"rules": rules}}} if rules else {}
            for event in entry.get("events", []):
                found.setdefault(name, []).append({"event": event, target: entry.get(arn), **places})
    return found


def _function(inputs: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in inputs.items() if key not in ("code", "s3Bucket", "s3Key", "s3ObjectVersion")}
    if found.get("reservedConcurrentExecutions") == -1:  # Pulumi's word for none reserved; CloudFormation's is silence
        del found["reservedConcurrentExecutions"]
    bucket, key = inputs.get("s3Bucket", "code"), inputs.get("s3Key", "code.zip")
    return found | {"code": {"s3Bucket": bucket, "s3Key": key}}


def _queue(inputs: dict[str, Any]) -> dict[str, Any]:
    """A queue; that it is no FIFO queue is said by silence."""
    return {
        key: value
        for key, value in inputs.items()
        if value is not False or not key.startswith(("fifo", "contentBased"))
    }


def _invoke_config(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"qualifier": "$LATEST", **inputs}


def _database(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "catalogId": inputs.get("catalogId", "000000000000"),
        "databaseInput": _without(inputs, "catalogId", "tags"),
    }


def _table(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "catalogId": inputs.get("catalogId", "000000000000"),
        "databaseName": inputs.get("databaseName"),
        "tableInput": _without(inputs, "catalogId", "databaseName"),
    }


def _crawler(inputs: dict[str, Any]) -> dict[str, Any]:
    kinds = [name for name in inputs if name.endswith("Targets")]
    found = _without(inputs, *kinds, "schedule")
    if inputs.get("schedule"):
        found["schedule"] = {"scheduleExpression": inputs["schedule"]}
    return found | {"targets": {name: inputs[name] for name in kinds}}


def _stream(inputs: dict[str, Any]) -> dict[str, Any]:
    found = _without(inputs, "encryptionType", "kmsKeyId")
    if inputs.get("encryptionType") == "KMS":
        found["streamEncryption"] = {"encryptionType": "KMS", "keyId": inputs.get("kmsKeyId", "alias/aws/kinesis")}
    return found


def _firehose(inputs: dict[str, Any]) -> dict[str, Any]:
    found = dict(inputs)
    s3 = dict(found.get("extendedS3Configuration") or {})
    size, seconds = s3.pop("bufferingSize", None), s3.pop("bufferingInterval", None)
    hints = {"sizeInMBs": size, "intervalInSeconds": seconds}
    if any(value is not None for value in hints.values()):
        s3["bufferingHints"] = {key: value for key, value in hints.items() if value is not None}
    partitioning = dict(s3.get("dynamicPartitioningConfiguration") or {})
    if partitioning.get("retryDuration") is not None:
        partitioning["retryOptions"] = {"durationInSeconds": partitioning.pop("retryDuration")}
        s3["dynamicPartitioningConfiguration"] = partitioning
    if s3:
        found["extendedS3Configuration"] = s3
    return found


def _without(inputs: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key not in names}


ADAPT: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::EventInvokeConfig": _invoke_config,
    "AWS::SQS::Queue": _queue,
    "AWS::Glue::Database": _database,
    "AWS::Glue::Table": _table,
    "AWS::Glue::Crawler": _crawler,
    "AWS::Kinesis::Stream": _stream,
    "AWS::KinesisFirehose::DeliveryStream": _firehose,
}


# -- what the schema tells --------------------------------------------------------------------------------------------


class _Fit:
    """Puts one resource's values into the shape of its schema."""

    def __init__(self, schema: dict[str, Any], kind: str, unplaced: list[str]):
        self._schema = schema
        self._kind = kind
        self._renames = RENAMES.get(kind, {})
        self._unplaced = unplaced

    def properties(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of the resource."""
        return self._properties(self._schema, values, ())

    def _properties(self, node: Mapping[str, Any], values: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        names = {name.lower(): name for name in node.get("properties", {})}
        found: dict[str, Any] = {}
        for key, value in values.items():
            here = (*path, key)
            if value is None or value == {} or value == []:
                continue
            name = self._name(here, names)
            if name is None:
                if key not in NOT_IN_TEMPLATES:
                    self._unplaced.append(f"{self._kind} {'.'.join(here)}")
            elif name:
                found[name] = self._value(self._resolve(node["properties"][name]), value, here)
        return found

    def _name(self, path: tuple[str, ...], names: Mapping[str, str]) -> str | None:
        """The schema's name of a property; empty for one to leave out, None when there is no place for it."""
        if ".".join(path) in self._renames:
            return self._renames[".".join(path)]
        key = path[-1].lower()
        leaf = self._kind.rsplit("::", 1)[-1].lower()
        candidates = [key, f"{key}s", key.removesuffix("s")]
        if key == "name" and len(path) == 1:
            candidates.append(f"{leaf}name")
        return next((names[candidate] for candidate in candidates if candidate in names), None)

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self._schema["definitions"][node["$ref"].rsplit("/", 1)[-1]]
        return node

    def _value(self, node: Mapping[str, Any], value: Any, path: tuple[str, ...]) -> Any:
        kinds = node.get("type") or ("object" if "properties" in node else "")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if "array" in kinds:
            item = self._resolve(node.get("items", {}))
            if isinstance(value, dict):
                key = "Name" if "Name" in item.get("properties", {}) else "Key"
                pairs = {key, "Value"} <= set(item.get("properties", {}))
                value = [{key: name, "Value": text} for name, text in value.items()] if pairs else [value]
                return value if pairs else [self._value(item, entry, path) for entry in value]
            return [self._value(item, entry, path) for entry in (value if isinstance(value, list) else [value])]
        if "object" in kinds and isinstance(value, str):
            return _json(value)
        if isinstance(value, list) and len(value) == 1 and "object" in kinds:
            value = value[0]
        if isinstance(value, dict) and "properties" in node:
            return self._properties(node, value, path)
        return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
