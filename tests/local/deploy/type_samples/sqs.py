"""Samples of the types of SQS."""

from __future__ import annotations

import json

from type_samples.parts import TAGS, Sample, World, resource_policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
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
    }
