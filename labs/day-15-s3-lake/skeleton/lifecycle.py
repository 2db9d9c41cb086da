"""The lifecycle of the lake's bucket."""

from __future__ import annotations

from typing import Any


def rules() -> list[dict[str, Any]]:
    """The rules, as boto3's put_bucket_lifecycle_configuration takes them."""
    return []
