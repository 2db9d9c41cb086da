"""The graph as a Terraform plan in JSON, the form in which checkov has the most checks.

pulumi-aws is built from the Terraform AWS provider, so its names follow the provider's by rule:
`aws:s3/bucketVersioning` is `aws_s3_bucket_versioning`, `camelCase` is `snake_case`, an object is a block, a block is a
list of one. What breaks the rule is in the tables below.
The format: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lakelab.deploy.provider.schema import Schema, schema
from lakelab.lint.graph import Graph, Resource

TYPES = {
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
    "aws:s3/bucketObject:BucketObject": "aws_s3_object",
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:ec2transitgateway/transitGateway:TransitGateway": "aws_ec2_transit_gateway",
}
NAMES = {
    ("aws:lambda/function:Function", "name"): "function_name",
    ("aws:lambda/permission:Permission", "function"): "function_name",
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "name"): "alarm_name",
    ("aws:sns/topicSubscription:TopicSubscription", "topic"): "topic_arn",
}
MODULES = {"ec2": "", "lb": "", "alb": ""}  # `aws:ec2/vpc` is `aws_vpc`
PLURAL_BLOCKS = {"columns", "partition_keys", "sort_columns"}
MAPS = {"tags", "tagsAll", "variables", "parameters"}
# JSON documents and names never refer to another resource as a whole; their values are what rules look at
NEVER_REFERENCES = {"policy", "assumeRolePolicy", "name", "tags"}


def render(graph: Graph) -> tuple[dict[str, Any], dict[str, Resource]]:
    """The plan that would create all resources of the graph, and the resource of each address in it.

    A value that stands for another resource becomes a reference in `configuration`, and is left out of the values, as
    Terraform does with what is known only after apply: checkov joins resources by these references.
    """
    names = addresses(graph)
    by_address = {names[resource.urn]: resource for resource in graph.resources}
    planned, changes, configuration = [], [], []
    for address, resource in by_address.items():
        kind, name = address.split(".")
        head = {"address": address, "mode": "managed", "type": kind, "name": name}
        values, expressions = _Values(graph, resource, names).render()
        planned.append({**head, "provider_name": "aws", "values": values})
        changes.append(
            {**head, "change": {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}}
        )
        configuration.append({**head, "provider_config_key": "aws", "expressions": expressions})
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {}}},
            "root_module": {"resources": configuration},
        },
    }
    return plan, by_address


def addresses(graph: Graph) -> dict[str, str]:
    """The Terraform address of each resource by its URN: type, stack and name, numbered where two are alike."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for resource in graph.resources:
        stem = f"{terraform_type(resource.type)}.{_slug(f'{resource.stack}_{resource.name}')}"
        address, number = stem, 2
        while address in taken:
            address, number = f"{stem}_{number}", number + 1
        taken.add(address)
        found[resource.urn] = address
    return found


def terraform_type(token: str) -> str:
    """The Terraform resource type of a Pulumi type token."""
    if token in TYPES:
        return TYPES[token]
    module, _, leaf = token.split(":")[1].partition("/")
    prefix = MODULES.get(module, f"{module}_")
    return f"aws_{prefix}{snake(leaf)}"


def snake(name: str) -> str:
    """`camelCase` as `camel_case`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def singular(name: str) -> str:
    """The name of one block of a list: `transitions` is `transition`, `policies` is `policy`."""
    if name in PLURAL_BLOCKS or name.endswith("ss"):
        return name
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s")


def _slug(text: str) -> str:
    return re.sub(r"\W", "_", text)


class _Values:
    """One resource's values and expressions."""

    def __init__(self, graph: Graph, resource: Resource, names: Mapping[str, str]):
        self._graph = graph
        self._resource = resource
        self._names = names
        try:
            self._schema: Schema | None = schema(resource.type)
        except KeyError:
            self._schema = None

    def render(self) -> tuple[dict[str, Any], dict[str, Any]]:
        kinds = self._schema.inputs if self._schema else {}
        return self._block(self._resource.inputs, kinds, ())

    def _block(self, inputs: Mapping[str, Any], kinds: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[dict, dict]:
        values: dict[str, Any] = {}
        expressions: dict[str, Any] = {}
        for name, value in inputs.items():
            if value is None:
                continue
            key = snake(name) if keys else NAMES.get((self._resource.type, name), snake(name))
            kind = kinds.get(name)
            path = (*keys, name)
            blocks = self._blocks(value, kind)
            if blocks is not None:
                inner = [self._block(block, fields, path) for block, fields in blocks]
                key = singular(key) if isinstance(value, list) else key
                values[key] = [block for block, _ in inner]
                if any(found for _, found in inner):
                    expressions[key] = [found for _, found in inner]
                continue
            target = self._target(path, value)
            if target is None:
                values[key] = value
            else:
                address = self._names[target.urn]
                expressions[key] = {"references": [f"{address}.id", address]}
        return values, expressions

    def _blocks(self, value: Any, kind: Any) -> list[tuple[dict[str, Any], Mapping[str, Any]]] | None:
        """The blocks that a value is, each with the kinds of its fields; None when it is a plain value or a map."""
        if isinstance(kind, dict) and "map" in kind:
            return None
        if isinstance(value, dict):
            return [(value, self._fields(kind))]
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            inner = kind.get("list") if isinstance(kind, dict) else None
            return [(item, self._fields(inner)) for item in value]
        return None

    def _fields(self, kind: Any) -> Mapping[str, Any]:
        known = self._schema.fields(kind) if self._schema and kind is not None else None
        return known or {name: {"map": "string"} for name in MAPS}

    def _target(self, path: tuple[str, ...], value: Any) -> Resource | None:
        if path[0] in NEVER_REFERENCES or path[-1] in NEVER_REFERENCES:
            return None
        target = self._graph.target(self._resource, path[0], value, path)
        return target if target is not None and target.urn in self._names else None
