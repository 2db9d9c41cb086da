"""Policy documents of the graph: which resource holds them, what kind they are, and their statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lakelab.lint.findings import LintError, Location
from lakelab.lint.graph import Graph, Resource


class Kind(StrEnum):
    """What a policy document does."""

    IDENTITY = "identity"  # grants to who it is attached to
    BOUNDARY = "boundary"  # grants nothing, limits what others grant
    RESOURCE = "resource"  # grants to the principals that it names
    TRUST = "trust"  # says who may take a role


PLACES = {
    "aws:iam/policy:Policy": ("policy", Kind.IDENTITY),
    "aws:iam/rolePolicy:RolePolicy": ("policy", Kind.IDENTITY),
    "aws:iam/userPolicy:UserPolicy": ("policy", Kind.IDENTITY),
    "aws:iam/groupPolicy:GroupPolicy": ("policy", Kind.IDENTITY),
    "aws:iam/role:Role": ("assumeRolePolicy", Kind.TRUST),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", Kind.RESOURCE),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", Kind.RESOURCE),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", Kind.RESOURCE),
    "aws:kms/key:Key": ("policy", Kind.RESOURCE),
    "aws:kinesis/resourcePolicy:ResourcePolicy": ("policy", Kind.RESOURCE),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy", Kind.RESOURCE),
    "aws:glue/resourcePolicy:ResourcePolicy": ("policy", Kind.RESOURCE),
}


@dataclass(frozen=True)
class Statement:
    """One statement. Actions and resources are always lists, principals pairs of kind and name, `("AWS", "*")`."""

    sid: str
    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    not_principals: bool = False
    condition: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False, hash=False)

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def condition_keys(self) -> set[str]:
        """The condition keys, in lower case."""
        return {key.lower() for test in self.condition.values() for key in test}

    def covers(self, action: str) -> bool:
        """Whether the statement is about an action, wildcards read as IAM reads them."""
        if self.not_actions:
            return not any(matches(action, pattern) for pattern in self.not_actions)
        return any(matches(action, pattern) for pattern in self.actions)

    def reaches(self, action: str) -> bool:
        """Whether it is about an action on resources that the action can have: nobody passes a role of a bucket."""
        service = action.split(":")[0]
        service = "iam" if service == "sts" else service  # what is taken is a role
        found = [text.split(":")[2] for text in self.resources if text.startswith("arn:") and text.count(":") > 2]
        anything = bool(self.not_resources) or len(found) < len(self.resources)
        return self.covers(action) and (anything or any(matches(service, pattern) for pattern in found))

    @property
    def everywhere(self) -> bool:
        """Whether it is about any resource of a kind: `*`, or an ARN whose name is a bare wildcard."""
        return bool(self.not_resources) or any(text == "*" or text.endswith((":*", "/*")) for text in self.resources)


@dataclass(frozen=True)
class Document:
    """A policy document and the resource whose property it is."""

    resource: Resource
    kind: Kind
    statements: tuple[Statement, ...]


def matches(action: str, pattern: str) -> bool:
    """Whether an action is meant by a pattern: any case, `*` and `?`."""
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


def documents(graph: Graph) -> Iterator[Document]:
    """All policy documents of the graph; those that only serve as permissions boundaries are of that kind.

    A document that is no JSON has no statements: cfn-lint says so.
    """
    boundaries = {text for resource in graph.resources if (text := resource.inputs.get("permissionsBoundary"))}
    attached = {text for resource in graph.resources if (text := resource.inputs.get("policyArn"))}
    for resource in graph.resources:
        if resource.type in PLACES:
            place, kind = PLACES[resource.type]
            arn = resource.outputs.get("arn")
            if kind is Kind.IDENTITY and arn in boundaries - attached:
                kind = Kind.BOUNDARY
            if found := tuple(statements(resource.inputs.get(place))):
                yield Document(resource, kind, found)
        for inline in resource.inputs.get("inlinePolicies") or []:
            yield Document(resource, Kind.IDENTITY, tuple(statements(inline.get("policy"))))
        if resource.type == "aws:lambda/permission:Permission":
            yield Document(resource, Kind.RESOURCE, (_permission(resource.inputs),))


def statements(policy: Any) -> Iterator[Statement]:
    """The statements of a policy document, given as JSON text or as data."""
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return
    if not isinstance(policy, dict):
        return
    for item in _list(policy.get("Statement")):
        yield Statement(
            sid=item.get("Sid", ""),
            effect=item.get("Effect", ""),
            actions=_list(item.get("Action")),
            not_actions=_list(item.get("NotAction")),
            resources=_list(item.get("Resource")),
            not_resources=_list(item.get("NotResource")),
            principals=tuple(_principals(item.get("Principal"))),
            not_principals="NotPrincipal" in item,
            condition=item.get("Condition") or {},
        )


def _permission(inputs: dict[str, Any]) -> Statement:
    """A Lambda permission as the statement that it adds to the function's policy."""
    keys = {"sourceArn": "aws:SourceArn", "sourceAccount": "aws:SourceAccount", "principalOrgId": "aws:PrincipalOrgID"}
    condition = {name: inputs[key] for key, name in keys.items() if inputs.get(key)}
    principal = inputs.get("principal", "")
    return Statement(
        sid=inputs.get("statementId", ""),
        effect="Allow",
        actions=_list(inputs.get("action")),
        resources=_list(inputs.get("function")),
        principals=(("Service" if ".amazonaws.com" in principal else "AWS", principal),),
        condition={"StringEquals": condition} if condition else {},
    )


def _principals(principal: Any) -> Iterator[tuple[str, str]]:
    if isinstance(principal, dict):
        for kind, names in principal.items():
            yield from ((kind, name) for name in _list(names))
    elif principal is not None:
        yield ("AWS", str(principal))


def _list(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


@cache
def _authorization() -> dict[str, Any]:
    """Which resources each IAM action can be limited to: AWS's Service Authorization Reference, as cfn-lint has it."""
    package = find_spec("cfnlint")  # found, not imported: that takes seconds
    if package is None or not package.submodule_search_locations:
        raise LintError("cfn-lint is not installed", fix="make setup")
    file = Path(package.submodule_search_locations[0]) / "data/AdditionalSpecs/Policies.json"
    return json.loads(file.read_text(encoding="utf-8"))


def can_be_limited(action: str) -> bool:
    """Whether IAM lets an action be limited to resources; one that cannot is granted on `*` or not at all."""
    service, _, name = action.lower().partition(":")
    known = _authorization().get(service, {}).get("Actions", {})
    found = [entry for key, entry in known.items() if fnmatchcase(key, name)]
    return not found or any(entry.get("Resources") for entry in found)


def statement_places(root: Path) -> dict[str, list[Location]]:
    """Where in policies/ the statements of each id stand."""
    found: dict[str, list[Location]] = {}
    for file in sorted((root / "policies").rglob("*.json")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            for sid in re.findall(r'"Sid":\s*"([^"]+)"', line):
                found.setdefault(sid, []).append(Location(file.relative_to(root).as_posix(), number))
    return found


def place_of(statement: Statement, resource: Resource, places: Mapping[str, list[Location]]) -> Location | None:
    """Where a statement stands: the only place of its id, or that in the file of the resource's name; else unknown."""
    known = places.get(statement.sid, [])
    named = [place for place in known if Path(place.file).stem == resource.name]
    return known[0] if len(known) == 1 else named[0] if len(named) == 1 else None
