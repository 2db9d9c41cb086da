"""What belongs to CloudWatch log groups: streams, filters, and policies that let services write."""

from __future__ import annotations

from typing import Any, ClassVar

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, Inputs, P, Resource, pages


class GroupPart(Resource):
    """A part of a log group with a name of its own, which is its id. An import names it as `<group>:<name>`."""

    service = "logs"
    name = "name"
    name_limit = 512
    group: ClassVar[str]  # the property with the log group's name
    listing: ClassVar[str]
    items: ClassVar[str]
    own_name: ClassVar[str]  # AWS's name of the part's name, as an item and, with `Prefix`, as a filter
    remove: ClassVar[str]

    def imported_id(self, id: str) -> str:
        return id.rpartition(":")[2]

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs["name"] if self._item(aws, inputs[self.group], inputs["name"], inputs) else None

    def _item(self, aws: Aws, group: str, name: str, inputs: Inputs) -> dict[str, Any] | None:
        filters = {"logGroupName": group, f"{self.own_name}Prefix": name}
        operation = getattr(self.client(aws, inputs), self.listing)
        answer = unless_absent(lambda: list(pages(operation, self.items, more="nextToken", **filters)))
        return next((item for item in answer or () if item[self.own_name] == name), None)

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        group, _, name = id.rpartition(":")
        group = group or inputs[self.group]
        item = self._item(aws, group, name, inputs)
        if item is None:
            return None
        region = self.client(aws, inputs).meta.region_name
        return {**self.outputs(item), "name": name, self.group: group, "region": region}

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        remove = getattr(self.client(aws, inputs), self.remove)
        unless_absent(remove, logGroupName=inputs[self.group], **{self.own_name: inputs["name"]})


class LogStream(GroupPart):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/logstream/"""

    type = "aws:cloudwatch/logStream:LogStream"
    shape = "CreateLogStream"
    renames = {"name": "logStreamName"}
    group, listing, items, own_name = "logGroupName", "describe_log_streams", "logStreams", "logStreamName"
    remove = "delete_log_stream"
    properties = {"name": P(replaces=True), "logGroupName": P(replaces=True), "region": REGION}

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).create_log_stream(**self.request(self.shapes[0], inputs))
        return inputs["name"]


class LogMetricFilter(GroupPart):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/logmetricfilter/"""

    type = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
    shape = ("PutMetricFilter", "PutMetricFilter.metricTransformations")
    renames = {
        "pattern": "filterPattern",
        "metricTransformation": "metricTransformations",
        "name": "metricName",
        "namespace": "metricNamespace",
        "value": "metricValue",
    }
    group, listing, items, own_name = "logGroupName", "describe_metric_filters", "metricFilters", "filterName"
    remove = "delete_metric_filter"
    properties = {
        "name": P(replaces=True, custom=True),
        "logGroupName": P(replaces=True),
        "metricTransformation": P(filled=("unit",)),
        "pattern": P(),
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        request = self.request(self.shapes[0], inputs)
        self.client(aws, inputs).put_metric_filter(filterName=inputs["name"], **request)
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        found = super().read(aws, id, inputs)
        transformation = (found or {}).get("metricTransformation") or {}
        if "defaultValue" in transformation:  # text in Pulumi, a number in AWS
            transformation["defaultValue"] = f"{float(transformation['defaultValue']):g}"
        return found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)


class LogSubscriptionFilter(GroupPart):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/logsubscriptionfilter/"""

    type = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
    shape = "PutSubscriptionFilter"
    renames = {"logGroup": "logGroupName", "name": "filterName"}
    group, listing, items, own_name = "logGroup", "describe_subscription_filters", "subscriptionFilters", "filterName"
    remove = "delete_subscription_filter"
    properties = {
        "name": P(replaces=True),
        "logGroup": P(replaces=True),
        "destinationArn": P(replaces=True),
        "filterPattern": P(),
        "distribution": P(default="ByLogStream"),
        "roleArn": P(computed=True),
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).put_subscription_filter(**self.request(self.shapes[0], inputs))
        return inputs["name"]

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)


class LogResourcePolicy(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/logresourcepolicy/"""

    type = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
    service = "logs"
    shape = "PutResourcePolicy"
    properties = {"policyName": P(replaces=True), "policyDocument": P(json=True), "region": REGION}

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs.get("policyName")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.client(aws, inputs).put_resource_policy(**self.request(self.shapes[0], inputs))
        return inputs["policyName"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        logs = self.client(aws, inputs)
        for item in pages(logs.describe_resource_policies, "resourcePolicies", more="nextToken"):
            if item["policyName"] == id:
                return {**self.outputs(item), "region": logs.meta.region_name}
        return None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_resource_policy, policyName=id)


TYPES = (LogStream, LogMetricFilter, LogSubscriptionFilter, LogResourcePolicy)
