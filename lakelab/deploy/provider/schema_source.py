"""Writes schema.json from the installed pulumi-aws: `python -m lakelab.deploy.provider.schema_source`.

Only for building: it imports the SDK of every service that the provider knows.
"""

from __future__ import annotations

import collections.abc
import enum
import importlib
import json
import sys
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi import _types
from pulumi_aws import _utilities

from lakelab.deploy.provider.schema import FILE, Type
from lakelab.deploy.provider.services import all_types


def generate(known: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The schema of these types.

    Args:
        known: for each type token the properties that our provider has; of others only the name is kept.
    """
    types = {token: _describe(_resource(token), set(names)) for token, names in sorted(known.items())}
    return {"version": _utilities.get_version(), "types": types}


def text(document: dict[str, Any]) -> str:
    """The document as the file has it: a line a type, so that a change shows in a diff."""
    lines = [f"{json.dumps(token)}: {json.dumps(kind, sort_keys=True)}" for token, kind in document["types"].items()]
    return '{"version": ' + json.dumps(document["version"]) + ', "types": {\n' + ",\n".join(lines) + "\n}}\n"


def current() -> dict[str, Any]:
    """The schema of all types that the services know."""
    return generate({token: kind.properties for token, kind in all_types().items()})


def _resource(token: str) -> type:
    """The SDK's class of a type token."""
    module_path, name = token.split(":")[1:]
    module_name = module_path.split("/")[0]
    python_name = {"lambda": "lambda_"}.get(module_name, module_name)
    found = getattr(importlib.import_module(f"pulumi_aws.{python_name}"), name)
    if not issubclass(found, pulumi.CustomResource):
        raise TypeError(f"{token} is no resource")
    return found


def _arguments(resource: type) -> type:
    """`<Name>InitArgs` where `<Name>Args` is taken by a property of another resource, else `<Name>Args`."""
    module = sys.modules[resource.__module__]
    return getattr(module, f"{resource.__name__}InitArgs", None) or getattr(module, f"{resource.__name__}Args")


def _describe(resource: type, known: set[str]) -> dict[str, Any]:
    objects: dict[str, dict[str, Type]] = {}
    required: dict[str, list[str]] = {}
    arguments = _arguments(resource)
    hints = _types.input_type_types(arguments)
    inputs = {name: _type(hint, objects, required) if name in known else "any" for name, hint in hints.items()}
    outputs = {name: _type(hint, {}, {}) for name, hint in _types.resource_types(resource).items()}
    return {
        "inputs": inputs,
        "required": sorted(_types._required_property_names(arguments)),
        "outputs": {name: _outline(kind) for name, kind in outputs.items() if name not in inputs},
        "objects": objects,
        "objectRequired": {name: names for name, names in required.items() if names},
    }


def _outline(kind: Type) -> Type:
    """An output's type without its insides: nothing is checked there."""
    return "any" if isinstance(kind, dict) else kind


def _type(hint: Any, objects: dict[str, dict[str, Type]], required: dict[str, list[str]]) -> Type:
    origin = typing.get_origin(hint)
    if origin is typing.Union:
        kinds = [_type(option, objects, required) for option in typing.get_args(hint) if not _is_plumbing(option)]
        unique = [kind for index, kind in enumerate(kinds) if kind not in kinds[:index]]
        return unique[0] if len(unique) == 1 else "any"
    if origin in (list, collections.abc.Sequence):
        return {"list": _type(typing.get_args(hint)[0], objects, required)}
    if origin in (dict, collections.abc.Mapping):
        return {"map": _type(typing.get_args(hint)[1], objects, required)}
    if not isinstance(hint, type):
        return "any"
    if _types.is_input_type(hint):
        return {"object": _object(hint, objects, required)}
    if _types.is_output_type(hint):
        return {"object": hint.__name__}
    return _scalar(hint)


def _scalar(hint: type) -> Type:
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if hint in names:
        return names[hint]
    if issubclass(hint, (pulumi.Asset, pulumi.Archive)):
        return "asset"
    return "string" if issubclass(hint, (enum.Enum, str)) else "any"


def _object(hint: type, objects: dict[str, dict[str, Type]], required: dict[str, list[str]]) -> str:
    name = hint.__name__.removesuffix("Args")
    if name not in objects:
        objects[name] = {}
        required[name] = sorted(_types._required_property_names(hint))
        for key, inner in _types.input_type_types(hint).items():
            objects[name][key] = _type(inner, objects, required)
    return name


def _is_plumbing(option: Any) -> bool:
    """What an `Input` is besides its value: an awaitable, an output, the TypedDict form of an object."""
    origin = typing.get_origin(option)
    return (
        option is type(None)
        or option is pulumi.Output
        or origin is pulumi.Output
        or origin in (collections.abc.Awaitable, collections.abc.Coroutine)
        or isinstance(option, typing.ForwardRef)
        or typing.is_typeddict(option)
    )


if __name__ == "__main__":
    FILE.write_text(text(current()), encoding="utf-8")
