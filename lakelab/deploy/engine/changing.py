"""What is done to one managed resource: kept, created, updated, or replaced in either order.

Each step notes in the state that it begins, so that a run that is cut off can find out what became of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.deployment import Deployment, Failure, Registered, secret_like, secret_outputs, state_of
from lakelab.deploy.engine.events import Change, Step
from lakelab.deploy.engine.goal import Goal
from lakelab.deploy.engine.plan import Plan, dependents_to_replace
from lakelab.deploy.engine.plugins import Provider, ProviderError
from lakelab.deploy.engine.state import ResourceState, now


def keep(deployment: Deployment, goal: Goal, urn: str, old: ResourceState, plan: Plan) -> Registered:
    """Nothing has changed."""
    started = time.monotonic()
    outputs = secret_outputs(goal, plan.inputs, old.outputs)
    state = state_of(goal, urn, old, plan.inputs, outputs, old.id)
    # where a line stands in the program is no change worth a write of its own
    deployment.checkpoint.add(state, instead_of=old, durable=False)
    deployment.finish_step(deployment.step(urn, "same"), started)
    return Registered(urn, old.id, outputs)


def create(
    deployment: Deployment,
    goal: Goal,
    urn: str,
    old: ResourceState | None,
    plan: Plan,
    provider: Provider,
    step: Step,
    *,
    keep_old: bool = False,
) -> Registered:
    """Makes a resource. With `keep_old` the old one stays in the state, to be deleted at the end."""
    started = time.monotonic()
    checkpoint = deployment.checkpoint
    if deployment.options.preview:
        outputs = {key: value for key, value in plan.inputs.items() if not key.startswith("__")}
        checkpoint.add(state_of(goal, urn, None, plan.inputs, outputs, ""), instead_of=old, durable=False)
        deployment.finish_step(step, started)
        return Registered(urn, "", outputs)
    deployment.hooks("before_create", goal, urn, plan.inputs, {})
    planned = state_of(goal, urn, None, plan.inputs, {}, "")
    operation = checkpoint.begin(planned, "creating")
    try:
        made = provider.create(urn, plan.inputs, deployment.folder)
    except ProviderError as error:
        if error.made is not None:
            half = replace(planned, id=error.made.id, outputs=error.made.outputs, init_errors=(str(error),))
            checkpoint.add(half, instead_of=None if keep_old else old, operation=operation)
        else:
            checkpoint.end(operation)
        raise
    outputs = secret_outputs(goal, plan.inputs, made.outputs)
    state = replace(planned, id=made.id, outputs=outputs, created=now(), modified=now())
    if keep_old and old is not None:
        checkpoint.change_old(old, replace(old, delete=True))
    checkpoint.add(state, instead_of=None if keep_old else old, operation=operation)
    deployment.hooks("after_create", goal, urn, plan.inputs, outputs)
    deployment.finish_step(step, started)
    return Registered(urn, made.id, outputs)


def update(
    deployment: Deployment, goal: Goal, urn: str, old: ResourceState, plan: Plan, provider: Provider
) -> Registered:
    """Changes a resource in place."""
    started = time.monotonic()
    checkpoint = deployment.checkpoint
    step = deployment.step(urn, "update", plan.changes, plan.note)
    if deployment.options.preview:
        expected = provider.update(old, plan.inputs, deployment.folder, preview=True)
        outputs = secret_outputs(goal, plan.inputs, expected)
        checkpoint.add(state_of(goal, urn, old, plan.inputs, outputs, old.id), instead_of=old, durable=False)
        deployment.finish_step(step, started)
        return Registered(urn, old.id, outputs)
    deployment.hooks("before_update", goal, urn, plan.inputs, old.outputs)
    operation = checkpoint.begin(replace(old, urn=urn), "updating")
    try:
        made = provider.update(replace(old, urn=urn), plan.inputs, deployment.folder)
    except ProviderError:
        _after_failed_update(deployment, old, urn, provider, operation)
        raise
    outputs = secret_outputs(goal, plan.inputs, made)
    state = replace(state_of(goal, urn, old, plan.inputs, outputs, old.id), modified=now())
    checkpoint.add(state, instead_of=old, operation=operation)
    deployment.hooks("after_update", goal, urn, plan.inputs, outputs)
    deployment.finish_step(step, started)
    return Registered(urn, old.id, outputs)


def _after_failed_update(
    deployment: Deployment, old: ResourceState, urn: str, provider: Provider, operation: int
) -> None:
    """An update that failed may have changed something: the state takes what is there now."""
    try:
        there = provider.read(urn, old.id, old.inputs, old.outputs, deployment.folder)
    except ProviderError:
        there = None
    if there is None:
        deployment.checkpoint.end(operation)
        return
    fresh = replace(old, inputs=there.inputs or old.inputs, outputs=secret_like(old, there.outputs))
    deployment.checkpoint.change_old(old, fresh, operation=operation)


# -- replacement ------------------------------------------------------------------------------------------------------


def replace_with_new(
    deployment: Deployment, goal: Goal, urn: str, old: ResourceState, plan: Plan, provider: Provider
) -> Registered:
    """Makes a resource anew: before the old one is deleted, or after when both would be in the same place.

    Raises:
        Failure: it is protected, or a dependent that would have to go first is.
    """
    if old.protect:
        raise Failure(f"is protected, and {_names(plan.changes) or plan.note} would replace it; unprotect it first")
    with deployment.lock:
        deployment.replaced.add(urn)
    step = deployment.step(urn, "replace", plan.changes, plan.note)
    if plan.delete_first and not old.pending_replacement:
        _delete_before(deployment, urn, old, goal)
        old = deployment.by_urn.get(old.urn, old)
        return create(deployment, goal, urn, old, plan, provider, step)
    return create(deployment, goal, urn, old, plan, provider, step, keep_old=not old.pending_replacement)


def _delete_before(deployment: Deployment, urn: str, old: ResourceState, goal: Goal) -> None:
    """Deletes a resource, and before it the dependents that cannot live without it; all are made anew later."""
    with deployment.lock:
        dependents = dependents_to_replace(old, deployment.checkpoint.old(), deployment.provider_of, deployment.folder)
        for resource in dependents:
            if resource.protect:
                raise Failure(f"its replacement would delete {urns.name_of(resource.urn)}, which is protected")
        for resource in [*dependents, old]:
            gone = replace(resource, pending_replacement=True)
            if deployment.options.preview:
                deployment.checkpoint.change_old(resource, gone)
            else:
                _delete_for_replacement(deployment, goal, urn, resource, gone)
            deployment.by_urn[resource.urn] = gone
            deployment.replaced.add(resource.urn)


def _delete_for_replacement(
    deployment: Deployment, goal: Goal, urn: str, resource: ResourceState, gone: ResourceState
) -> None:
    deployment.hooks("before_delete", goal, urn, {}, resource.outputs)
    operation = deployment.checkpoint.begin(resource, "deleting")
    try:
        if not resource.retain_on_delete:
            deployment.provider_of(resource).delete(resource, deployment.folder)
    except ProviderError:
        deployment.checkpoint.end(operation)
        raise
    deployment.checkpoint.change_old(resource, gone, operation=operation)
    deployment.hooks("after_delete", goal, urn, {}, resource.outputs)


def _names(changes: Iterable[Change]) -> str:
    return ", ".join(change.path for change in changes if change.replaces)
