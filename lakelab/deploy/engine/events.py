"""What a deployment tells while it runs, and what it gives back at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Op = Literal["same", "create", "update", "replace", "delete", "read", "import", "refresh", "skip"]
Verb = Literal["preview", "up", "refresh", "destroy"]


@dataclass(frozen=True)
class Change:
    """One property that changes. Secrets are masked, unknown values shown as `[unknown]`."""

    path: str
    old: Any  # None when the property is added
    new: Any  # None when the property is removed
    kind: Literal["add", "update", "delete"] = "update"
    replaces: bool = False


@dataclass
class Step:
    """What is done to one resource."""

    urn: str
    type: str
    name: str
    op: Op
    changes: Sequence[Change] = ()
    seconds: float = 0.0
    error: str = ""
    note: str = ""  # why, where the changes do not say it

    def as_dict(self) -> dict[str, Any]:
        found = {name: value for name, value in self.__dict__.items() if name != "changes"}
        return {**found, "changes": [change.__dict__ for change in self.changes]}


@dataclass(frozen=True)
class Event:
    """One thing that happens: a step begins, ends or fails, or the program or the engine says something."""

    kind: Literal["started", "done", "failed", "diagnostic"]
    step: Step | None = None
    severity: Literal["debug", "info", "warning", "error"] = "info"
    text: str = ""
    urn: str = ""


Listener = Callable[[Event], None]


@dataclass
class Result:
    """A finished deployment.

    Attributes:
        steps: one a resource, in the order in which they ended; unchanged resources are there as `same`.
        outputs: what the program exports, secrets masked.
        seconds: how long it took.
    """

    verb: Verb
    project: str
    stack: str
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """How many resources had each operation."""
        return dict(Counter(step.op for step in self.steps if not step.error))

    @property
    def changed(self) -> bool:
        """Whether anything was (or, in a preview, would be) done."""
        return any(step.op not in ("same", "read", "skip") and not step.error for step in self.steps)

    @property
    def errors(self) -> list[Step]:
        return [step for step in self.steps if step.error]

    def as_dict(self) -> dict[str, Any]:
        """The result as plain data, for `--json`."""
        return {
            "verb": self.verb,
            "project": self.project,
            "stack": self.stack,
            "counts": self.counts,
            "seconds": round(self.seconds, 3),
            "outputs": self.outputs,
            "steps": [step.as_dict() for step in self.steps],
        }
