"""A picture of how data flow through the deployed stacks, read from their state: APIs, streams, functions, tables.

An arrow is a route, a mapping, a delivery, a notification, a right to write that a function's role has, or a table over
what was written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from lakelab import deploy
from lakelab.deploy.session import backend_of
from lakelab.errors import LakelabError
from lakelab.pipeline.deployment import Stacks
from lakelab.settings import Settings

SHAPES = {
    "HTTP API": ("([", "])"),
    "Lambda function": ("[[", "]]"),
    "Kinesis stream": ("[/", "/]"),
    "SQS queue": ("[/", "/]"),
    "S3": ("[(", ")]"),
}
PLAIN = ("[", "]")


@dataclass(frozen=True)
class Resource:
    """A deployed resource: its logical name, its id, and its outputs."""

    type: str
    name: str
    id: str
    outputs: dict[str, Any]


@dataclass
class Flow:
    """The nodes, each with its kind and name, and the arrows: start, end, label, and whether it is for what failed."""

    nodes: dict[str, tuple[str, str]] = field(default_factory=dict)
    arrows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, start: str, end: str, label: str = "", *, failed: bool = False) -> None:
        arrow = (start, end, label, failed)
        if start in self.nodes and end in self.nodes and arrow not in self.arrows:
            self.arrows.append(arrow)

    def mermaid(self) -> str:
        """https://mermaid.js.org/syntax/flowchart.html"""
        drawn = [key for key in self.nodes if any(key in arrow[:2] for arrow in self.arrows)]
        short = {key: f"n{number}" for number, key in enumerate(drawn)}
        lines = ["flowchart LR"]
        for key in drawn:
            kind, name = self.nodes[key]
            left, right = SHAPES.get(kind, PLAIN)
            lines.append(f'    {short[key]}{left}"{kind}<br/><b>{name}</b>"{right}')
        for start, end, label, failed in self.arrows:
            line = "-.->" if failed else "-->"
            lines.append(f"    {short[start]} {line}{f'|{label}|' if label else ''} {short[end]}")
        return "\n".join(lines) + "\n"


def draw(config: Settings, target: str = "local") -> str:
    """The picture of all deployed stacks of a target, as Mermaid text.

    Raises:
        LakelabError: nothing that data flow through is deployed.
    """
    flow = flow_of(list(_deployed(config, target)))
    if not flow.arrows:
        raise LakelabError("no stack is deployed that data flow through", fix="make up-local STACK=stream")
    return flow.mermaid()


def _deployed(config: Settings, target: str) -> Iterator[Resource]:
    project = deploy.Project.load(config.root)
    environment = {**os.environ, "PULUMI_BACKEND_URL": f"file://{config.deployed / 'pulumi'}"}
    for layer in Stacks(config, target).needs:
        yield from resources_of(project, f"{layer}-{target}", environment)


def resources_of(project: deploy.Project, stack: str, environment: Mapping[str, str]) -> Iterator[Resource]:
    """The resources of a stack, read from its state; none when it is not deployed."""
    backend = backend_of(project, environment)
    if backend.read(project.name, stack) is None:
        return
    passphrase = environment.get("PULUMI_CONFIG_PASSPHRASE", "")
    snapshot, _ = backend.load(project.name, stack, passphrase, project.encryption_salt(stack))
    for found in snapshot.resources:
        if found.custom and not found.delete:
            yield Resource(found.type, found.urn.rpartition("::")[2], found.id or "", found.outputs)


def flow_of(resources: list[Resource]) -> Flow:
    """The flow of data through resources, whatever order they come in."""
    flow = Flow()
    of_type = _by_type(resources)
    buckets = {found.outputs["bucket"]: found.name for found in of_type("aws:s3/bucket:Bucket")}

    def zone(bucket: str, prefix: str) -> str:
        key = f"s3://{bucket}/{prefix}"
        flow.nodes.setdefault(key, ("S3", f"{buckets.get(bucket, bucket)}: {prefix}"))
        return key

    for kind, type_, key in (
        ("HTTP API", "aws:apigatewayv2/api:Api", "id"),
        ("Lambda function", "aws:lambda/function:Function", "arn"),
        ("Kinesis stream", "aws:kinesis/stream:Stream", "arn"),
        ("Firehose", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "arn"),
        ("SQS queue", "aws:sqs/queue:Queue", "arn"),
    ):
        for found in of_type(type_):
            flow.nodes[found.id if key == "id" else found.outputs[key]] = (kind, found.name)
    _draw_requests(flow, of_type)
    _draw_notifications(flow, of_type, zone)
    _draw_rights(flow, of_type, zone)
    _draw_mappings(flow, of_type)
    _draw_deliveries(flow, of_type, zone)
    _draw_tables(flow, of_type)
    return flow


OfType = Callable[[str], list[Resource]]
Zone = Callable[[str, str], str]


def _by_type(resources: Iterable[Resource]) -> OfType:
    ordered = sorted(resources, key=lambda found: (found.type, found.name))
    return lambda wanted: [found for found in ordered if found.type == wanted]


def _draw_requests(flow: Flow, of_type: OfType) -> None:
    integrations = {
        f"integrations/{found.id}": found.outputs["integrationUri"]
        for found in of_type("aws:apigatewayv2/integration:Integration")
    }
    for route in of_type("aws:apigatewayv2/route:Route"):
        flow.add(route.outputs["apiId"], integrations.get(route.outputs["target"], ""), route.outputs["routeKey"])


def _draw_notifications(flow: Flow, of_type: OfType, zone: Zone) -> None:
    for found in of_type("aws:s3/bucketNotification:BucketNotification"):
        for rule in found.outputs.get("lambdaFunctions") or ():
            start = zone(found.outputs["bucket"], rule.get("filterPrefix") or "")
            flow.add(start, rule["lambdaFunctionArn"], "object created")


def _draw_rights(flow: Flow, of_type: OfType, zone: Zone) -> None:
    """What a function may write is where its data go."""
    policies: dict[str, list[dict[str, Any]]] = {}
    for found in of_type("aws:iam/rolePolicy:RolePolicy"):
        policies.setdefault(found.outputs["role"], []).append(json.loads(found.outputs["policy"]))
    for function in of_type("aws:lambda/function:Function"):
        arn, role = function.outputs["arn"], function.outputs["role"].rpartition("/")[2]
        for resource in _allowed(policies.get(role, ()), "kinesis:PutRecord"):
            flow.add(arn, resource, "records")
        for resource in _allowed(policies.get(role, ()), "s3:PutObject"):
            bucket, _, prefix = resource.rpartition(":")[2].partition("/")
            flow.add(arn, zone(bucket, prefix.rstrip("*")), "objects")


def _allowed(policies: Iterable[dict[str, Any]], action: str) -> list[str]:
    """The resources on which policies allow an action."""
    found = []
    for statement in (statement for policy in policies for statement in policy["Statement"]):
        patterns = _listed(statement.get("Action", ()))
        if statement["Effect"] == "Allow" and any(fnmatchcase(action, pattern) for pattern in patterns):
            found += _listed(statement["Resource"])
    return found


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _draw_mappings(flow: Flow, of_type: OfType) -> None:
    for found in of_type("aws:lambda/eventSourceMapping:EventSourceMapping"):
        told = found.outputs
        flow.add(told["eventSourceArn"], told["functionArn"], f"batches of {told['batchSize']}")
        on_failure = (told.get("destinationConfig") or {}).get("onFailure") or {}
        flow.add(told["functionArn"], on_failure.get("destinationArn", ""), "on failure", failed=True)


def _draw_deliveries(flow: Flow, of_type: OfType, zone: Zone) -> None:
    for found in of_type("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"):
        arn = found.outputs["arn"]
        source = found.outputs.get("kinesisSourceConfiguration") or {}
        flow.add(source.get("kinesisStreamArn", ""), arn)
        target = found.outputs["extendedS3Configuration"]
        bucket = target["bucketArn"].rpartition(":")[2]
        label = f"every {target['bufferingInterval']} s, {target['compressionFormat']}"
        flow.add(arn, zone(bucket, _before_expressions(target.get("prefix") or "")), label)
        errors = target.get("errorOutputPrefix")
        if errors:
            flow.add(arn, zone(bucket, _before_expressions(errors)), "on failure", failed=True)


def _before_expressions(prefix: str) -> str:
    return prefix.partition("!{")[0].rpartition("/")[0] + "/"


def _draw_tables(flow: Flow, of_type: OfType) -> None:
    workgroups = of_type("aws:athena/workgroup:Workgroup")
    if workgroups:
        flow.nodes["athena"] = ("Athena", ", ".join(found.name for found in workgroups))
    for found in of_type("aws:glue/catalogTable:CatalogTable"):
        location = found.outputs["storageDescriptor"]["location"]
        if location in flow.nodes:
            flow.nodes[found.id] = ("Glue table", found.outputs["name"])
            flow.add(location, found.id)
            flow.add(found.id, "athena")
