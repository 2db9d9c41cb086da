"""EventBridge buses, rules and their targets."""

from __future__ import annotations

from collections.abc import Iterator

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes, tag_dict, tag_list
from lakelab.deploy.provider.schema import Mistake


def rule_id(bus: str | None, rule: str) -> str:
    """A rule's id: its name, with the bus in front unless it is the default one."""
    return rule if bus in (None, "default") else f"{bus}/{rule}"


class EventBus(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/eventbus/"""

    type = "aws:cloudwatch/eventBus:EventBus"
    service = "events"
    name = "name"
    shape = "CreateEventBus"
    properties = {
        "name": P(replaces=True),
        "description": P(),
        "kmsKeyIdentifier": P(),
        "deadLetterConfig": P(),
        "tags": TAGS,
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        tags = {"Tags": tag_list(inputs["tagsAll"])} if inputs.get("tagsAll") else {}
        self.client(aws, inputs).create_event_bus(**self.request(self.shapes[0], inputs), **tags)
        return inputs["name"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        events = self.client(aws, inputs)
        answer = unless_absent(events.describe_event_bus, Name=id)
        if answer is None:
            return None
        tags = events.list_tags_for_resource(ResourceARN=answer["Arn"])
        return {**self.outputs(answer), "region": events.meta.region_name, "tagsAll": tag_dict(tags.get("Tags"))}

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        events = self.client(aws, new)
        if changed - {"tags", "tagsAll"}:
            cleared = {"Description": "", "KmsKeyIdentifier": "", "DeadLetterConfig": {}}
            events.update_event_bus(**{**cleared, **self.request(self.shapes[0], new)})
        added, removed = tag_changes(old, new)
        arn = f"arn:{aws.partition}:events:{events.meta.region_name}:{aws.account}:event-bus/{id}"
        if added:
            events.tag_resource(ResourceARN=arn, Tags=tag_list(added))
        if removed:
            events.untag_resource(ResourceARN=arn, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_event_bus, Name=id)


class EventRule(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/eventrule/"""

    type = "aws:cloudwatch/eventRule:EventRule"
    service = "events"
    name = "name"
    name_limit = 64
    shape = "PutRule"
    properties = {
        "name": P(replaces=True),
        "namePrefix": P(replaces=True, local=True),
        "eventBusName": P(replaces=True, default="default"),
        "description": P(),
        "eventPattern": P(json=True),
        "scheduleExpression": P(),
        "roleArn": P(),
        "state": P(default="ENABLED"),
        "forceDestroy": P(local=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        if not {"eventPattern", "scheduleExpression"} & set(inputs):
            yield Mistake("eventPattern", "one of eventPattern or scheduleExpression is required")

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return rule_id(inputs.get("eventBusName"), inputs["name"]) if inputs.get("name") else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        tags = {"Tags": tag_list(inputs["tagsAll"])} if inputs.get("tagsAll") else {}
        self.client(aws, inputs).put_rule(**self.request("PutRule", inputs), **tags)
        return rule_id(inputs.get("eventBusName"), inputs["name"])

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        events = self.client(aws, inputs)
        bus, _, name = id.rpartition("/")
        answer = unless_absent(events.describe_rule, Name=name, EventBusName=bus or "default")
        if answer is None:
            return None
        tags = events.list_tags_for_resource(ResourceARN=answer["Arn"])
        return {"eventBusName": "default", **self.outputs(answer), "region": events.meta.region_name} | {
            "tagsAll": tag_dict(tags.get("Tags"))
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        events = self.client(aws, new)
        if changed - {"tags", "tagsAll"}:
            events.put_rule(**{"Description": "", **self.request("PutRule", new)})
        added, removed = tag_changes(old, new)
        if added or removed:
            arn = events.describe_rule(Name=new["name"], EventBusName=new.get("eventBusName", "default"))["Arn"]
            if added:
                events.tag_resource(ResourceARN=arn, Tags=tag_list(added))
            if removed:
                events.untag_resource(ResourceARN=arn, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        bus, _, name = id.rpartition("/")
        force = bool(inputs.get("forceDestroy"))
        unless_absent(self.client(aws, inputs).delete_rule, Name=name, EventBusName=bus or "default", Force=force)


class EventTarget(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/eventtarget/"""

    type = "aws:cloudwatch/eventTarget:EventTarget"
    service = "events"
    name = "targetId"
    name_limit = 64
    shape = "PutTargets.Targets"
    renames = {
        "targetId": "Id",
        "kinesisTarget": "KinesisParameters",
        "sqsTarget": "SqsParameters",
        "inputPaths": "InputPathsMap",
    }
    properties = {
        "rule": P(replaces=True, custom=True),
        "eventBusName": P(replaces=True, default="default", custom=True),
        "targetId": P(replaces=True),
        "arn": P(),
        "roleArn": P(),
        "input": P(),
        "inputPath": P(),
        "inputTransformer": P(),
        "deadLetterConfig": P(),
        "retryPolicy": P(),
        "kinesisTarget": P(),
        "sqsTarget": P(),
        "forceDestroy": P(local=True, default=False),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        if not inputs.get("rule") or not inputs.get("targetId"):
            return None
        return f"{rule_id(inputs.get('eventBusName'), inputs['rule'])}/{inputs['targetId']}"

    def create(self, aws: Aws, inputs: Inputs) -> str:
        events = self.client(aws, inputs)
        bus = inputs.get("eventBusName", "default")
        answer = events.put_targets(
            Rule=inputs["rule"], EventBusName=bus, Targets=[self.request(self.shapes[0], inputs)]
        )
        for entry in answer.get("FailedEntries", []):
            raise ValueError(f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
        return str(self.identity(aws, inputs))

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        events = self.client(aws, inputs)
        rule, target = id.rsplit("/", 1)
        bus, _, rule = rule.rpartition("/")
        answer = unless_absent(events.list_targets_by_rule, Rule=rule, EventBusName=bus or "default")
        for entry in (answer or {}).get("Targets", []):
            if entry["Id"] == target:
                found = self.outputs(entry)
                return {**found, "rule": rule, "eventBusName": bus or "default", "region": events.meta.region_name}
        return None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        rule, target = id.rsplit("/", 1)
        bus, _, rule = rule.rpartition("/")
        unless_absent(self.client(aws, inputs).remove_targets, Rule=rule, EventBusName=bus or "default", Ids=[target])


TYPES = (EventBus, EventRule, EventTarget)
