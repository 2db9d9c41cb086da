"""What differs between two sets of inputs, property by property, and what AWS's answer means as inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakelab.deploy.paths import MISSING, Key, covers, get, parse, render
from lakelab.deploy.provider.resource import Property, Resource
from lakelab.deploy.values import UNKNOWN, is_asset, signature

HINTS = ("__known", "__since")  # of the engine, when it looks for what a cut-off create has made


@dataclass(frozen=True)
class Difference:
    """One property path that differs; MISSING where there is nothing."""

    keys: tuple[Key, ...]
    old: Any
    new: Any
    replaces: bool

    @property
    def path(self) -> str:
        return render(self.keys)


def is_empty(value: Any) -> bool:
    """Nothing, in the sense of AWS's Terraform provider: absent, zero, false, and what holds only such."""
    if isinstance(value, dict):
        return not signature(value) and all(is_empty(item) for item in value.values())
    if isinstance(value, list):
        return not value
    return value is MISSING or value is None or (not isinstance(value, str) and value == 0) or value == ""


def differences(resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """How `new` inputs differ from `old`. An unknown value differs from everything: it may."""
    found: list[Difference] = []
    for name in sorted({*old, *new}):
        if name.startswith("__") or name == "tagsAll":
            continue
        known = resource.properties.get(name, Property())
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if known.computed and after is MISSING:
            continue
        for keys, left, right in _compare(before, after, (name,), known):
            found.append(Difference(keys, left, right, known.replaces))
    if "tags" in resource.properties and not any(item.keys[0] == "tags" for item in found):
        for keys, left, right in _compare(old.get("tagsAll", {}), new.get("tagsAll", {}), ("tagsAll",), Property()):
            found.append(Difference(keys, left, right, False))
    return found


def _compare(old: Any, new: Any, keys: tuple[Key, ...], known: Property) -> Iterator[tuple[tuple[Key, ...], Any, Any]]:
    if new == UNKNOWN:
        yield keys, old, new
        return
    if same(old, new, known):
        return
    if is_asset(old) or is_asset(new):
        yield keys, old, new
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from _compare(old.get(key, MISSING), new.get(key, MISSING), (*keys, key), known)
    elif isinstance(old, list) and isinstance(new, list) and not known.unordered:
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else MISSING
            right = new[index] if index < len(new) else MISSING
            yield from _compare(left, right, (*keys, index), known)
    else:
        yield keys, old, new


_PLAIN = Property()


def same(old: Any, new: Any, known: Property = _PLAIN) -> bool:
    """Whether two values mean the same to AWS."""
    if old == new:
        # `1 == True` in Python, not in AWS
        return isinstance(old, bool) == isinstance(new, bool) or is_empty(old)
    if is_asset(old) and is_asset(new):
        return old.get("hash") is not None and old.get("hash") == new.get("hash")
    if is_empty(old) and is_empty(new):
        return True
    if known.json and isinstance(old, str) and isinstance(new, str):
        return _same_json(old, new)
    if known.unordered and isinstance(old, list) and isinstance(new, list):
        return sorted(map(_key, old)) == sorted(map(_key, new))
    return False


def _key(value: Any) -> str:
    return json.dumps(_without_empty(value), sort_keys=True, default=str)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if not is_empty(item)}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value


def _same_json(old: str, new: str) -> bool:
    try:
        return _normal_json(json.loads(old)) == _normal_json(json.loads(new))
    except ValueError:
        return False


def _normal_json(value: Any) -> Any:
    """A policy document in one form: a single item and a list of one mean the same to IAM."""
    if isinstance(value, dict):
        return {key: _normal_json(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_normal_json(item) for item in value]
        if len(items) == 1:
            return items[0]
        if all(isinstance(item, str) for item in items):
            return sorted(items)
        return items
    return value


def inputs_from(resource: Resource, old: Mapping[str, Any], actual: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that would give what AWS has now: what refresh writes into the state.

    A property that the program set takes AWS's value. One that it did not set appears only if it is more than what AWS
    fills in by itself. What AWS does not give back stays as it was.
    """
    result = {name: value for name, value in old.items() if name.startswith("__") and name not in HINTS}
    named = {resource.name} & set(old.get("__defaults") or ())
    for name, known in resource.properties.items():
        before, now = old.get(name, MISSING), actual.get(name, MISSING)
        if known.local or known.blind or same(before, now, known):
            if before is not MISSING:
                result[name] = before
        elif before is MISSING and name not in named and (known.computed or same(known.default, now, known)):
            continue
        elif now is not MISSING:
            result[name] = _without_filled(before, now, known)
    if "tagsAll" in actual and "tags" in resource.properties:
        result["tagsAll"] = actual["tagsAll"]
    return result


def _without_filled(before: Any, now: Any, known: Property) -> Any:
    """AWS's value without the nested settings that it filled in and that the program never named."""
    filled = [parse(path) for path in known.filled]

    def prune(value: Any, keys: tuple[Key, ...]) -> Any:
        if isinstance(value, dict):
            kept = {}
            for key, item in value.items():
                named = get(before, (*keys, key)) is not MISSING
                if not named and (is_empty(item) or any(covers(path, (*keys, key)) for path in filled)):
                    continue
                kept[key] = prune(item, (*keys, key))
            return kept
        if isinstance(value, list) and not known.unordered:
            return [prune(item, (*keys, index)) for index, item in enumerate(value)]
        return value

    return prune(now, ())
