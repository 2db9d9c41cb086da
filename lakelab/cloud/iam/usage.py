"""Granted against used: what of a role's policies its recorded calls needed, and the policy that has only that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from lakelab.cloud.iam.condition import Condition
from lakelab.cloud.iam.evaluate import Context, Request
from lakelab.cloud.iam.granted import Granted
from lakelab.cloud.iam.pattern import arn_matches, matches
from lakelab.cloud.iam.policy import Statement, parse
from lakelab.cloud.iam.record import Recorded

Kept = Mapping[str, Mapping[str, Mapping[str, str]]]
WHOLE = "*"
NAMED_AT_MOST = 3  # so many resources are named one by one in a narrower policy; more by what they begin with


@dataclass
class Usage:
    """What of one statement was used: each pattern with the actions or ARNs that met it; and each condition's value."""

    statement: Statement
    actions: dict[str, set[str]] = field(default_factory=dict)
    resources: dict[str, set[str]] = field(default_factory=dict)
    values: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def used(self) -> bool:
        return any(self.actions.values())

    @property
    def idle(self) -> list[str]:
        """What could be taken away: all of the statement (`*`), or actions, resources and condition values of it."""
        if not self.used:
            return [WHOLE]
        idle = [pattern for pattern, met in self.actions.items() if not met]
        idle += [pattern for pattern, met in self.resources.items() if not met]
        return idle + [value for (_, _, value), met in self.values.items() if not met]

    def why_kept(self, idle: str) -> str | None:
        """The reason that something unused stays, if there is one."""
        for pattern, reason in self.kept.items():
            if pattern == WHOLE or (idle != WHOLE and matches(pattern, idle)):
                return reason
        return None

    @property
    def wide(self) -> dict[str, list[str]]:
        """The wildcards that could be narrowed, with what they were used for."""
        found = {
            pattern: sorted(met) for pattern, met in self.actions.items() if met and ("*" in pattern or "?" in pattern)
        }
        for pattern, met in self.resources.items():
            narrower = narrowed(pattern, met)
            if narrower and narrower != [pattern]:
                found[pattern] = narrower
        return found


@dataclass(frozen=True)
class Difference:
    """A role's grants against its recorded calls."""

    role: str
    calls: int
    usages: tuple[Usage, ...]
    denied: tuple[Recorded, ...]
    documents: Mapping[str, Mapping[str, Any]]

    @property
    def unused(self) -> list[str]:
        """What could be taken away, and has no reason to stay."""
        return [text for text, reason in self._idle() if reason is None]

    @property
    def kept(self) -> dict[str, str]:
        """What is unused and stays, with the reason."""
        return {text: reason for text, reason in self._idle() if reason is not None}

    def _idle(self) -> Iterator[tuple[str, str | None]]:
        for usage in self.usages:
            for idle in usage.idle:
                text = f"{usage.statement}: {'all of it' if idle == WHOLE else idle}"
                yield text, usage.why_kept(idle)

    @property
    def minimal(self) -> dict[str, Any]:
        """The policy that allows the recorded calls: Denies stay, of the rest only what was used."""
        statements = []
        by_place = {(usage.statement.policy, usage.statement.number): usage for usage in self.usages}
        for name, document in self.documents.items():
            for number, given in enumerate(_listed(document["Statement"]), 1):
                usage = by_place.get((name, number))
                if usage is None:
                    statements.append(given)
                elif usage.used:
                    statements.append(_minimal(given, usage))
        return {"Version": "2012-10-17", "Statement": statements}


def read_kept(file: Path) -> Kept:
    """The reasons of a kept.yaml: policy -> statement -> action, resource or condition value -> why it stays."""
    return yaml.safe_load(file.read_text()) if file.exists() else {}


def difference(role: Granted, recorded: Iterable[Recorded], kept: Kept | None = None) -> Difference:
    """Compare what a role has with what the record says that it did."""
    usages = [
        Usage(
            statement,
            {pattern: set() for pattern in statement.actions},
            {pattern: set() for pattern in statement.resources},
            {
                (condition.text, condition.key, value): False
                for condition in statement.conditions
                for value in condition.wanted
                if _lists_alternatives(condition)
            },
            (kept or {}).get(statement.policy, {}).get(statement.sid, {}),
        )
        for statement in role.identity
        if statement.allows and statement.actions
    ]
    calls, denied = 0, []
    for call in recorded:
        calls += call.count
        if not call.allowed:
            denied.append(call)
            continue
        request = Request(role.principal, call.action, call.resource, call.keys, call.region)
        keys = Context(request)
        for usage in usages:
            if usage.statement.applies(call.action, call.resource, keys):
                _note(usage, call, keys)
    return Difference(role.principal.stable_arn, calls, tuple(usages), tuple(denied), role.documents)


def narrowed(pattern: str, used: Iterable[str]) -> list[str]:
    """A narrower list of patterns than one with wildcards, for the ARNs that were used; empty when none was.

    Up to three ARNs are named as they are, unless they are objects: there, and beyond three, what they begin with up to
    a slash is followed by a `*`.
    """
    arns = sorted(used)
    if not arns or not ("*" in pattern or "?" in pattern):
        return [pattern] if arns else []
    objects = all(arn.startswith("arn:aws:s3:::") and "/" in arn for arn in arns)
    if len(arns) <= NAMED_AT_MOST and not objects:
        return arns
    narrower = "/".join([*_common(arn.split("/")[:-1] for arn in arns), "*"])
    return [narrower] if len(narrower) > len(pattern) else [pattern]


def _common(paths: Iterable[Sequence[str]]) -> Iterable[str]:
    """The folders that all paths begin with."""
    for folders in zip(*paths, strict=False):
        if len(set(folders)) > 1:
            return
        yield folders[0]


def _note(usage: Usage, call: Recorded, keys: Context) -> None:
    statement = usage.statement
    lookup = keys.one if statement.variables else None
    for pattern, met in usage.actions.items():
        if matches(pattern, call.action, ignore_case=True):
            met.add(call.action)
    for pattern, met in usage.resources.items():
        if arn_matches(pattern, call.resource, lookup):
            met.add(call.resource)
    for condition in statement.conditions:
        if _lists_alternatives(condition):
            for value in condition.wanted:
                if replace(condition, wanted=(value,)).met(keys):
                    usage.values[condition.text, condition.key, value] = True


def _lists_alternatives(condition: Condition) -> bool:
    """Whether each value of a condition is a way to meet it; what it forbids cannot be unused."""
    return "not" not in condition.text.lower() and condition.text.lower() != "null" and len(condition.wanted) > 1


def _minimal(given: Mapping[str, Any], usage: Usage) -> dict[str, Any]:
    statement = dict(given)
    statement["Action"] = _shortest(sorted({action for met in usage.actions.values() for action in met}))
    if usage.resources:
        statement["Resource"] = _shortest(
            sorted({arn for pattern, met in usage.resources.items() for arn in narrowed(pattern, met)})
        )
    if usage.values:
        statement["Condition"] = {
            text: {
                key: [value for value in _listed(values) if usage.values.get((text, key, value), True)]
                if len(_listed(values)) > 1
                else values
                for key, values in block.items()
            }
            for text, block in given["Condition"].items()
        }
    return statement


def _shortest(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def covers(document: Mapping[str, Any], role: Granted, recorded: Iterable[Recorded]) -> list[Recorded]:
    """The allowed calls that a policy would not allow: none, for a minimal policy of the same record."""
    statements = parse(document, "policy")
    left_out = []
    for call in recorded:
        keys = Context(Request(role.principal, call.action, call.resource, call.keys, call.region))
        if call.allowed and not any(
            statement.allows and statement.applies(call.action, call.resource, keys) for statement in statements
        ):
            left_out.append(call)
    return left_out
