"""SNS topics, their policies and subscriptions."""

from __future__ import annotations

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes, tag_dict, tag_list

# https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
TOPIC_ATTRIBUTES = {
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "fifoTopic": "FifoTopic",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
# https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
SUBSCRIPTION_ATTRIBUTES = {
    "rawMessageDelivery": "RawMessageDelivery",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "redrivePolicy": "RedrivePolicy",
    "deliveryPolicy": "DeliveryPolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


class Topic(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/sns/topic/"""

    type = "aws:sns/topic:Topic"
    service = "sns"
    name = "name"
    properties = {
        "name": P(replaces=True, custom=True),
        "namePrefix": P(replaces=True, local=True),
        "displayName": P(custom=True),
        "policy": P(computed=True, json=True, custom=True),
        "deliveryPolicy": P(json=True, custom=True),
        "fifoTopic": P(replaces=True, default=False, custom=True),
        "contentBasedDeduplication": P(default=False, custom=True),
        "kmsMasterKeyId": P(custom=True),
        "signatureVersion": P(computed=True, low=1, high=2, custom=True),
        "tracingConfig": P(computed=True, custom=True, choices=("PassThrough", "Active")),
        "tags": TAGS,
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        if not inputs.get("name"):
            return None
        region = inputs.get("region") or aws.region
        return f"arn:{aws.partition}:sns:{region}:{aws.account}:{inputs['name']}"

    def create(self, aws: Aws, inputs: Inputs) -> str:
        sns = self.client(aws, inputs)
        values = {
            TOPIC_ATTRIBUTES[k]: _text(v) for k, v in inputs.items() if k in TOPIC_ATTRIBUTES and v not in ("", False)
        }
        tags = {"Tags": tag_list(inputs["tagsAll"])} if inputs.get("tagsAll") else {}
        return sns.create_topic(Name=inputs["name"], Attributes=values, **tags)["TopicArn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        sns = self.client(aws, inputs)
        answer = unless_absent(sns.get_topic_attributes, TopicArn=id)
        if answer is None:
            return None
        attributes = answer["Attributes"]
        found = {
            name: _value(self.schema.inputs[name], attributes[member])
            for name, member in TOPIC_ATTRIBUTES.items()
            if attributes.get(member) not in (None, "")
        }
        return {
            "fifoTopic": False,
            "contentBasedDeduplication": False,
            **found,
            "name": id.rsplit(":", 1)[1],
            "arn": id,
            "owner": attributes.get("Owner"),
            "region": sns.meta.region_name,
            "tagsAll": tag_dict(sns.list_tags_for_resource(ResourceArn=id).get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        sns = self.client(aws, new)
        for name in changed & set(TOPIC_ATTRIBUTES):
            sns.set_topic_attributes(
                TopicArn=id, AttributeName=TOPIC_ATTRIBUTES[name], AttributeValue=_text(new.get(name, ""))
            )
        added, removed = tag_changes(old, new)
        if added:
            sns.tag_resource(ResourceArn=id, Tags=tag_list(added))
        if removed:
            sns.untag_resource(ResourceArn=id, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).delete_topic, TopicArn=id)


class TopicPolicy(Resource):
    """A topic's access policy as a resource of its own."""

    type = "aws:sns/topicPolicy:TopicPolicy"
    service = "sns"
    properties = {"arn": P(replaces=True, custom=True), "policy": P(json=True, custom=True), "region": REGION}

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs.get("arn")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self.update(aws, inputs["arn"], {}, inputs, {"policy"})
        return inputs["arn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        sns = self.client(aws, inputs)
        answer = unless_absent(sns.get_topic_attributes, TopicArn=id)
        policy = (answer or {}).get("Attributes", {}).get("Policy")
        return {"arn": id, "policy": policy, "owner": aws.account, "region": sns.meta.region_name} if policy else None

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        sns = self.client(aws, new)
        sns.set_topic_attributes(TopicArn=id, AttributeName="Policy", AttributeValue=new["policy"])

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        # a topic always has a policy: removing ours means going back to the one that AWS gives a new topic
        sns = self.client(aws, inputs)
        owner = f'{{"StringEquals":{{"AWS:SourceOwner":"{aws.account}"}}}}'
        statement = (
            '{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",'
            '"Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes",'
            '"SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe",'
            f'"SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"{id}","Condition":{owner}}}]}}'
        )
        unless_absent(sns.set_topic_attributes, TopicArn=id, AttributeName="Policy", AttributeValue=statement)


class TopicSubscription(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/sns/topicsubscription/"""

    type = "aws:sns/topicSubscription:TopicSubscription"
    service = "sns"
    properties = {
        "topic": P(replaces=True, custom=True),
        "protocol": P(
            replaces=True,
            custom=True,
            choices=("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"),
        ),
        "endpoint": P(replaces=True, custom=True),
        "rawMessageDelivery": P(default=False, custom=True),
        "filterPolicy": P(json=True, custom=True),
        "filterPolicyScope": P(computed=True, custom=True, choices=("MessageAttributes", "MessageBody")),
        "redrivePolicy": P(json=True, custom=True),
        "deliveryPolicy": P(json=True, custom=True),
        "subscriptionRoleArn": P(custom=True),
        "endpointAutoConfirms": P(local=True, default=False),
        "confirmationTimeoutInMinutes": P(local=True, default=1),
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return None

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        sns = self.client(aws, inputs)
        answer = unless_absent(sns.list_subscriptions_by_topic, TopicArn=inputs["topic"])
        for item in (answer or {}).get("Subscriptions", []):
            if item["Protocol"] == inputs["protocol"] and item["Endpoint"] == inputs["endpoint"]:
                return item["SubscriptionArn"]
        return None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        sns = self.client(aws, inputs)
        values = {
            SUBSCRIPTION_ATTRIBUTES[k]: _text(v) for k, v in inputs.items() if k in SUBSCRIPTION_ATTRIBUTES and v != ""
        }
        return sns.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=values,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        sns = self.client(aws, inputs)
        answer = unless_absent(sns.get_subscription_attributes, SubscriptionArn=id)
        if answer is None:
            return None
        attributes = answer["Attributes"]
        found = {
            name: _value(self.schema.inputs[name], attributes[member])
            for name, member in SUBSCRIPTION_ATTRIBUTES.items()
            if attributes.get(member) not in (None, "", "{}")
        }
        return {
            "rawMessageDelivery": False,
            **found,
            "topic": attributes["TopicArn"],
            "protocol": attributes["Protocol"],
            "endpoint": attributes["Endpoint"],
            "arn": id,
            "ownerId": attributes.get("Owner"),
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": attributes.get("ConfirmationWasAuthenticated") == "true",
            "region": sns.meta.region_name,
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        sns = self.client(aws, new)
        for name in changed & set(SUBSCRIPTION_ATTRIBUTES):
            empty = "{}" if name == "filterPolicy" else ""
            sns.set_subscription_attributes(
                SubscriptionArn=id,
                AttributeName=SUBSCRIPTION_ATTRIBUTES[name],
                AttributeValue=_text(new.get(name, empty)),
            )

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).unsubscribe, SubscriptionArn=id)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(kind: object, text: str) -> object:
    if kind == "integer":
        return int(text)
    return text == "true" if kind == "boolean" else text


TYPES = (Topic, TopicPolicy, TopicSubscription)
