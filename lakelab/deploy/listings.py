"""What there is in an AWS account: one row a kind of resource, with how it is listed, named and tagged."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


class Account:
    """The account that this process's AWS variables lead to, in one region."""

    def __init__(self, region: str):
        import boto3

        self.region = region
        self._session = boto3.session.Session(region_name=region)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service)  # type: ignore[call-overload]
            return self._clients[service]

    @cached_property
    def place(self) -> dict[str, str]:
        """What ARNs are made of: partition, region and account."""
        return {
            "partition": self._session.get_partition_for_region(self.region),
            "region": self.region,
            "account": self.client("sts").get_caller_identity()["Account"],
        }


@dataclass(frozen=True)
class Thing:
    """One resource as AWS lists it."""

    name: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """How one kind of resource is listed.

    Attributes:
        operation: the boto3 method that lists.
        items: the member of its answer that has the items: dicts, or names, ARNs or URLs.
        name: the member of an item with its name, or with an ARN or URL that ends in it.
        arn: the member of an item with its ARN, or a pattern of it.
        tags: the method that gives an item's tags and its parameters; None when the items have them, or have none.
        parameters: what the listing method wants.
    """

    service: str
    kind: str
    operation: str
    items: str
    name: str
    arn: str
    tags: tuple[str, Mapping[str, str]] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def things(self, account: Account, *, with_tags: bool) -> Iterator[Thing]:
        """All resources of this kind; tags that need a call of their own only when they are wanted."""
        client = account.client(self.service)
        parameters = {key: value.format(**account.place) for key, value in self.parameters.items()}
        for item in _all(client, self.operation, self.items, parameters):
            known = item if isinstance(item, dict) else {"item": item}
            name = _last(str(known[self.name]))
            words = {**known, **account.place, "name": name}
            arn = known.get(self.arn) or self.arn.format(**words)
            if with_tags and self.tags is not None:
                method, wanted = self.tags
                words |= {"arn": arn}
                known = _tagged(client, method, {key: value.format(**words) for key, value in wanted.items()})
            yield Thing(name, arn.removesuffix(":*"), _tags(known))


def _all(client: Any, operation: str, items: str, parameters: Mapping[str, str]) -> Iterator[Any]:
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**parameters):
            yield from page.get(items) or ()
    else:
        yield from getattr(client, operation)(**parameters).get(items) or ()


def _tagged(client: Any, method: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    from botocore.exceptions import ClientError

    try:
        return getattr(client, method)(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchTagSet":  # how S3 says that a bucket has no tags
            return {}
        raise


def _last(text: str) -> str:
    """The name at the end of a URL or of an ARN of a topic, or the text itself."""
    if "://" in text:
        return text.rsplit("/", 1)[-1]
    return text.rsplit(":", 1)[-1] if text.startswith("arn:") else text


def _tags(answer: Mapping[str, Any]) -> dict[str, str]:
    """The tags in an item or an answer, whichever of AWS's forms they have."""
    found = next((answer[key] for key in ("Tags", "tags", "TagList", "TagSet") if answer.get(key)), {})
    if isinstance(found, dict):
        return found
    return {tag.get("Key") or tag["TagKey"]: tag["Value"] if "Value" in tag else tag["TagValue"] for tag in found}


_ARN = "arn:{partition}"
_HERE = "{region}:{account}"
_BY_ARN = ("list_tags_for_resource", {"ResourceARN": "{arn}"})
_GLUE_TAGS = ("get_tags", {"ResourceArn": "{arn}"})

LISTINGS = (
    Listing("s3", "bucket", "list_buckets", "Buckets", "Name", f"{_ARN}:s3:::{{name}}",
            ("get_bucket_tagging", {"Bucket": "{name}"})),
    Listing("logs", "log group", "describe_log_groups", "logGroups", "logGroupName",
            f"{_ARN}:logs:{_HERE}:log-group:{{logGroupName}}", ("list_tags_for_resource", {"resourceArn": "{arn}"})),
    Listing("lambda", "function", "list_functions", "Functions", "FunctionName", "FunctionArn",
            ("list_tags", {"Resource": "{arn}"})),
    Listing("lambda", "layer", "list_layers", "Layers", "LayerName", "LayerArn"),
    Listing("sqs", "queue", "list_queues", "QueueUrls", "item", f"{_ARN}:sqs:{_HERE}:{{name}}",
            ("list_queue_tags", {"QueueUrl": "{item}"})),
    Listing("sns", "topic", "list_topics", "Topics", "TopicArn", "TopicArn",
            ("list_tags_for_resource", {"ResourceArn": "{arn}"})),
    Listing("kinesis", "stream", "list_streams", "StreamNames", "item", f"{_ARN}:kinesis:{_HERE}:stream/{{name}}",
            ("list_tags_for_stream", {"StreamName": "{name}"})),
    Listing("firehose", "delivery stream", "list_delivery_streams", "DeliveryStreamNames", "item",
            f"{_ARN}:firehose:{_HERE}:deliverystream/{{name}}",
            ("list_tags_for_delivery_stream", {"DeliveryStreamName": "{name}"})),
    Listing("apigatewayv2", "API", "get_apis", "Items", "Name", f"{_ARN}:apigateway:{{region}}::/apis/{{ApiId}}"),
    Listing("events", "rule", "list_rules", "Rules", "Name", "Arn", _BY_ARN),
    Listing("cloudwatch", "alarm", "describe_alarms", "MetricAlarms", "AlarmName", "AlarmArn", _BY_ARN),
    Listing("cloudwatch", "dashboard", "list_dashboards", "DashboardEntries", "DashboardName", "DashboardArn"),
    Listing("glue", "database", "get_databases", "DatabaseList", "Name", f"{_ARN}:glue:{_HERE}:database/{{name}}",
            _GLUE_TAGS),
    Listing("glue", "crawler", "get_crawlers", "Crawlers", "Name", f"{_ARN}:glue:{_HERE}:crawler/{{name}}", _GLUE_TAGS),
    Listing("glue", "job", "get_jobs", "Jobs", "Name", f"{_ARN}:glue:{_HERE}:job/{{name}}", _GLUE_TAGS),
    Listing("glue", "trigger", "get_triggers", "Triggers", "Name", f"{_ARN}:glue:{_HERE}:trigger/{{name}}", _GLUE_TAGS),
    Listing("athena", "workgroup", "list_work_groups", "WorkGroups", "Name",
            f"{_ARN}:athena:{_HERE}:workgroup/{{name}}", _BY_ARN),
    Listing("athena", "data catalog", "list_data_catalogs", "DataCatalogsSummary", "CatalogName",
            f"{_ARN}:athena:{_HERE}:datacatalog/{{name}}"),
    Listing("secretsmanager", "secret", "list_secrets", "SecretList", "Name", "ARN"),
    Listing("ssm", "parameter", "describe_parameters", "Parameters", "Name", "ARN",
            ("list_tags_for_resource", {"ResourceType": "Parameter", "ResourceId": "{name}"})),
    Listing("kms", "alias", "list_aliases", "Aliases", "AliasName", "AliasArn"),
    Listing("kms", "key", "list_keys", "Keys", "KeyId", "KeyArn", ("list_resource_tags", {"KeyId": "{name}"})),
    Listing("iam", "role", "list_roles", "Roles", "RoleName", "Arn", ("list_role_tags", {"RoleName": "{name}"})),
    Listing("iam", "user", "list_users", "Users", "UserName", "Arn", ("list_user_tags", {"UserName": "{name}"})),
    Listing("iam", "group", "list_groups", "Groups", "GroupName", "Arn"),
    Listing("iam", "policy", "list_policies", "Policies", "PolicyName", "Arn",
            ("list_policy_tags", {"PolicyArn": "{arn}"}), {"Scope": "Local"}),
    Listing("iam", "instance profile", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", "Arn"),
    Listing("budgets", "budget", "describe_budgets", "Budgets", "BudgetName",
            f"{_ARN}:budgets::{{account}}:budget/{{name}}", None, {"AccountId": "{account}"}),
)  # fmt: skip
