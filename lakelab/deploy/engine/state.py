"""What a stack looks like in state: resources, pending operations, and their form in Pulumi's checkpoint files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.values import SECRET, SIGNATURE, Properties, Secret, number
from lakelab.errors import LakelabError

ENGINE_VERSION = "lakelab-0.1.0"  # what the manifest says of who wrote the state


class StateError(LakelabError):
    """The state of a stack cannot be read, is locked, or does not fit."""


@dataclass(frozen=True)
class ResourceState:
    """One resource as the last deployment left it (Pulumi's `apitype.ResourceV3`)."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    delete: bool = False  # replaced; the old half is still to be deleted
    protect: bool = False
    external: bool = False  # read, not managed
    pending_replacement: bool = False  # deleted, its replacement not made yet
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    replacement_trigger: Any = None
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    init_errors: tuple[str, ...] = ()
    import_id: str = ""
    source_position: str = ""
    created: str = ""
    modified: str = ""

    def references(self) -> set[str]:
        """The URNs of all that this resource stands on."""
        found = {self.parent, self.deleted_with, *self.dependencies, self.provider.rsplit("::", 1)[0]}
        for urns in self.property_dependencies.values():
            found |= set(urns)
        return found - {""}

    def renamed(self, names: dict[str, str]) -> ResourceState:
        """The same resource with other resources' new URNs in its references."""
        if not self.references() & set(names):
            return self
        provider_urn, _, provider_id = self.provider.rpartition("::")
        return replace(
            self,
            parent=names.get(self.parent, self.parent),
            deleted_with=names.get(self.deleted_with, self.deleted_with),
            dependencies=tuple(names.get(urn, urn) for urn in self.dependencies),
            property_dependencies={
                key: tuple(names.get(urn, urn) for urn in urns) for key, urns in self.property_dependencies.items()
            },
            provider=f"{names.get(provider_urn, provider_urn)}::{provider_id}" if provider_urn else self.provider,
        )

    def without(self, gone: set[str]) -> ResourceState:
        """The same resource without references to resources that are gone."""
        if not self.references() & gone:
            return self
        return replace(
            self,
            dependencies=tuple(urn for urn in self.dependencies if urn not in gone),
            property_dependencies={
                key: tuple(urn for urn in urns if urn not in gone) for key, urns in self.property_dependencies.items()
            },
            deleted_with="" if self.deleted_with in gone else self.deleted_with,
        )


@dataclass(frozen=True)
class Operation:
    """Something begun and not known to be finished: `creating`, `updating`, `deleting` or `reading`."""

    resource: ResourceState
    type: str


@dataclass(frozen=True)
class Snapshot:
    """The state of a stack."""

    resources: tuple[ResourceState, ...] = ()
    pending: tuple[Operation, ...] = ()
    written_by: str = ""

    def outputs(self) -> Properties:
        """What the program exported."""
        for resource in self.resources:
            if resource.type == "pulumi:pulumi:Stack" and not resource.delete:
                return resource.outputs
        return {}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# -- JSON -------------------------------------------------------------------------------------------------------------

_NAMES = {
    "property_dependencies": "propertyDependencies",
    "pending_replacement": "pendingReplacement",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "replace_with": "replaceWith",
    "replacement_trigger": "replacementTrigger",
    "additional_secret_outputs": "additionalSecretOutputs",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "init_errors": "initErrors",
    "import_id": "importID",
    "source_position": "sourcePosition",
}
_SECRET_KEYS = ("inputs", "outputs", "replacement_trigger")


def encode_resource(resource: ResourceState, secrets: Secrets) -> dict[str, Any]:
    """A resource as Pulumi's checkpoint has it; what is empty is left out."""
    found: dict[str, Any] = {"urn": resource.urn, "custom": resource.custom}
    for name, value in resource.__dict__.items():
        if name in found or name.startswith("_") or (not value and name != "type"):
            continue
        if name in _SECRET_KEYS:
            value = encode_value(value, secrets)
        elif isinstance(value, tuple):
            value = list(value)
        elif name == "property_dependencies":
            value = {key: list(urns) for key, urns in value.items()}
        found[_NAMES.get(name, name)] = value
    return found


def decode_resource(data: dict[str, Any], secrets: Secrets) -> ResourceState:
    """A resource from a checkpoint. Fields that the engine does not keep are left out."""
    by_json = {_NAMES.get(name, name): name for name in ResourceState.__dataclass_fields__}
    values: dict[str, Any] = {}
    for key, value in data.items():
        name = by_json.get(key)
        if name is None or value is None:
            continue
        if name in _SECRET_KEYS:
            value = decode_value(value, secrets)
        elif name == "property_dependencies":
            value = {property_name: tuple(urns or ()) for property_name, urns in value.items()}
        elif isinstance(value, list):
            value = tuple(value)
        values[name] = value
    return ResourceState(**values)


def encode_value(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, Secret):
        if value.sealed is None or value.sealed[0] is not secrets:
            text = json.dumps(encode_value(value.value, secrets), separators=(",", ":"))
            value.sealed = (secrets, secrets.encrypt(text))
        return {SIGNATURE: SECRET, "ciphertext": value.sealed[1]}
    if isinstance(value, dict):
        return {key: encode_value(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [encode_value(item, secrets) for item in value]
    return value


def decode_value(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            if "plaintext" in value:  # `pulumi stack export --show-secrets`
                return Secret(decode_value(json.loads(value["plaintext"]), secrets))
            ciphertext = value["ciphertext"]
            return Secret(decode_value(json.loads(secrets.decrypt(ciphertext)), secrets), (secrets, ciphertext))
        return {key: decode_value(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [decode_value(item, secrets) for item in value]
    return number(value) if isinstance(value, float) else value


def encode_deployment(snapshot: Snapshot, secrets: Secrets) -> dict[str, Any]:
    """A deployment as `pulumi stack export` gives it and the checkpoint file holds it."""
    resources = [encode_resource(resource, secrets) for resource in snapshot.resources]
    pending = [{"resource": encode_resource(op.resource, secrets), "type": op.type} for op in snapshot.pending]
    return {**deployment_head(secrets), "resources": resources, "pending_operations": pending}


def deployment_head(secrets: Secrets) -> dict[str, Any]:
    manifest = {
        "time": now(),
        "magic": hashlib.sha256(ENGINE_VERSION.encode()).hexdigest(),
        "version": ENGINE_VERSION,
    }
    head: dict[str, Any] = {"manifest": manifest}
    if secrets.salt:
        head["secrets_providers"] = {"type": "passphrase", "state": {"salt": secrets.salt}}
    return head


def decode_deployment(data: dict[str, Any], secrets: Secrets) -> Snapshot:
    """A snapshot from a deployment."""
    return Snapshot(
        tuple(decode_resource(resource, secrets) for resource in data.get("resources") or ()),
        tuple(
            Operation(decode_resource(op["resource"], secrets), op["type"])
            for op in data.get("pending_operations") or ()
        ),
        (data.get("manifest") or {}).get("version", ""),
    )


def salt_of(data: dict[str, Any]) -> str | None:
    """The salt that a deployment's secrets were made with."""
    provider = data.get("secrets_providers") or {}
    if provider.get("type", "passphrase") != "passphrase":
        raise StateError(
            f"the state's secrets are kept by {provider['type']}, not by a passphrase",
            fix="use the pulumi CLI for this stack, or `pulumi stack change-secrets-provider passphrase`",
        )
    return (provider.get("state") or {}).get("salt")
