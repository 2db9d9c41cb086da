"""Where in a YAML or JSON text a value stands."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

UNEXPECTED = re.compile(r"\('([^']+)' was unexpected\)|'([^']+)' does not match any of the regexes")


def keys_of(path: Iterable[str | int], message: str) -> tuple[str | int, ...]:
    """The keys of what a JSON schema complains about: of a key that should not be there the key itself."""
    match = UNEXPECTED.search(message)
    return (*path, *(name for name in (match.groups() if match else ()) if name))


def line_of(text: str, keys: Iterable[str | int]) -> int:
    """The line, from 1, of the value at these keys; of the nearest value around it when there is no such value."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = node.start_mark.line + 1 if node else 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = next(((name, value) for name, value in node.value if name.value == str(key)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line
