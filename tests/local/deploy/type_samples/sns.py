"""Samples of the types of SNS."""

from __future__ import annotations

import json

from type_samples.parts import TAGS, Sample, World, resource_policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
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
    }
