"""CloudWatch metric alarms."""

from __future__ import annotations

from typing import Any

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes, tag_dict, tag_list


class MetricAlarm(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/metricalarm/"""

    type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    service = "cloudwatch"
    name = "name"
    shape = "PutMetricAlarm"
    renames = {
        "name": "AlarmName",
        "arn": "AlarmArn",
        "metricQueries": "Metrics",
        "metric": "MetricStat",
        "okActions": "OKActions",
        "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    }
    properties = {
        "name": P(replaces=True),
        "comparisonOperator": P(),
        "evaluationPeriods": P(),
        "metricName": P(),
        "namespace": P(),
        "period": P(),
        "statistic": P(),
        "extendedStatistic": P(),
        "threshold": P(),
        "thresholdMetricId": P(),
        "actionsEnabled": P(default=True),
        "alarmActions": P(unordered=True),
        "okActions": P(unordered=True),
        "insufficientDataActions": P(unordered=True),
        "alarmDescription": P(),
        "datapointsToAlarm": P(),
        "dimensions": P(custom=True),
        "evaluateLowSampleCountPercentiles": P(computed=True),
        "treatMissingData": P(default="missing", choices=("missing", "ignore", "breaching", "notBreaching")),
        "unit": P(),
        "tags": TAGS,
        "region": REGION,
    }

    def _put(self, aws: Aws, inputs: Inputs, tags: list[dict[str, str]]) -> None:
        request: dict[str, Any] = self.request("PutMetricAlarm", inputs)
        if inputs.get("dimensions"):
            request["Dimensions"] = tag_list(inputs["dimensions"], "Name")
        self.client(aws, inputs).put_metric_alarm(**request, **({"Tags": tags} if tags else {}))

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self._put(aws, inputs, tag_list(inputs.get("tagsAll")))
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        alarms = client.describe_alarms(AlarmNames=[id], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        if not alarms:
            return None
        alarm = alarms[0]
        return {
            "treatMissingData": "missing",
            **self.outputs(alarm),
            "dimensions": tag_dict(alarm.get("Dimensions"), "Name"),
            "region": client.meta.region_name,
            "tagsAll": tag_dict(client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"]).get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        if changed - {"tags", "tagsAll"}:
            self._put(aws, new, [])
        added, removed = tag_changes(old, new)
        arn = f"arn:{aws.partition}:cloudwatch:{client.meta.region_name}:{aws.account}:alarm:{id}"
        if added:
            client.tag_resource(ResourceARN=arn, Tags=tag_list(added))
        if removed:
            client.untag_resource(ResourceARN=arn, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_alarms, AlarmNames=[id])


TYPES = (MetricAlarm,)
