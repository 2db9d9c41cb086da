"""Which properties each resource type has and of what type, taken from the annotations of the pulumi-aws SDK.

The real plugin carries its schema; ours carries `schema.json`, which schema_source.py writes from the SDK (a test
compares the two). A type is written as one of `string`, `integer`, `number`, `boolean`, `any`, `asset`, `{"list": T}`,
`{"map": T}` or `{"object": name}`, a name among the type's own `objects`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lakelab.deploy.values import UNKNOWN, Secret, is_asset, signature

FILE = Path(__file__).with_name("schema.json")
Type = str | dict[str, Any]


@dataclass(frozen=True)
class Schema:
    """The properties of one resource type."""

    token: str
    inputs: dict[str, Type]
    required: frozenset[str]
    outputs: dict[str, Type]
    objects: dict[str, dict[str, Type]]
    object_required: dict[str, list[str]]

    def fields(self, kind: Type) -> dict[str, Type] | None:
        """The properties of an object type; None for any other type."""
        return self.objects[kind["object"]] if isinstance(kind, dict) and "object" in kind else None


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with the inputs of a resource."""

    path: str
    reason: str


@cache
def _file() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


@cache
def schema(token: str) -> Schema:
    """The schema of a resource type.

    Raises:
        KeyError: the type is not in schema.json.
    """
    entry = _file()["types"][token]
    return Schema(
        token,
        entry["inputs"],
        frozenset(entry["required"]),
        entry["outputs"],
        entry["objects"],
        entry["objectRequired"],
    )


def version() -> str:
    """The version of pulumi-aws that the schema was taken from."""
    return _file()["version"]


def check(kind: Schema, inputs: dict[str, Any]) -> Iterator[Mistake]:
    """What is wrong with these inputs, by the schema alone: names, types and missing properties."""
    yield from _check_fields(kind, kind.inputs, kind.required, inputs, "")


def _check_fields(
    kind: Schema, fields: dict[str, Type], required: Iterable[str], value: dict[str, Any], path: str
) -> Iterator[Mistake]:
    prefix = f"{path}." if path else ""
    for name, item in value.items():
        if name.startswith("__"):
            continue
        if name not in fields:
            yield Mistake(prefix + name, f"no such property{_hint(name, fields)}")
        else:
            yield from _check_value(kind, fields[name], item, prefix + name)
    for name in sorted(required):
        if value.get(name) is None:
            yield Mistake(prefix + name, "is required")


def _hint(name: str, fields: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(fields), n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(fields))}"


def _check_value(kind: Schema, expected: Type, value: Any, path: str) -> Iterator[Mistake]:
    if isinstance(value, Secret):
        value = value.value
    if value is None or value == UNKNOWN or expected == "any":
        return
    if isinstance(expected, str):
        if not _fits(expected, value):
            yield Mistake(path, f"must be {_name(expected)}, not {_shown(value)}")
        return
    if "list" in expected:
        if not isinstance(value, list):
            yield Mistake(path, f"must be a list, not {_shown(value)}")
            return
        for index, item in enumerate(value):
            yield from _check_value(kind, expected["list"], item, f"{path}[{index}]")
        return
    if not isinstance(value, dict) or signature(value):
        yield Mistake(path, f"must be an object, not {_shown(value)}")
        return
    if "map" in expected:
        for key, item in value.items():
            yield from _check_value(kind, expected["map"], item, f"{path}.{key}")
        return
    name = expected["object"]
    yield from _check_fields(kind, kind.objects[name], kind.object_required.get(name, ()), value, path)


def _fits(expected: str, value: Any) -> bool:
    if expected == "asset":
        return is_asset(value)
    if expected == "string":
        # Pulumi's AWS provider turns numbers and booleans into text; objects and lists it refuses.
        return isinstance(value, (str, int, float))
    if expected == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if isinstance(value, bool):
        return False
    if expected == "integer":
        return isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdigit())
    return isinstance(value, (int, float)) or _is_number(value)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _name(expected: str) -> str:
    return {"integer": "a whole number", "asset": "an asset or archive"}.get(expected, f"a {expected}")


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def coerce(kind: Schema, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with scalars in the schema's types, so that `"10"` and `10` are not a change; nulls are left out."""
    return _coerce_fields(kind, kind.inputs, inputs)


def _coerce_fields(kind: Schema, fields: dict[str, Type], value: dict[str, Any]) -> dict[str, Any]:
    return {name: _coerce(kind, fields.get(name, "any"), item) for name, item in value.items() if item is not None}


def _coerce(kind: Schema, expected: Type, value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_coerce(kind, expected, value.value))
    if value == UNKNOWN:
        return value
    if isinstance(expected, dict):
        if "list" in expected and isinstance(value, list):
            return [_coerce(kind, expected["list"], item) for item in value]
        if "map" in expected and isinstance(value, dict):
            return {key: _coerce(kind, expected["map"], item) for key, item in value.items() if item is not None}
        if "object" in expected and isinstance(value, dict):
            return _coerce_fields(kind, kind.objects[expected["object"]], value)
        return value
    if expected == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if expected == "string" and isinstance(value, (int, float)):
        return str(value)
    if expected == "boolean" and isinstance(value, str):
        return value == "true"
    if expected == "integer" and isinstance(value, str):
        return int(value)
    if expected == "number" and isinstance(value, str):
        return float(value)
    return value
