"""The resource graph of deployed stacks: resources with resolved values, places in the program, and references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lakelab.deploy.values import ARCHIVE, ASSET, SECRET, SIGNATURE
from lakelab.lint.findings import Finding, LintError, Location

SECRET_TEXT = "[secret]"  # noqa: S105  # what stands for a secret value; its clear text never leaves the state
STACK_TYPE = "pulumi:pulumi:Stack"
IDENTITIES = ("arn", "id", "bucket", "name", "url")


@dataclass(frozen=True)
class Resource:
    """One resource of a stack's state.

    Attributes:
        type: Pulumi's type token, `aws:s3/bucket:Bucket`.
        inputs: what the program asked for, resolved; secrets and assets are replaced by texts.
        location: the call in the program that made it.
        depends: for each input property the URNs that its value came from.
    """

    urn: str
    type: str
    name: str
    stack: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    location: Location
    parent: str = ""
    depends: dict[str, list[str]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """`<type>::<name>`, the same for every target that the stack is deployed to."""
        return f"{self.type}::{self.name}"

    @property
    def identities(self) -> set[str]:
        """The values by which other resources refer to this one."""
        return {value for key in IDENTITIES if isinstance(value := self.outputs.get(key), str) and value}


class Graph:
    """The resources of one or more stacks.

    Args:
        resources: in the order of the state.
    """

    def __init__(self, resources: Iterable[Resource]):
        self.all = tuple(resources)
        self._by_urn = {resource.urn: resource for resource in self.all}

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """What is deployed to AWS: no components, providers, stacks."""
        return tuple(resource for resource in self.all if resource.type.startswith("aws:"))

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these type tokens."""
        return (resource for resource in self.resources if resource.type in types)

    def trail(self, resource: Resource) -> tuple[Location, ...]:
        """Where the components around a resource were made, innermost first."""
        found = []
        parent = self._by_urn.get(resource.parent)
        while parent is not None and parent.type != STACK_TYPE:
            found.append(parent.location)
            parent = self._by_urn.get(parent.parent)
        return tuple(location for location in found if location.line)

    def finding(self, resource: Resource, **values: Any) -> Finding:
        """A finding about a resource, at its place in the program."""
        related = (*self.trail(resource), *values.pop("related", ()))
        return Finding(
            resource=resource.label, stack=resource.stack, location=resource.location, related=related, **values
        )

    @cached_property
    def _by_identity(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            for value in resource.identities:
                found.setdefault(value, []).append(resource)
        return found

    def target(self, resource: Resource, name: str, value: Any, keys: tuple[str, ...] = ()) -> Resource | None:
        """The resource that a value stands for.

        State keeps resolved values; what a value refers to is told by what the property depends on, by an ARN, which is
        never ambiguous, or by a key that names the type: `role`, `bucket`, `queueUrl`.

        Args:
            name: the top-level property that the value is in.
            value: the value.
            keys: the keys that lead to the value, the property included.
        """
        found = self._by_identity.get(value, []) if isinstance(value, str) else []
        # names are unique in an account and a region; state of several targets has some of them twice
        found = sorted((item for item in found if item is not resource), key=lambda item: item.stack != resource.stack)
        depends = set(resource.depends.get(name, ()))
        for item in found:
            if item.urn in depends or (value.startswith("arn:") and item.outputs.get("arn") == value):
                return item
        key = (keys[-1] if keys else name).lower()
        return next((item for item in found if _leaf(item.type) in key), None)


def _leaf(token: str) -> str:
    return token.rsplit(":", 1)[-1].lower()


def load(files: Iterable[Path], root: Path) -> Graph:
    """The graph of these state files: checkpoints of a backend folder, or what `pulumi stack export` writes.

    Args:
        root: the project's root; source positions become relative to it.

    Raises:
        LintError: a file is no state of version 3, or there is no AWS resource in any of them.
    """
    resources = [resource for file in files for resource in read(_document(file), root, str(file))]
    graph = Graph(resources)
    if not graph.resources:
        raise LintError("the state has no AWS resource in it", fix="deploy the stacks first: make up-local")
    return graph


def _document(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LintError(f"{file}: cannot be read as state: {error}") from error


def read(document: Any, root: Path, source: str = "state") -> Iterator[Resource]:
    """The resources of one state document.

    Raises:
        LintError: the document is no deployment of version 3.
    """
    if not isinstance(document, dict) or document.get("version") != 3:
        raise LintError(f"{source}: not a Pulumi deployment of version 3")
    latest = document.get("deployment") or (document.get("checkpoint") or {}).get("latest") or {}
    for item in latest.get("resources") or ():
        if item.get("delete") or item.get("external"):
            continue
        urn = item["urn"]
        yield Resource(
            urn=urn,
            type=item["type"],
            name=urn.split("::", 3)[3],
            stack=urn.split("::")[0].removeprefix("urn:pulumi:"),
            inputs={key: plain(value) for key, value in (item.get("inputs") or {}).items() if not key.startswith("__")},
            outputs={"id": item.get("id", "")} | {k: plain(v) for k, v in (item.get("outputs") or {}).items()},
            location=position(item.get("sourcePosition", ""), root),
            parent=item.get("parent", ""),
            depends=item.get("propertyDependencies") or {},
        )


def plain(value: Any) -> Any:
    """A property value as JSON data: SECRET_TEXT for a secret, the path for an asset."""
    if isinstance(value, dict):
        sign = value.get(SIGNATURE)
        if sign == SECRET:
            return SECRET_TEXT
        if sign in (ASSET, ARCHIVE):
            return value.get("path") or value.get("uri") or value.get("hash", "")
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def position(uri: str, root: Path) -> Location:
    """A source position, `project:///stacks/lake.py#12,5` or `file:///...`, as a place in the project.

    That is Pulumi's form; the embedded engine writes `stacks/lake.py:12`.
    https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go (ResourceV3.SourcePosition)
    """
    if "://" not in uri:
        path, _, number = uri.rpartition(":")
        return Location(path or "Pulumi.yaml", int(number) if path and number.isdigit() else 0)
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.scheme == "file":
        file = Path(path)
        path = str(file.relative_to(root)) if file.is_relative_to(root) else path
    else:
        path = path.lstrip("/")
    numbers = [int(text) for text in re.findall(r"\d+", parts.fragment)]
    line, column = (*numbers, 0, 0)[:2]
    return Location(path or "Pulumi.yaml", line, column)
