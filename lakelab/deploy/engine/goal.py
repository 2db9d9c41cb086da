"""What a program wants one resource to be: a registration as the engine uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lakelab.deploy.engine import urn as urns
from lakelab.deploy.values import Properties, from_struct

Callback = Any  # callback_pb2.Callback


@dataclass
class Goal:
    """A RegisterResource request, in Python values."""

    type: str
    name: str
    parent: str
    custom: bool
    inputs: Properties
    provider: str = ""
    protect: bool = False
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    alias_urns: tuple[str, ...] = ()
    alias_specs: tuple[Any, ...] = ()
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    replacement_trigger: Any = None
    hooks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    version: str = ""
    source_position: str = ""  # as Pulumi writes it: `project:///stacks/lake.py#12`

    @property
    def package(self) -> str:
        return self.type.split(":", 1)[0]

    @property
    def line(self) -> str:
        """Where the program registers it, for people: `stacks/lake.py:12`."""
        position = urlsplit(self.source_position)
        return f"{unquote(position.path).removeprefix('/')}:{position.fragment}" if position.fragment else ""


HOOKS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete")


def from_request(request: Any, root: Path) -> Goal:
    """The goal in a RegisterResource request.

    Args:
        root: the project's folder; the source position is given from there.
    """
    hooks = {name: tuple(getattr(request.hooks, name)) for name in HOOKS if getattr(request.hooks, name)}
    trigger = from_struct_value(request.replacement_trigger) if request.HasField("replacement_trigger") else None
    return Goal(
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        inputs={key: value for key, value in from_struct(request.object).items() if value is not None},
        provider=request.provider,
        protect=request.protect,
        dependencies=tuple(sorted(set(request.dependencies))),
        property_dependencies={
            key: tuple(sorted(set(value.urns))) for key, value in request.propertyDependencies.items() if value.urns
        },
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        alias_urns=(*request.aliasURNs, *(alias.urn for alias in request.aliases if alias.urn)),
        alias_specs=tuple(alias.spec for alias in request.aliases if alias.HasField("spec")),
        import_id=request.importId,
        retain_on_delete=request.retainOnDelete,
        deleted_with=request.deletedWith,
        replace_with=tuple(request.replace_with),
        replacement_trigger=trigger,
        hooks=hooks,
        providers=dict(request.providers),
        version=request.version,
        source_position=source_position(request, root),
    )


def from_struct_value(value: Any) -> Any:
    from google.protobuf import struct_pb2

    return from_struct(struct_pb2.Struct(fields={"value": value}))["value"]


def source_position(request: Any, root: Path) -> str:
    """The line of the program's own code that made a request, by its path from the project's folder."""
    frames = [frame.pc for frame in request.stackTrace.frames]
    if request.HasField("sourcePosition"):
        frames.insert(0, request.sourcePosition)
    for frame in frames:
        path = Path(unquote(urlsplit(frame.uri).path))
        if root in path.parents and ".venv" not in path.parts and "site-packages" not in path.parts:
            return f"project:///{quote(path.relative_to(root).as_posix())}#{frame.line}"
    return ""


def alias_urns(goal: Goal, project: str, stack: str, parent_aliases: tuple[str, ...]) -> list[str]:
    """Every URN that the resource may have had: its own aliases, combined with those of its parent.

    https://www.pulumi.com/docs/iac/concepts/resources/options/aliases/
    """
    parents = [goal.parent, *parent_aliases]
    found = [*goal.alias_urns]
    for spec in goal.alias_specs:
        name, kind = spec.name or goal.name, spec.type or goal.type
        for parent in [""] if spec.noParent else [spec.parentUrn] if spec.parentUrn else parents:
            found.append(urns.make(spec.stack or stack, spec.project or project, parent, kind, name))
    for parent in parent_aliases:
        found.append(urns.make(stack, project, parent, goal.type, _inherited_name(goal, parent)))
    return list(dict.fromkeys(found))


def _inherited_name(goal: Goal, parent_alias: str) -> str:
    """A child named after its parent (`app-queue` of `app`) was named after the parent's old name."""
    parent_name = urns.name_of(goal.parent)
    if goal.name.startswith(parent_name):
        return urns.name_of(parent_alias) + goal.name[len(parent_name) :]
    return goal.name
