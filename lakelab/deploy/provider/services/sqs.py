"""SQS queues and their policies."""

from __future__ import annotations

from typing import ClassVar

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
ABSENT = "does not exist"


class Queue(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/sqs/queue/"""

    type = "aws:sqs/queue:Queue"
    service = "sqs"
    name = "name"
    name_limit = 80
    renames = ATTRIBUTES
    properties = {
        "name": P(replaces=True, custom=True),
        "namePrefix": P(replaces=True, local=True),
        "contentBasedDeduplication": P(default=False, custom=True),
        "deduplicationScope": P(computed=True, custom=True, choices=("messageGroup", "queue")),
        "delaySeconds": P(default=0, low=0, high=900, custom=True),
        "fifoQueue": P(replaces=True, default=False, custom=True),
        "fifoThroughputLimit": P(computed=True, custom=True, choices=("perQueue", "perMessageGroupId")),
        "kmsDataKeyReusePeriodSeconds": P(computed=True, low=60, high=86400, custom=True),
        "kmsMasterKeyId": P(custom=True),
        "maxMessageSize": P(computed=True, low=1024, high=1048576, custom=True),
        "messageRetentionSeconds": P(default=345600, low=60, high=1209600, custom=True),
        "policy": P(computed=True, json=True, custom=True),
        "receiveWaitTimeSeconds": P(default=0, low=0, high=20, custom=True),
        "redriveAllowPolicy": P(computed=True, json=True, custom=True),
        "redrivePolicy": P(computed=True, json=True, custom=True),
        "sqsManagedSseEnabled": P(computed=True, custom=True),
        "visibilityTimeoutSeconds": P(default=30, low=0, high=43200, custom=True),
        "tags": TAGS,
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        sqs = self.client(aws, inputs)
        answer = unless_absent(sqs.get_queue_url, ABSENT, QueueName=inputs["name"]) if inputs.get("name") else None
        return answer["QueueUrl"] if answer else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        sqs = self.client(aws, inputs)
        values = {
            ATTRIBUTES[name]: _text(value) for name, value in inputs.items() if name in ATTRIBUTES and value != ""
        }
        if values.get("FifoQueue") == "false":
            del values["FifoQueue"]  # the attribute may only be said of FIFO queues
            values.pop("ContentBasedDeduplication", None)
        answer = sqs.create_queue(QueueName=inputs["name"], Attributes=values, tags=inputs.get("tagsAll") or {})
        return answer["QueueUrl"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        sqs = self.client(aws, inputs)
        answer = unless_absent(sqs.get_queue_attributes, ABSENT, QueueUrl=id, AttributeNames=["All"])
        if answer is None:
            return None
        attributes = answer["Attributes"]
        found = {
            name: _value(self.schema.inputs[name], attributes[member])
            for name, member in ATTRIBUTES.items()
            if attributes.get(member) not in (None, "")
        }
        arn = attributes["QueueArn"]
        found.setdefault("fifoQueue", False)
        found.setdefault("contentBasedDeduplication", False)
        return {
            **found,
            "name": arn.rsplit(":", 1)[1],
            "arn": arn,
            "url": id,
            "region": sqs.meta.region_name,
            "tagsAll": sqs.list_queue_tags(QueueUrl=id).get("Tags") or {},
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        sqs = self.client(aws, new)
        values = {ATTRIBUTES[name]: _text(new.get(name, "")) for name in changed if name in ATTRIBUTES}
        if values:
            sqs.set_queue_attributes(QueueUrl=id, Attributes=values)
        added, removed = tag_changes(old, new)
        if added:
            sqs.tag_queue(QueueUrl=id, Tags=added)
        if removed:
            sqs.untag_queue(QueueUrl=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_queue, ABSENT, QueueUrl=id)


class QueuePart(Resource):
    """One attribute of a queue as a resource of its own. Its id is the queue's URL."""

    service = "sqs"
    part: ClassVar[str]  # the property; ATTRIBUTES has AWS's name of it

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs.get("queueUrl")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self._put(aws, inputs["queueUrl"], inputs, inputs[self.part])
        return inputs["queueUrl"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        sqs, name = self.client(aws, inputs), ATTRIBUTES[self.part]
        answer = unless_absent(sqs.get_queue_attributes, ABSENT, QueueUrl=id, AttributeNames=[name])
        value = (answer or {}).get("Attributes", {}).get(name)
        return {"queueUrl": id, self.part: value, "region": sqs.meta.region_name} if value else None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self._put(aws, id, new, new[self.part])

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        self._put(aws, id, inputs, "")

    def _put(self, aws: Aws, url: str, inputs: Inputs, value: str) -> None:
        put = self.client(aws, inputs).set_queue_attributes
        attributes = {ATTRIBUTES[self.part]: value}
        if value:
            put(QueueUrl=url, Attributes=attributes)
        else:
            unless_absent(put, ABSENT, QueueUrl=url, Attributes=attributes)


def _part(name: str) -> dict[str, P]:
    return {"queueUrl": P(replaces=True, custom=True), name: P(json=True, custom=True), "region": REGION}


class QueuePolicy(QueuePart):
    """https://www.pulumi.com/registry/packages/aws/api-docs/sqs/queuepolicy/"""

    type = "aws:sqs/queuePolicy:QueuePolicy"
    part = "policy"
    properties = _part(part)


class RedrivePolicy(QueuePart):
    """https://www.pulumi.com/registry/packages/aws/api-docs/sqs/redrivepolicy/"""

    type = "aws:sqs/redrivePolicy:RedrivePolicy"
    part = "redrivePolicy"
    properties = _part(part)


class RedriveAllowPolicy(QueuePart):
    """https://www.pulumi.com/registry/packages/aws/api-docs/sqs/redriveallowpolicy/"""

    type = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    part = "redriveAllowPolicy"
    properties = _part(part)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(kind: object, text: str) -> object:
    if kind == "integer":
        return int(text)
    return text == "true" if kind == "boolean" else text


TYPES = (Queue, QueuePolicy, RedrivePolicy, RedriveAllowPolicy)
