"""Property paths as Pulumi writes them, `rules[0].expiration.days`: parse, read, set and compare trees by path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Key = str | int
_PART = re.compile(r'\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]')
_PLAIN = re.compile(r"^[A-Za-z_$][A-Za-z0-9_$]*$")
MISSING = object()


def parse(path: str) -> tuple[Key, ...]:
    """The keys of a path; `*` stands for every key.

    Raises:
        ValueError: the text is no property path.
    """
    keys: list[Key] = []
    position = 0
    while position < len(path):
        match = _PART.match(path, position)
        if not match:
            raise ValueError(f"not a property path: {path!r}")
        name, index, quoted, star = match.groups()
        if name is not None:
            keys.append(name)
        elif index is not None:
            keys.append(int(index))
        elif star is not None:
            keys.append("*")
        else:
            keys.append(re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    return tuple(keys)


def render(keys: tuple[Key, ...]) -> str:
    """The path of these keys, as Pulumi shows it."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key == "*" or _PLAIN.match(key):
            text += f".{key}" if text else key
        else:
            escaped = key.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def covers(pattern: tuple[Key, ...], keys: tuple[Key, ...]) -> bool:
    """Whether the pattern is `keys` or a part of the tree above it."""
    return len(pattern) <= len(keys) and all(p in ("*", k) for p, k in zip(pattern, keys, strict=False))


def get(tree: Any, keys: tuple[Key, ...]) -> Any:
    """The value at these keys, or MISSING."""
    for key in keys:
        if isinstance(tree, dict):
            tree = tree.get(key, MISSING)
        elif isinstance(tree, list) and isinstance(key, int):
            tree = tree[key] if key < len(tree) else MISSING
        else:
            return MISSING
    return tree


def expand(tree: Any, pattern: tuple[Key, ...]) -> Iterator[tuple[Key, ...]]:
    """The paths in the tree that a pattern with `*` means."""
    if "*" not in pattern:
        yield pattern
        return
    star = pattern.index("*")
    head, rest = pattern[:star], pattern[star + 1 :]
    here = get(tree, head)
    keys: list[Key] = list(here) if isinstance(here, dict) else list(range(len(here))) if isinstance(here, list) else []
    for key in keys:
        yield from expand(tree, (*head, key, *rest))


def put(tree: Any, keys: tuple[Key, ...], value: Any) -> bool:
    """Sets (or with MISSING removes) the value at these keys; False when the place does not exist."""
    for key in keys[:-1]:
        inner = get(tree, (key,))
        if not isinstance(inner, (dict, list)):
            return False
        tree = inner
    last = keys[-1]
    if isinstance(tree, dict):
        if value is MISSING:
            tree.pop(last, None)
        else:
            tree[last] = value
        return True
    if isinstance(tree, list) and isinstance(last, int) and last < len(tree) and value is not MISSING:
        tree[last] = value
        return True
    return False


def copy_paths(source: Any, target: Any, patterns: list[str]) -> Any:
    """`target` with the values at these paths taken from `source`: what ignoreChanges asks for."""
    result = deepcopy(target)
    for pattern in map(parse, patterns):
        for keys in {*expand(source, pattern), *expand(target, pattern)}:
            value = get(source, keys)
            put(result, keys, value if value is MISSING else deepcopy(value))
    return result
