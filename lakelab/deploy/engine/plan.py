"""Decides what a resource needs: nothing, create, update or replace, and which others a replacement takes with it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lakelab.deploy import paths, values
from lakelab.deploy.engine.events import Change
from lakelab.deploy.engine.goal import Goal
from lakelab.deploy.engine.plugins import Diff, PathDiff, Provider
from lakelab.deploy.engine.state import ResourceState
from lakelab.deploy.values import UNKNOWN, Properties

Decision = Literal["same", "create", "update", "replace"]


class Refused(Exception):
    """The inputs of a resource are wrong, or what they ask for is not allowed."""


@dataclass(frozen=True)
class Plan:
    """What is to be done with one resource, and the checked inputs for it."""

    decision: Decision
    inputs: Properties
    changes: tuple[Change, ...] = ()
    delete_first: bool = False
    note: str = ""


def decide(
    goal: Goal,
    urn: str,
    old: ResourceState | None,
    provider: Provider,
    folder: Path,
    *,
    replaced: set[str],
    force_replace: bool = False,
) -> Plan:
    """The plan for a resource with a provider.

    Args:
        old: its state, or None when it is new.
        folder: where relative asset paths start.
        replaced: resources that this deployment replaces, for `replace_with`.
        force_replace: it is to be replaced whatever the provider says.

    Raises:
        Refused: the provider found mistakes in the inputs.
    """
    inputs = goal.inputs
    if old is not None and goal.ignore_changes:
        inputs = paths.copy_paths(old.inputs, inputs, list(goal.ignore_changes))
    known = None if old is None or old.external else old
    checked = _check(provider, urn, known.inputs if known else None, inputs, folder)
    if known is None:
        return Plan("create", checked)
    if known.pending_replacement:
        return Plan("replace", _check(provider, urn, None, inputs, folder), note="it was deleted for a replacement")
    found = provider.diff(known, checked, folder)
    found = _without_ignored(found, goal.ignore_changes)
    changes = tuple(change_at(path, known.inputs, checked, goal.replace_on_changes) for path in found.paths)
    note = _other_reason(goal, known, replaced, force_replace)
    if note or any(change.replaces for change in changes):
        # a replacement is another resource: it gets no name from the old one
        fresh = _check(provider, urn, None, inputs, folder)
        delete_first = found.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if note and goal.delete_before_replace is None and not found.replaces:
            delete_first = _same_names(known, fresh)
        return Plan("replace", fresh, changes, delete_first, note)
    if known.init_errors:
        return Plan("update", checked, changes, note="its last creation was not complete")
    return Plan("update" if changes else "same", checked, changes)


def _check(provider: Provider, urn: str, olds: Properties | None, inputs: Properties, folder: Path) -> Properties:
    checked, failures = provider.check(urn, olds, inputs, os.urandom(32), folder)
    if failures:
        raise Refused("\n".join(f"{path}: {reason}" if path else reason for path, reason in failures))
    return checked


def _without_ignored(found: Diff, ignored: Iterable[str]) -> Diff:
    """What the provider itself filled in differently (a default, a name) may be ignored too."""
    patterns = [paths.parse(pattern) for pattern in ignored]
    kept = tuple(p for p in found.paths if not any(paths.covers(pattern, paths.parse(p.path)) for pattern in patterns))
    return Diff(kept, found.delete_before_replace, found.changed and bool(kept))


def change_at(path: PathDiff, old: Properties, new: Properties, replace_on: Iterable[str]) -> Change:
    """A changed path with its values, as people may see them."""
    keys = paths.parse(path.path)
    before, after = _shown(old, keys), _shown(new, keys)
    forced = any(pattern == "*" or paths.covers(paths.parse(pattern), keys) for pattern in replace_on)
    return Change(path.path, before, after, path.kind, path.replaces or forced)


def _shown(tree: Any, keys: tuple[paths.Key, ...]) -> Any:
    """The value at a path as people may see it: secret when anything above it is."""
    for depth in range(len(keys) + 1):
        here = paths.get(tree, keys[:depth])
        if isinstance(here, values.Secret):
            return "[secret]"
        if here == UNKNOWN:
            return "[unknown]"
    found = paths.get(tree, keys)
    return None if found is paths.MISSING else values.mask(found)


def _other_reason(goal: Goal, old: ResourceState, replaced: set[str], force: bool) -> str:
    """Why a resource is replaced though no property asks for it."""
    if force:
        return "its replacement was asked for"
    if set(goal.replace_with) & replaced:
        return "a resource that it is replaced with is replaced"
    had, wants = values.reveal(old.replacement_trigger), values.reveal(goal.replacement_trigger)
    if wants is not None and had is not None and had != wants:
        return "its replacement trigger changed"
    return ""


def _same_names(old: ResourceState, new: Properties) -> bool:
    """Whether a replacement would bear names that the program gave to the old resource."""
    given = set(new) - set(new.get("__defaults") or ())
    named = [key for key in given if key.lower().endswith(("name", "bucket", "key")) or key == "name"]
    return any(old.inputs.get(key) == new.get(key) for key in named)


def dependents_to_replace(
    target: ResourceState, old: list[ResourceState], provider_of: Any, folder: Path
) -> list[ResourceState]:
    """Who must go before a resource that is deleted before it is replaced, the nearest dependent last.

    A dependent goes when the property that came from the resource cannot be changed in place: its provider is asked
    with that property unknown. Those that stand on a dependent which goes are asked in turn.
    """
    going = {target.urn}
    found: list[ResourceState] = []
    for resource in old:
        if resource is target or resource.delete or resource.external or not resource.references() & going:
            continue
        if not resource.custom:
            continue
        if resource.type.startswith("pulumi:providers:"):
            continue
        touched = {key for key, urns in resource.property_dependencies.items() if set(urns) & going}
        if not touched or resource.pending_replacement:
            continue
        supposed = {key: UNKNOWN if key in touched else value for key, value in resource.inputs.items()}
        if provider_of(resource).diff(resource, supposed, folder).replaces:
            found.append(resource)
            going.add(resource.urn)
    return found[::-1]
