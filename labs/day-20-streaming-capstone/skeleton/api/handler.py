"""The function behind POST /rides."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put the ride in the request's body into the stream. `event` has the payload format 2.0."""
    return {"statusCode": 501, "body": "{}"}
