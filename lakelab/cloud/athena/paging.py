"""NextToken and MaxResults of the list operations: a token says after which item the next page begins."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lakelab.cloud.athena.exceptions import InvalidRequest

Item = TypeVar("Item")
LARGEST_PAGE = 50


def encode(position: list[Any]) -> str:
    """The opaque NextToken of a position."""
    return base64.b64encode(json.dumps(position, separators=(",", ":")).encode()).decode()


def decode(token: str, length: int) -> list[Any] | None:
    """The position of a NextToken, or None when it is not one of ours with `length` parts."""
    try:
        position = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        return None
    return position if isinstance(position, list) and len(position) == length else None


def page(
    items: Sequence[Item], params: dict[str, Any], key: Callable[[Item], str], size: int = LARGEST_PAGE
) -> tuple[list[Item], str | None]:
    """One page of items that are in the order of `key`, and the token of the page after it.

    Raises:
        InvalidRequest: the request's NextToken is none that Athena has given.
    """
    token = params.get("NextToken")
    limit = params.get("MaxResults") or size
    rest = items
    if token is not None:
        position = decode(token, 1)
        if position is None:
            raise malformed(token)
        rest = [item for item in items if key(item) > str(position[0])]
    shown = list(rest[:limit])
    return shown, encode([key(shown[-1])]) if len(rest) > limit else None


def malformed(token: str) -> InvalidRequest:
    return InvalidRequest(f"The nextPageToken is malformed: {token}")
