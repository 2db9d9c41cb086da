"""Lets the mapping find the bad record, give it up, and tell where it is."""

from __future__ import annotations

from typing import Any

import boto3

functions: Any = boto3.client("lambda")
sqs: Any = boto3.client("sqs")

url = sqs.get_queue_url(QueueName="drill-poison-failed")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
(mapping,) = functions.list_event_source_mappings(FunctionName="drill-poison-to-lake")["EventSourceMappings"]
functions.update_event_source_mapping(
    UUID=mapping["UUID"],
    BisectBatchOnFunctionError=True,
    MaximumRetryAttempts=2,
    DestinationConfig={"OnFailure": {"Destination": arn}},
)
