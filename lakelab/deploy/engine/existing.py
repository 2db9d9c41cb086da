"""Resources that exist already: imported under management, or read and left alone."""

from __future__ import annotations

import time
from dataclasses import replace

from lakelab.deploy import values
from lakelab.deploy.engine.deployment import Deployment, Failure, Registered, secret_outputs, state_of
from lakelab.deploy.engine.events import Step
from lakelab.deploy.engine.goal import Goal
from lakelab.deploy.engine.plan import decide
from lakelab.deploy.engine.plugins import Made, Provider
from lakelab.deploy.engine.state import ResourceState, now
from lakelab.deploy.values import UNKNOWN


def adopt(deployment: Deployment, goal: Goal, urn: str, old: ResourceState | None, provider: Provider) -> Registered:
    """Takes a resource that exists under management (`import_=`); the program must say what is there.

    Raises:
        Failure: there is no such resource, or the program describes another.
    """
    started = time.monotonic()
    step = deployment.step(urn, "import", note=f"from {goal.import_id}")
    there = provider.read(urn, goal.import_id, goal.inputs, {}, deployment.folder)
    if there is None:
        raise Failure(f"there is nothing to import with the id {goal.import_id}")
    imported = ResourceState(urn, goal.type, True, there.id, there.inputs or {}, there.outputs, provider=goal.provider)
    plan = decide(goal, urn, imported, provider, deployment.folder, replaced=set())
    if plan.changes:
        differences = ", ".join(f"{c.path} is {c.old!r} there and {c.new!r} here" for c in plan.changes)
        raise Failure(f"the program does not describe the resource to import: {differences}")
    outputs = secret_outputs(goal, plan.inputs, there.outputs)
    state = replace(state_of(goal, urn, None, plan.inputs, outputs, there.id), created=now(), modified=now())
    if old is not None:
        deployment.checkpoint.change_old(old, replace(old, delete=True))
    deployment.checkpoint.add(state, durable=True)
    deployment.finish_step(step, started)
    return Registered(urn, there.id, outputs)


def read(deployment: Deployment, goal: Goal, urn: str, id: str, old: ResourceState | None) -> Registered:
    """Reads a resource that is not managed.

    Raises:
        Failure: there is none with this id.
    """
    started = time.monotonic()
    step = Step(urn, goal.type, goal.name, "read")
    if id == UNKNOWN or values.has_unknown(goal.inputs):
        deployment.finish_step(step, started)
        return Registered(urn, unknown=True)
    with deployment.slots:
        there = deployment.provider(goal.provider).read(urn, id, {}, goal.inputs, deployment.folder)
    if there is None:
        raise Failure(f"there is no {goal.type} with the id {id}")
    _keep(deployment, goal, urn, there, old)
    deployment.finish_step(step, started)
    return Registered(urn, there.id, secret_outputs(goal, {}, there.outputs))


def keep_reference(deployment: Deployment, goal: Goal, made: Made) -> Registered:
    """Puts a StackReference into the state."""
    urn = deployment.claim(goal)
    _keep(deployment, goal, urn, made, deployment.by_urn.get(urn))
    return Registered(urn, made.id, made.outputs)


def _keep(deployment: Deployment, goal: Goal, urn: str, there: Made, old: ResourceState | None) -> None:
    """Puts a resource that was read into the state, as Pulumi does: external, so that it is never deleted."""
    outputs = secret_outputs(goal, {}, there.outputs)
    state = replace(state_of(goal, urn, old, goal.inputs, outputs, there.id), external=True)
    deployment.checkpoint.add(state, instead_of=old, durable=False)
