"""Glue crawlers, jobs and the triggers that start them."""

from __future__ import annotations

from typing import Any

from lakelab.deploy.provider import shapes
from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, shape_of
from lakelab.deploy.provider.services.glue import arn, change_tags, tags_of

# Pulumi's lists of targets and AWS's: https://docs.aws.amazon.com/glue/latest/webapi/API_CrawlerTargets.html
TARGETS = {
    "s3Targets": "S3Targets",
    "catalogTargets": "CatalogTargets",
    "deltaTargets": "DeltaTargets",
    "icebergTargets": "IcebergTargets",
    "dynamodbTargets": "DynamoDBTargets",
}


class Crawler(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/glue/crawler/"""

    type = "aws:glue/crawler:Crawler"
    service = "glue"
    name = "name"
    shape = ("CreateCrawler", "CreateCrawler.Targets")
    renames = {"securityConfiguration": "CrawlerSecurityConfiguration", "scanAll": "scanAll", "scanRate": "scanRate"}
    properties = {
        "name": P(replaces=True),
        "role": P(custom=True),
        "databaseName": P(),
        "description": P(),
        "s3Targets": P(),
        "catalogTargets": P(),
        "deltaTargets": P(),
        "icebergTargets": P(),
        "dynamodbTargets": P(),
        "schedule": P(custom=True),
        "classifiers": P(),
        "tablePrefix": P(),
        "schemaChangePolicy": P(computed=True),
        "recrawlPolicy": P(computed=True),
        "lineageConfiguration": P(computed=True),
        "lakeFormationConfiguration": P(computed=True),
        "configuration": P(json=True),
        "securityConfiguration": P(),
        "tags": TAGS,
        "region": REGION,
    }

    def _request(self, inputs: Inputs) -> dict[str, Any]:
        request = self.request("CreateCrawler", inputs)
        request |= {"Role": inputs["role"], "Targets": self.request("CreateCrawler.Targets", inputs)}
        return {**request, "Schedule": inputs["schedule"]} if inputs.get("schedule") else request

    def create(self, aws: Aws, inputs: Inputs) -> str:
        tags = {"Tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}
        self.client(aws, inputs).create_crawler(**self._request(inputs), **tags)
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        glue = self.client(aws, inputs)
        answer = unless_absent(glue.get_crawler, Name=id)
        if answer is None:
            return None
        crawler = answer["Crawler"]
        role, wanted = crawler["Role"], inputs.get("role", "")
        crawler_arn = arn(aws, glue, f"crawler/{id}")
        return {
            **self.outputs({**crawler, **(crawler.get("Targets") or {})}),
            # AWS takes a role's name or ARN and may give back the other form
            "role": wanted if wanted.rsplit("/", 1)[-1] == role.rsplit("/", 1)[-1] else role,
            "schedule": _expression(crawler.get("Schedule")),
            "arn": crawler_arn,
            "region": glue.meta.region_name,
            "tagsAll": tags_of(glue, crawler_arn),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        glue = self.client(aws, new)
        if changed - {"tags", "tagsAll"}:
            request = self._request(new)
            cleared = {
                "description": "Description",
                "tablePrefix": "TablePrefix",
                "schedule": "Schedule",
                "configuration": "Configuration",
            }
            request |= {member: "" for name, member in cleared.items() if name in changed and name not in new}
            glue.update_crawler(**request)
        change_tags(glue, arn(aws, glue, f"crawler/{id}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_crawler, Name=id)


def _expression(schedule: Any) -> str | None:
    return schedule.get("ScheduleExpression") if isinstance(schedule, dict) else schedule


class Job(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/glue/job/"""

    type = "aws:glue/job:Job"
    service = "glue"
    name = "name"
    shape = "CreateJob"
    renames = {"roleArn": "Role"}
    properties = {
        "name": P(replaces=True),
        "roleArn": P(),
        "command": P(filled=("pythonVersion", "name")),
        "connections": P(custom=True),
        "defaultArguments": P(),
        "nonOverridableArguments": P(),
        "description": P(),
        "executionClass": P(),
        "executionProperty": P(computed=True),
        "glueVersion": P(computed=True),
        "maxCapacity": P(computed=True),
        "maxRetries": P(default=0),
        "notificationProperty": P(computed=True),
        "numberOfWorkers": P(computed=True),
        "workerType": P(computed=True),
        "securityConfiguration": P(),
        "timeout": P(computed=True),
        "tags": TAGS,
        "region": REGION,
    }

    def _request(self, shape: str, inputs: Inputs) -> dict[str, Any]:
        request = self.request(shape, {"command": {}, **inputs})
        request["Command"].setdefault("Name", "glueetl")
        if inputs.get("connections"):
            request["Connections"] = {"Connections": inputs["connections"]}
        return request

    def create(self, aws: Aws, inputs: Inputs) -> str:
        tags = {"Tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}
        self.client(aws, inputs).create_job(**self._request("CreateJob", inputs), **tags)
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        glue = self.client(aws, inputs)
        answer = unless_absent(glue.get_job, JobName=id)
        if answer is None:
            return None
        job = answer["Job"]
        job_arn = arn(aws, glue, f"job/{id}")
        return {
            **self.outputs(job),
            "connections": job.get("Connections", {}).get("Connections", []),
            "arn": job_arn,
            "region": glue.meta.region_name,
            "tagsAll": tags_of(glue, job_arn),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        glue = self.client(aws, new)
        if changed - {"tags", "tagsAll"}:
            glue.update_job(JobName=id, JobUpdate=self._request("UpdateJob.JobUpdate", new))
        change_tags(glue, arn(aws, glue, f"job/{id}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_job, JobName=id)


class Trigger(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/glue/trigger/"""

    type = "aws:glue/trigger:Trigger"
    service = "glue"
    name = "name"
    shape = "CreateTrigger"
    renames = {"eventBatchingConditions": "EventBatchingCondition"}
    properties = {
        "name": P(replaces=True),
        "type": P(replaces=True),
        "actions": P(),
        "description": P(),
        "enabled": P(default=True, custom=True),
        "predicate": P(),
        "schedule": P(),
        "startOnCreation": P(local=True, default=False),
        "eventBatchingConditions": P(),
        "workflowName": P(replaces=True),
        "tags": TAGS,
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        glue = self.client(aws, inputs)
        tags = {"Tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}
        start = bool(inputs.get("startOnCreation"))
        glue.create_trigger(**self.request("CreateTrigger", inputs), StartOnCreation=start, **tags)
        if inputs.get("enabled", True) and inputs["type"] != "ON_DEMAND" and not start:
            glue.start_trigger(Name=inputs["name"])
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        glue = self.client(aws, inputs)
        answer = unless_absent(glue.get_trigger, Name=id)
        if answer is None:
            return None
        trigger = answer["Trigger"]
        state = trigger.get("State")
        idle = state in ("CREATED", "DEACTIVATED") and trigger.get("Type") != "ON_DEMAND"
        trigger_arn = arn(aws, glue, f"trigger/{id}")
        return {
            **self.outputs(trigger),
            "enabled": inputs.get("enabled", True) if trigger.get("Type") == "ON_DEMAND" else not idle,
            "arn": trigger_arn,
            "region": glue.meta.region_name,
            "tagsAll": tags_of(glue, trigger_arn),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        glue = self.client(aws, new)
        if changed & {"actions", "description", "predicate", "schedule", "eventBatchingConditions"}:
            plain = {name: value for name, value in new.items() if self._is_plain(name) and name != "name"}
            place = shape_of("glue", "UpdateTrigger.TriggerUpdate")
            allowed = {n: v for n, v in plain.items() if shapes.member_of(n, place.members, self.renames)}
            update = {"Description": "", **shapes.to_aws(allowed, place, self.renames)}
            glue.update_trigger(Name=id, TriggerUpdate=update)
        if "enabled" in changed:
            (glue.start_trigger if new.get("enabled", True) else glue.stop_trigger)(Name=id)
        change_tags(glue, arn(aws, glue, f"trigger/{id}"), old, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_trigger, Name=id)


TYPES = (Crawler, Job, Trigger)
