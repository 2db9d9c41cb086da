"""NextToken: where a listing goes on, opaque to the client."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lakelab.cloud.glue.errors import InvalidInput

T = TypeVar("T")


def encode(position: str | int) -> str:
    """The token of a listing whose last item is at `position`."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def decode(token: str | None, start: Any) -> Any:
    """The position in a token, or `start` without one. Raises InvalidInput for a token that we did not make."""
    if not token:
        return start
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise InvalidInput("Invalid NextToken.") from error
    if type(position) is not type(start):
        raise InvalidInput("Invalid NextToken.")
    return position


def page(items: Sequence[T], limit: int, position: Callable[[T], str | int]) -> tuple[Sequence[T], str | None]:
    """The first `limit` of the items, and the token of the rest if there is one.

    A listing asks its store for one item more than it answers, and so knows whether another page follows.
    """
    if len(items) <= limit:
        return items, None
    return items[:limit], encode(position(items[limit - 1]))
