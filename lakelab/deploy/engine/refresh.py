"""Puts into the state what AWS has: on `refresh`, and after a deployment that was cut off."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lakelab.deploy import values
from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.deployment import Deployment, Failure, secret_like
from lakelab.deploy.engine.events import Step
from lakelab.deploy.engine.plan import change_at
from lakelab.deploy.engine.plugins import ProviderError
from lakelab.deploy.engine.state import ResourceState, now
from lakelab.errors import LakelabError


def refresh(deployment: Deployment) -> None:
    """Reads every resource as it is, and puts that into the state. What is gone leaves it."""
    found = [
        item
        for item in deployment.checkpoint.old()
        if item.custom
        and not urns.is_provider(item.type)
        and item.type != "pulumi:pulumi:StackReference"
        and not item.delete
        and not item.pending_replacement
        and deployment.is_target(item.urn)
    ]
    gone: set[str] = set()
    with ThreadPoolExecutor(max(1, deployment.options.parallel)) as pool:
        for item, exists in zip(found, pool.map(lambda item: _refresh(deployment, item), found), strict=True):
            if not exists:
                gone.add(item.urn)
    if gone:
        deployment.checkpoint.forget(gone)


def _refresh(deployment: Deployment, item: ResourceState) -> bool:
    """Reads one resource; whether it is still there."""
    started = time.monotonic()
    try:
        provider = deployment.provider_of(item)
        there = provider.read(item.urn, item.id, item.inputs, item.outputs, deployment.folder)
        if there is None:
            step = deployment.step(item.urn, "delete", note="gone")
            deployment.checkpoint.change_old(item, None)
            deployment.finish_step(step, started)
            return False
        inputs = item.inputs if item.external or there.inputs is None else there.inputs
        found = provider.diff(item, inputs, deployment.folder)
    except (ProviderError, Failure, LakelabError) as error:
        text = values.hide_secrets(str(error), item.inputs, item.outputs)
        deployment.finish_step(Step(item.urn, item.type, urns.name_of(item.urn), "refresh"), started, text)
        return True
    changes = tuple(change_at(path, item.inputs, inputs, ()) for path in found.paths)
    outputs = secret_like(item, there.outputs)
    fresh = replace(item, inputs=inputs, outputs=outputs, init_errors=())
    if fresh != item:
        deployment.checkpoint.change_old(item, replace(fresh, modified=now()))
    step = deployment.step(item.urn, "refresh" if changes else "same", changes)
    deployment.finish_step(step, started)
    return True


def recover(deployment: Deployment) -> None:
    """Finds out what became of operations that were cut off, and puts the truth into the state."""
    pending = deployment.checkpoint.pending()
    for operation in pending:
        item = operation.resource
        name = urns.name_of(item.urn)
        try:
            if operation.type == "creating":
                _recover_create(deployment, item, name)
            else:
                _recover_change(deployment, item, name)
        except (ProviderError, Failure, LakelabError) as error:
            text = values.hide_secrets(str(error), item.inputs, item.outputs)
            raise Failure(f"{name}: its {operation.type} was interrupted, and it cannot be read now: {text}") from error
    if pending:
        deployment.checkpoint.clear_pending()
        deployment.index_old()


def _recover_create(deployment: Deployment, item: ResourceState, name: str) -> None:
    """Looks for what was made from these inputs; if it is there, it is the stack's."""
    # what was deleted to be replaced is gone; its replacement may well have the same id
    there_before = (other for other in deployment.checkpoint.old() if other.type == item.type)
    known = [other.id for other in there_before if other.id and not other.pending_replacement]
    hints = {"__known": known, "__since": item.created}
    there = deployment.provider_of(item).read(item.urn, "", {**item.inputs, **hints}, {}, deployment.folder)
    if there is None or there.id in known:
        return
    inputs = there.inputs or item.inputs
    outputs = values.keep_secrets(there.outputs, set(item.additional_secret_outputs))
    adopted = replace(item, id=there.id, inputs=inputs, outputs=outputs)
    for other in deployment.checkpoint.old():
        if other.urn == item.urn and not other.delete:
            deployment.checkpoint.change_old(other, None if other.pending_replacement else replace(other, delete=True))
    deployment.checkpoint.insert_old(adopted)
    deployment.say(f"{name}: its creation was interrupted; it exists as {there.id} and is kept", "warning", item.urn)


def _recover_change(deployment: Deployment, item: ResourceState, name: str) -> None:
    """Reads what was being updated or deleted."""
    for other in deployment.checkpoint.old():
        if other.urn == item.urn and other.id == item.id:
            there = deployment.provider_of(item).read(item.urn, item.id, item.inputs, item.outputs, deployment.folder)
            if there is None:
                deployment.checkpoint.change_old(other, None)
                deployment.say(f"{name}: its deletion was interrupted; it is gone", "warning", item.urn)
            else:
                inputs = there.inputs or other.inputs
                deployment.checkpoint.change_old(
                    other, replace(other, inputs=inputs, outputs=secret_like(other, there.outputs))
                )
