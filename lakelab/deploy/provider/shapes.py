"""Pulumi property values to AWS request shapes, and AWS responses back to Pulumi properties.

Names are matched without regard to case and punctuation (`kmsMasterKeyId` is `KmsMasterKeyId`); what differs otherwise
is given by the resource type as `renames`. A property that finds no place in the shape is an error, so is a value that
the shape's own constraints (type, range, enumeration) exclude.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lakelab.deploy.provider.schema import Mistake, Schema, Type
from lakelab.deploy.values import UNKNOWN

Renames = Mapping[str, str]  # Pulumi name -> AWS member, for names at any depth


class NoPlace(ValueError):
    """A value cannot be put into the request; `mistakes` says what and why."""

    def __init__(self, mistakes: list[Mistake]):
        super().__init__("; ".join(f"{mistake.path}: {mistake.reason}" for mistake in mistakes))
        self.mistakes = mistakes


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """A name as it is compared: letters and digits, lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def member_of(name: str, members: Mapping[str, Any], renames: Renames) -> str | None:
    """The member of a structure that a Pulumi property means, if there is one."""
    wanted = renames.get(name)
    if wanted is not None:
        return wanted if wanted in members else None
    key = plain(name)
    by_name = {plain(member): member for member in members}
    for candidate in (key, key + "s", key.removesuffix("s"), re.sub("ies$", "y", key)):
        if candidate in by_name:
            return by_name[candidate]
    return None


def to_aws(value: Any, shape: Any, renames: Renames, path: str = "") -> Any:
    """The value as the AWS request wants it.

    Raises:
        NoPlace: a name has no place in the shape, or a value is not what the shape allows.
    """
    mistakes: list[Mistake] = []
    result = _to_aws(value, shape, renames, path, mistakes)
    if mistakes:
        raise NoPlace(mistakes)
    return result


def _to_aws(value: Any, shape: Any, renames: Renames, path: str, mistakes: list[Mistake]) -> Any:
    if value == UNKNOWN:
        return value
    kind = shape.type_name
    if kind == "structure":
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            mistakes.append(Mistake(path, f"must be an object, not {value!r}"))
            return None
        result = {}
        for name, item in value.items():
            if item is None:
                continue
            inner = f"{path}.{name}" if path else name
            member = member_of(name, shape.members, renames)
            if member is None:
                mistakes.append(Mistake(inner, f"has no place in {shape.name} ({', '.join(shape.members)})"))
            else:
                result[member] = _to_aws(item, shape.members[member], renames, inner, mistakes)
        return result
    if kind == "list":
        if isinstance(value, dict) and _is_tag(shape.member):
            value = [{"Key": key, "Value": text} for key, text in value.items()]
        items = value if isinstance(value, list) else [value]
        _check_range(len(items), shape.metadata, path, mistakes, "items")
        return [_to_aws(item, shape.member, renames, f"{path}[{i}]", mistakes) for i, item in enumerate(items)]
    if kind == "map":
        return {key: _to_aws(item, shape.value, renames, f"{path}.{key}", mistakes) for key, item in value.items()}
    return _scalar(value, shape, path, mistakes)


def _is_tag(shape: Any) -> bool:
    return shape.type_name == "structure" and set(shape.members) == {"Key", "Value"}


def _scalar(value: Any, shape: Any, path: str, mistakes: list[Mistake]) -> Any:
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            value = int(value)
            _check_range(value, shape.metadata, path, mistakes, "")
        elif kind in ("float", "double"):
            value = float(value)
            _check_range(value, shape.metadata, path, mistakes, "")
        elif kind == "boolean":
            value = value if isinstance(value, bool) else {"true": True, "false": False}[str(value)]
        elif kind == "string":
            value = str(value).lower() if isinstance(value, bool) else str(value)
            _check_range(len(value), shape.metadata, path, mistakes, "characters")
            if shape.enum and value not in shape.enum:
                mistakes.append(Mistake(path, f"{value!r} is not one of {', '.join(shape.enum)}"))
        elif kind == "blob":
            value = value if isinstance(value, bytes) else str(value).encode()
    except (TypeError, ValueError, KeyError):
        mistakes.append(Mistake(path, f"must be of type {kind}, not {value!r}"))
    return value


def _check_range(size: float, limits: Mapping[str, Any], path: str, mistakes: list[Mistake], unit: str) -> None:
    low, high = limits.get("min"), limits.get("max")
    if (low is None or size >= low) and (high is None or size <= high):
        return
    bounds = f"from {low} to {high}" if low is not None and high is not None else f"at least {low}"
    bounds = f"at most {high}" if low is None else bounds
    mistakes.append(Mistake(path, f"must be {bounds}{' ' + unit if unit else ''}, not {size:g}"))


def from_aws(value: Any, kind: Type, schema: Schema, renames: Renames) -> Any:
    """An AWS response as the Pulumi property of this type; members that the type does not have are left out."""
    if value is None:
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat().replace("+00:00", "Z")
    fields = schema.fields(kind)
    if fields is not None:
        if isinstance(value, list):
            value = value[0] if value else {}
        return _fields_from_aws(value, fields, schema, renames)
    if isinstance(kind, dict) and "list" in kind:
        items = value if isinstance(value, list) else [value]
        return [from_aws(item, kind["list"], schema, renames) for item in items]
    if isinstance(kind, dict) and "map" in kind:
        if isinstance(value, list):
            value = {item["Key"]: item["Value"] for item in value}
        return {key: from_aws(item, kind["map"], schema, renames) for key, item in value.items()}
    if kind == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "integer" and not isinstance(value, bool):
        return int(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    return value


def _fields_from_aws(value: Mapping[str, Any], fields: Mapping[str, Type], schema: Schema, renames: Renames) -> Any:
    result = {}
    for name, kind in fields.items():
        member = member_of(name, value, renames)
        if member is not None and value[member] is not None:
            result[name] = from_aws(value[member], kind, schema, renames)
    return result


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Every leaf of a tree by its path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from paths(item, f"{path}[{index}]")
    else:
        yield path
