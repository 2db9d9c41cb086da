"""Pulumi property values on the wire and in Python: secrets, unknowns, assets, outputs and resource references.

In Python a property map is plain JSON-like data, with `Secret` around what is secret and the text `UNKNOWN` for what is
not known during a preview. Assets, archives and resource references stay dicts that carry Pulumi's signature key.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # Pulumi's signature of a secret, public by nature
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

Properties = dict[str, Any]


@dataclass
class Secret:
    """A value that must never be shown or stored in clear.

    `sealed` caches its stored form, with the key ring that made it: another stack's state has another key.
    """

    value: Any
    sealed: tuple[object, str] | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        return "[secret]"

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return Secret(deepcopy(self.value, memo), self.sealed)  # the key ring is nobody's to copy


def signature(value: Any) -> str | None:
    """Pulumi's signature of a special object, or None for an ordinary value."""
    return value.get(SIGNATURE) if isinstance(value, dict) else None


def is_asset(value: Any) -> bool:
    return signature(value) in (ASSET, ARCHIVE)


# -- between protobuf Struct and Python -------------------------------------------------------------------------------


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """A property map as the SDK or a provider sent it."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return _from_special({key: _from_value(item) for key, item in value.struct_value.fields.items()})
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        return number(value.number_value)
    return None


def _from_special(value: dict[str, Any]) -> Any:
    sign = value.get(SIGNATURE)
    if sign == SECRET:
        inner = value.get("value")
        return inner if isinstance(inner, Secret) else Secret(inner)
    if sign == OUTPUT:
        inner = value.get("value", UNKNOWN)
        return Secret(inner) if value.get("secret") else inner
    return value


def number(value: float) -> int | float:
    """JSON has one kind of number; whole ones read better as integers."""
    return int(value) if math.isfinite(value) and value == int(value) else value


def to_struct(properties: Properties, *, secrets: bool = True) -> struct_pb2.Struct:
    """A property map for the wire; with `secrets=False` secrets go out in clear."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _set_value(struct.fields[key], value, secrets)
    return struct


def _set_value(out: struct_pb2.Value, value: Any, secrets: bool) -> None:
    if value is None:
        out.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        out.bool_value = value
    elif isinstance(value, str):
        out.string_value = value
    elif isinstance(value, (int, float)):
        out.number_value = value
    elif isinstance(value, Secret):
        if secrets:
            _set_value(out, {SIGNATURE: SECRET, "value": value.value}, secrets)
        else:
            _set_value(out, value.value, secrets)
    elif isinstance(value, dict):
        fields = out.struct_value.fields
        if not value:
            out.struct_value.SetInParent()
        for key, item in value.items():
            _set_value(fields[str(key)], item, secrets)
    elif isinstance(value, (list, tuple)):
        values = out.list_value.values
        if not value:
            out.list_value.SetInParent()
        for item in value:
            _set_value(values.add(), item, secrets)
    else:
        raise TypeError(f"no property value: {type(value).__name__}")


# -- looking into values ----------------------------------------------------------------------------------------------


def walk(value: Any) -> Iterator[Any]:
    """The value and all that is inside it, secrets opened."""
    yield value
    if isinstance(value, Secret):
        yield from walk(value.value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def has_unknown(value: Any) -> bool:
    return any(item == UNKNOWN for item in walk(value) if isinstance(item, str))


def has_secret(value: Any) -> bool:
    return any(isinstance(item, Secret) for item in walk(value))


def map_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with `change` applied to each part, outermost first; what `change` returns anew is not entered."""
    changed = change(value)
    if changed is not value:
        return changed
    if isinstance(value, Secret):
        return Secret(map_values(value.value, change))
    if isinstance(value, dict):
        return {key: map_values(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [map_values(item, change) for item in value]
    return value


def reveal(value: Any) -> Any:
    """The value with every secret in clear."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def mask(value: Any) -> Any:
    """The value as people may see it: `[secret]` for secrets, `[unknown]` for what is not known yet."""
    if isinstance(value, Secret):
        return "[secret]"
    if value == UNKNOWN:
        return "[unknown]"
    if is_asset(value):
        return asset_label(value)
    if isinstance(value, dict):
        return {key: mask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item) for item in value]
    return value


def asset_label(value: dict[str, Any]) -> str:
    """An asset or archive in a word: where it comes from, and the start of its hash."""
    kind = "asset" if signature(value) == ASSET else "archive"
    source = value.get("path") or ", ".join(value.get("assets") or ()) or "text"
    return f"{kind} {source} ({value['hash'][:12]})" if value.get("hash") else f"{kind} {source}"


def drop_unknown(properties: Properties) -> Properties:
    """The top-level properties that are wholly known."""
    return {key: value for key, value in properties.items() if not has_unknown(value)}


def keep_secrets(properties: Properties, secret_names: set[str]) -> Properties:
    """The properties with those named in `secret_names` marked secret."""
    return {
        key: Secret(reveal(value)) if key in secret_names and not isinstance(value, Secret) else value
        for key, value in properties.items()
    }


def secret_names(properties: Properties) -> set[str]:
    """The top-level properties that are or contain a secret."""
    return {key for key, value in properties.items() if has_secret(value)}


def hide_secrets(text: str, *trees: Any) -> str:
    """A message without the secrets of these values: what AWS refuses, it often repeats."""
    found = {str(item) for tree in trees for secret in _secrets(tree) for item in walk(secret) if _is_scalar(item)}
    for secret in sorted(found - {""}, key=len, reverse=True):
        for form in {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]}:
            # a short one is part of too many words to be taken out of them
            pattern = re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"
            text = re.sub(pattern, "[secret]", text)
    return text


_SHORT = 4


def _secrets(value: Any) -> Iterator[Any]:
    return (item.value for item in walk(value) if isinstance(item, Secret))


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def resource_reference_to_id(value: Any) -> Any:
    """What a provider gets for a reference to a resource: its id, or its URN for a component."""
    if signature(value) == RESOURCE:
        return value.get("id", value.get("urn"))
    return value
