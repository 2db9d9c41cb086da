"""When S3 calls the function."""

from __future__ import annotations

from typing import Any


def configuration(function_arn: str) -> dict[str, Any]:
    """The notification, as boto3's put_bucket_notification_configuration takes it."""
    return {
        "LambdaFunctionConfigurations": [
            {"Id": "count-orders", "LambdaFunctionArn": function_arn, "Events": ["s3:ObjectCreated:*"]}
        ]
    }
