"""The end of a run: deletes what is not wanted any more, dependents first."""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lakelab.deploy import values
from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.deployment import Deployment, Failure
from lakelab.deploy.engine.events import Event, Step
from lakelab.deploy.engine.plugins import ProviderError
from lakelab.deploy.engine.state import ResourceState
from lakelab.errors import LakelabError


class Protected(LakelabError):
    """A resource that is marked `protect` would be deleted."""


def delete_unwanted(deployment: Deployment) -> None:
    """Removes what the program does not register any more, and the old halves of what was replaced.

    Raises:
        Protected: one of them is protected; nothing was deleted.
    """
    old = deployment.checkpoint.old()
    kept = [item for item in old if not item.delete and item.urn in deployment.seen]
    needed = _needed_by(kept, old)
    doomed = []
    for item in old:
        unseen = item.urn not in deployment.seen
        if item.pending_replacement and unseen:
            deployment.checkpoint.change_old(item, None)
        elif (item.delete or unseen) and deployment.is_target(item.urn):
            if id(item) in needed or (item.delete and _failed_dependents(deployment, item)):
                deployment.say(f"{urns.name_of(item.urn)} is not deleted: what failed still depends on it", "warning")
            else:
                doomed.append(item)
    delete_all(deployment, doomed)


def require_no_dependents(deployment: Deployment, doomed: list[ResourceState]) -> None:
    """
    Raises:
        Failure: something that stays depends on what would be deleted.
    """
    gone = {item.urn for item in doomed}
    for item in deployment.checkpoint.old():
        if item.urn not in gone and item.references() & gone:
            needed = urns.name_of(next(iter(item.references() & gone)))
            raise Failure(f"{urns.name_of(item.urn)} depends on {needed}; delete it as well, or first")


def _failed_dependents(deployment: Deployment, item: ResourceState) -> bool:
    """Whether something that failed still stands on the old half of a replacement."""
    others = deployment.checkpoint.old()
    return any(other.urn in deployment.failed and item.urn in other.references() for other in others)


def _needed_by(kept: Collection[ResourceState], old: Collection[ResourceState]) -> set[int]:
    """What of the old state the kept resources stand on, directly or not."""
    by_urn = {item.urn: item for item in old}
    found: set[int] = set()
    todo = list(kept)
    while todo:
        for urn in todo.pop().references():
            item = by_urn.get(urn)
            if item is not None and id(item) not in found:
                found.add(id(item))
                todo.append(item)
    return found


def delete_all(deployment: Deployment, doomed: list[ResourceState]) -> None:
    """Deletes resources, dependents first, independent ones at the same time.

    Raises:
        Protected: one of them is protected; nothing was deleted.
    """
    protected = [urns.name_of(item.urn) for item in doomed if item.protect and not item.delete]
    if protected:
        fix = "set protect=False and run up, or leave them out with --target"
        raise Protected(f"protected resources would be deleted: {', '.join(sorted(protected))}", fix=fix)
    names: dict[str, list[ResourceState]] = {}
    for item in doomed:
        names.setdefault(item.urn, []).append(item)
    # the old half of a replacement does not hold up what the new half stands on
    waiting = {id(item): 0 for item in doomed}
    for item in doomed:
        for urn in item.references():
            for needed in names.get(urn, ()):
                waiting[id(needed)] += 1
    blocked: set[int] = set()
    ready = [item for item in reversed(doomed) if waiting[id(item)] == 0]
    gone_urns = {item.urn for item in doomed if not item.delete}
    with ThreadPoolExecutor(max(1, deployment.options.parallel)) as pool:
        running: dict[Future[bool], ResourceState] = {}
        while ready or running:
            for item in ready:
                allowed = id(item) not in blocked
                running[pool.submit(_delete, deployment, item, gone_urns, allowed)] = item
            ready = []
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                item = running.pop(future)
                deleted = future.result()
                for urn in item.references():
                    for needed in names.get(urn, ()):
                        waiting[id(needed)] -= 1
                        if not deleted:
                            blocked.add(id(needed))
                        if waiting[id(needed)] == 0:
                            ready.append(needed)


def _delete(deployment: Deployment, item: ResourceState, gone: set[str], allowed: bool) -> bool:
    """Deletes one resource; whether it is gone."""
    started = time.monotonic()
    if not allowed:
        deployment.finish_step(deployment.step(item.urn, "skip", note="a dependent could not be deleted"), started)
        return False
    managed = item.custom and not item.external and not urns.is_provider(item.type)
    silent = item.delete or item.external or urns.is_provider(item.type)
    retained = item.retain_on_delete or (item.deleted_with in gone and bool(item.deleted_with))
    step = Step(item.urn, item.type, urns.name_of(item.urn), "delete", note="kept in AWS" if retained else "")
    if not silent and not deployment.options.preview:
        deployment.listener(Event("started", step))
    if deployment.options.preview:
        if not silent:
            deployment.finish_step(step, started)
        return True
    operation = None
    try:
        if managed and not retained and not item.pending_replacement:
            operation = deployment.checkpoint.begin(item, "deleting")
            deployment.provider_of(item).delete(item, deployment.folder)
    except (ProviderError, Failure, LakelabError) as error:
        deployment.checkpoint.end(operation)
        deployment.finish_step(step, started, values.hide_secrets(str(error), item.inputs, item.outputs))
        return False
    deployment.checkpoint.change_old(item, None, operation=operation)
    if not silent:
        deployment.finish_step(step, started)
    return True
