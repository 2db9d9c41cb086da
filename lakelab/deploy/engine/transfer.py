"""Export and import of a stack's state, in the form of `pulumi stack export`."""

from __future__ import annotations

import json
import os
from typing import Any

from lakelab.deploy.engine.backend import SCHEMA_VERSION, Backend
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import Snapshot, StateError, decode_deployment, salt_of
from lakelab.deploy.project import Project
from lakelab.deploy.values import SECRET, SIGNATURE


def export_deployment(backend: Backend, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
    """The state as data; secrets stay encrypted unless they are asked for in clear.

    Raises:
        StateError: the stack was never deployed.
    """
    data = backend.read(project.name, stack)
    if data is None:
        raise StateError(f"the stack {stack} was never deployed", fix=f"lakelab deploy up -s {stack}")
    if show_secrets:
        secrets = Secrets(os.environ.get("PULUMI_CONFIG_PASSPHRASE", ""), salt_of(data))
        data = _reveal(data, secrets)
    return {"version": SCHEMA_VERSION, "deployment": data}


def shape_of(exported: dict[str, Any]) -> Snapshot:
    """The resources of an exported state without their properties, so that no secret has to be opened."""
    hidden = ("inputs", "outputs", "replacementTrigger")
    resources = [
        {key: value for key, value in resource.items() if key not in hidden}
        for resource in exported["deployment"].get("resources") or ()
    ]
    return decode_deployment({"resources": resources}, Secrets(""))


def _reveal(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET and "ciphertext" in value:
            return {SIGNATURE: SECRET, "plaintext": secrets.decrypt(value["ciphertext"])}
        return {key: _reveal(item, secrets) for key, item in value.items()}
    return [_reveal(item, secrets) for item in value] if isinstance(value, list) else value


def import_deployment(backend: Backend, project: Project, stack: str, text: str) -> int:
    """Makes an exported state the state of a stack; how many resources it has.

    Raises:
        StateError: the text is no export, or is of another stack or project.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise StateError(f"not an exported state: {error}") from error
    if not isinstance(document, dict) or document.get("version") != SCHEMA_VERSION or "deployment" not in document:
        raise StateError(f"not an exported state of version {SCHEMA_VERSION}", fix="use the output of `export`")
    data = document["deployment"]
    here = f"urn:pulumi:{stack}::{project.name}::"
    for resource in data.get("resources") or []:
        if not resource["urn"].startswith(here):
            raise StateError(f"{resource['urn']} belongs to another stack, not to {project.name}/{stack}")
    secrets = Secrets(os.environ.get("PULUMI_CONFIG_PASSPHRASE", ""), salt_of(data) or project.encryption_salt(stack))
    snapshot = decode_deployment(data, secrets)
    with backend.lock(project.name, stack):
        backend.save(project.name, stack, snapshot, secrets)
    return len(snapshot.resources)
