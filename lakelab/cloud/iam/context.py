"""What the gateway has seen of a request and the core's own check of it cannot know.

The gateway sets it before it passes a request on; the decision reads it, in the same task.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Right:
    """A right that a request needs: an action on a resource, with the condition keys of just this right."""

    action: str
    resource: str
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """Condition keys of the request, in lower case, and the rights that it needs beside that for its own action."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    rights: tuple[Right, ...] = ()


NOTHING = Seen()
seen: ContextVar[Seen] = ContextVar("seen", default=NOTHING)
