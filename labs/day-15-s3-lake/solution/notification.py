"""When S3 calls the function."""

from __future__ import annotations

from typing import Any


def configuration(function_arn: str) -> dict[str, Any]:
    """The notification, as boto3's put_bucket_notification_configuration takes it."""
    rules = [{"Name": "prefix", "Value": "raw/orders/"}, {"Name": "suffix", "Value": ".csv"}]
    return {
        "LambdaFunctionConfigurations": [
            {
                "Id": "count-orders",
                "LambdaFunctionArn": function_arn,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": rules}},
            }
        ]
    }
