"""What a resource type is to the provider: its properties, and how AWS creates, reads, updates and deletes it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from lakelab.deploy.provider import shapes
from lakelab.deploy.provider.clients import Aws, loader
from lakelab.deploy.provider.schema import Mistake, Schema, schema
from lakelab.deploy.values import UNKNOWN

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Property:
    """How one input property behaves.

    Attributes:
        replaces: a change needs a new resource.
        default: what AWS takes when the program says nothing.
        computed: AWS chooses when the program says nothing, so what it chose is no drift.
        json: a JSON document; compared by meaning.
        unordered: a list whose order AWS does not keep.
        low, high: the range of a number, where AWS's own shape does not give one.
        choices: the values allowed, where AWS's own shape does not list them.
        local: settings of the deployment itself, which AWS never sees (`forceDestroy`).
        blind: AWS does not give it back, so its drift cannot be seen.
        custom: put in its place by the type's own code, not by name.
        filled: nested paths that AWS fills in by itself.
    """

    replaces: bool = False
    default: Any = None
    computed: bool = False
    json: bool = False
    unordered: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    local: bool = False
    blind: bool = False
    custom: bool = False
    filled: tuple[str, ...] = ()


P = Property
REGION = Property(replaces=True, computed=True, local=True)
TAGS = Property(custom=True)


class Resource:
    """One Pulumi resource type. Subclasses give the class attributes and the four operations."""

    type: ClassVar[str]
    service: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    shape: ClassVar[str | tuple[str, ...]] = ()  # request shapes, "PutBucketVersioning.VersioningConfiguration"
    renames: ClassVar[Mapping[str, str]] = {}
    name: ClassVar[str | None] = None  # the property that is named automatically
    name_start: ClassVar[str] = ""  # what AWS wants every name to begin with
    name_limit: ClassVar[int] = 255
    name_lower: ClassVar[bool] = False
    volatile: ClassVar[tuple[str, ...]] = ()  # outputs that an update may change

    # -- what the type's module writes --------------------------------------------------------------------------------

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        """The id that these inputs alone determine; None when AWS gives one out."""
        return inputs.get(self.name) if self.name else None

    def find(self, aws: Aws, inputs: Inputs) -> str | None:
        """The id of an existing resource made from exactly these inputs, for recovery after an interrupted create."""
        return self.identity(aws, inputs)

    def imported_id(self, id: str) -> str:
        """The id of a resource that an import named like this; some are named with what they belong to."""
        return id

    def create(self, aws: Aws, inputs: Inputs) -> str:
        raise NotImplementedError

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        """All properties as AWS has them, or None when the resource is gone. `inputs` is empty on import."""
        raise NotImplementedError

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        raise NotImplementedError

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        raise NotImplementedError

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        """Mistakes that neither the schema nor the shapes can see."""
        yield from ()

    def secret_outputs(self) -> tuple[str, ...]:
        """Outputs that are secret by nature."""
        return ()

    # -- helpers ------------------------------------------------------------------------------------------------------

    def client(self, aws: Aws, inputs: Inputs) -> Any:
        """The service's client, in the region that the resource names or the provider's own."""
        return aws.client(self.service, inputs.get("region"))

    @cached_property
    def schema(self) -> Schema:
        return schema(self.type)

    @cached_property
    def shapes(self) -> tuple[str, ...]:
        return (self.shape,) if isinstance(self.shape, str) else self.shape

    def request(self, shape: str, inputs: Inputs, only: set[str] | None = None) -> dict[str, Any]:
        """The request (or the part of one that `shape` names) made of all properties that have a place in it."""
        return self._build(shape, inputs, only)

    def _build(self, shape: str, inputs: Inputs, only: set[str] | None) -> dict[str, Any]:
        place = shape_of(self.service, shape)
        result: dict[str, Any] = {}
        mistakes: list[Mistake] = []
        for name, value in inputs.items():
            if value is None or (only is not None and name not in only) or not self._is_plain(name):
                continue
            member = shapes.member_of(name, place.members, self.renames)
            if member is None:
                continue
            try:
                result[member] = shapes.to_aws(value, place.members[member], self.renames, name)
            except shapes.NoPlace as error:
                mistakes += error.mistakes
        if mistakes:
            raise shapes.NoPlace(mistakes)
        return result

    def _is_plain(self, name: str) -> bool:
        known = self.properties.get(name)
        return known is not None and not known.local and not known.custom

    def outputs(self, answer: Mapping[str, Any]) -> Inputs:
        """The properties that an AWS answer holds, inputs and outputs alike."""
        kinds = {**self.schema.outputs, **self.schema.inputs}
        result = {}
        for name, kind in kinds.items():
            known = self.properties.get(name)
            if known is not None and known.custom:
                continue
            member = shapes.member_of(name, answer, self.renames)
            if member is not None and answer[member] is not None:
                result[name] = shapes.from_aws(answer[member], kind, self.schema, self.renames)
        return result

    def mistakes(self, inputs: Inputs) -> Iterator[Mistake]:
        """What is wrong with inputs that the schema accepts."""
        for name, value in inputs.items():
            if name.startswith("__") or name == "tagsAll":
                continue
            known = self.properties.get(name)
            if known is None:
                yield Mistake(name, f"the embedded engine does not know this property of {self.type}")
                continue
            yield from _check_limits(name, known, value)
        for shape in self.shapes:
            try:
                self._build(shape, inputs, None)
            except shapes.NoPlace as error:
                yield from error.mistakes
        yield from self.check(inputs)


def _check_limits(name: str, known: Property, value: Any) -> Iterator[Mistake]:
    if value is None or value == UNKNOWN:
        return
    if known.json and isinstance(value, str):
        try:
            json.loads(value)
        except ValueError as error:
            yield Mistake(name, f"is not JSON: {error}")
    if known.choices and value not in known.choices:
        yield Mistake(name, f"{value!r} is not one of {', '.join(known.choices)}")
    if isinstance(value, str) or (known.low is None and known.high is None):
        return
    low, high = -math.inf if known.low is None else known.low, math.inf if known.high is None else known.high
    if not low <= value <= high:
        bounds = f"from {low:g} to {high:g}" if known.high is not None else f"at least {low:g}"
        yield Mistake(name, f"must be {bounds}, not {value:g}")


@lru_cache(maxsize=512)
def shape_of(service: str, path: str) -> Any:
    """A request shape of botocore's service model: `CreateJob`, `UpdateJob.JobUpdate`, or a list's items."""
    operation, *members = path.split(".")
    shape = model(service).operation_model(operation).input_shape
    for member in members:
        shape = shape.members[member]
    return shape.member if shape.type_name == "list" else shape


@lru_cache(maxsize=64)
def model(service: str) -> Any:
    """botocore's model of a service."""
    from botocore.model import ServiceModel

    return ServiceModel(loader().load_service_model(service, "service-2"), service)


def automatic_name(resource: Resource, urn_name: str, seed: bytes, inputs: Inputs) -> str:
    """A name that is free: the resource's own name and seven hex digits, as Pulumi makes it."""
    digits = hashlib.sha256(seed).hexdigest()[:7]
    stem = urn_name.lower() if resource.name_lower else urn_name
    suffix = ".fifo" if inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True else ""
    room = resource.name_limit - len(resource.name_start) - len(digits) - len(suffix) - 1
    return f"{resource.name_start}{stem[:room]}-{digits}{suffix}"


def tag_changes(old: Inputs, new: Inputs) -> tuple[dict[str, str], list[str]]:
    """Tags to set and tag keys to remove."""
    before, after = old.get("tagsAll") or {}, new.get("tagsAll") or {}
    return {key: value for key, value in after.items() if before.get(key) != value}, [
        k for k in before if k not in after
    ]


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags in the list form that most services use."""
    return [{key: name, value: text} for name, text in (tags or {}).items()]


def tag_dict(tags: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags from the list form; AWS's own `aws:` tags are left out."""
    return {item[key]: item[value] for item in tags or [] if not item[key].startswith("aws:")}


def pages(
    operation: Callable[..., Any], items: str, *, more: str, sends: str | None = None, **parameters: Any
) -> Iterator[Any]:
    """All items of a listing operation that pages by a token."""
    while True:
        answer = operation(**parameters)
        yield from answer.get(items) or []
        if not answer.get(more):
            return
        parameters[sends or more] = answer[more]
