"""The lifecycle of the lake's bucket."""

from __future__ import annotations

from typing import Any


def rules() -> list[dict[str, Any]]:
    """The rules, as boto3's put_bucket_lifecycle_configuration takes them."""
    return [
        {
            "ID": "archive-raw",
            "Status": "Enabled",
            "Filter": {"Prefix": "raw/"},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
        },
        {"ID": "expire-results", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 14}},
        {
            "ID": "clean-up",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]
