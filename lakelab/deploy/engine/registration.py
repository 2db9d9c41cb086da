"""Takes the program's registrations: finds out what each resource needs, and has it done.

Registrations come at the same time for resources that do not depend on each other, each on a thread of its own; so
steps of independent resources run in parallel, up to a limit. Every step is in the state before its dependents hear of
it. A resource that fails stops those that depend on it and nobody else.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from lakelab.deploy import values
from lakelab.deploy.assets import with_hashes
from lakelab.deploy.engine import changing, existing
from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.deployment import Deployment, Failure, Registered, state_of
from lakelab.deploy.engine.events import Op, Step
from lakelab.deploy.engine.goal import Goal, alias_urns
from lakelab.deploy.engine.plan import Refused, decide
from lakelab.deploy.engine.plugins import ProviderError
from lakelab.deploy.engine.state import ResourceState, now
from lakelab.deploy.values import Properties
from lakelab.errors import LakelabError


def register(deployment: Deployment, goal: Goal) -> Registered:
    """Brings one resource to what the program wants. What goes wrong is a failed step, not an exception.

    Raises:
        Failure: the program registers the same URN twice.
    """
    with deployment.lock:
        urn = deployment.claim(goal)
        old = _old_state(deployment, goal, urn)
    if goal.type == urns.STACK_TYPE:
        deployment.stack_urn = urn
    blocked = _blocked_by(deployment, goal)
    if blocked and goal.custom:
        return _skip(deployment, urn, f"{urns.name_of(blocked)} failed")
    lack = deployment.options.lacks.reason(goal.type)
    if lack and deployment.options.partial:
        return _skip(deployment, urn, lack)
    if urns.is_provider(goal.type):
        return _guarded(deployment, goal, urn, lambda: _register_provider(deployment, goal, urn, old))
    if not goal.custom:
        return _register_component(deployment, goal, urn, old)
    return _guarded(deployment, goal, urn, lambda: _register_custom(deployment, goal, urn, old))


def read(deployment: Deployment, goal: Goal, id: str) -> Registered:
    """A resource that exists and is not managed: `Bucket.get(...)`."""
    urn = deployment.claim(goal)
    old = deployment.by_urn.get(urn)
    goal.provider = goal.provider or deployment.default_provider(goal.package, goal.version)
    return _guarded(deployment, goal, urn, lambda: existing.read(deployment, goal, urn, id, old))


def register_outputs(deployment: Deployment, urn: str, outputs: Properties) -> None:
    """Keeps what a component, or the stack, exports.

    Raises:
        Failure: the component was not registered.
    """
    known = outputs if deployment.options.preview else values.drop_unknown(outputs)
    state = deployment.checkpoint.new(urn)
    if state is None:
        raise Failure(f"{urn} was not registered")
    if urn == deployment.stack_urn:
        if deployment.failed:  # what failed resources would have given keeps its old value
            known = {**{key: value for key, value in state.outputs.items() if key in outputs}, **known}
        deployment.outputs = known
    if state.outputs != known:
        deployment.checkpoint.add(replace(state, outputs=known, modified=now()), durable=False)


def _old_state(deployment: Deployment, goal: Goal, urn: str) -> ResourceState | None:
    """The resource's state under its URN or one of its aliases; what referred to the alias follows."""
    inherited = deployment.aliases.get(goal.parent, ())
    aliases = alias_urns(goal, deployment.project.name, deployment.stack, inherited)
    deployment.aliases[urn] = tuple(aliases)
    if urn in deployment.by_urn:
        return deployment.by_urn[urn]
    for alias in aliases:
        if alias in deployment.by_urn and alias not in deployment.seen:
            old = deployment.by_urn[alias]
            deployment.seen.add(alias)
            deployment.checkpoint.rename({alias: urn})
            deployment.index_old()
            return deployment.by_urn.get(alias, old)
    return None


def _blocked_by(deployment: Deployment, goal: Goal) -> str | None:
    needed = {goal.parent, *goal.dependencies, goal.provider.rpartition("::")[0]}
    for dependencies in goal.property_dependencies.values():
        needed |= set(dependencies)
    return next(iter(sorted(needed & deployment.failed)), None)


def _skip(deployment: Deployment, urn: str, reason: str) -> Registered:
    with deployment.lock:
        deployment.failed.add(urn)
    deployment.finish_step(deployment.step(urn, "skip", note=reason), time.monotonic())
    return Registered(urn, failed=True)


def _guarded(deployment: Deployment, goal: Goal, urn: str, work: Callable[[], Registered]) -> Registered:
    """Does the work of a registration; an error becomes a failed step that names the line of the program."""
    started = time.monotonic()
    try:
        return work()
    except (Refused, Failure, ProviderError, LakelabError, ValueError) as error:
        with deployment.lock:
            deployment.failed.add(urn)
        where = f" ({goal.line})" if goal.line else ""
        old = deployment.by_urn.get(urn)
        step = Step(urn, goal.type, goal.name, "create" if old is None else "update")
        text = values.hide_secrets(str(error), goal.inputs, old.inputs if old else {}, old.outputs if old else {})
        deployment.finish_step(step, started, f"{text}{where}")
        return Registered(urn, failed=True)


def _register_component(deployment: Deployment, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
    started = time.monotonic()
    state = state_of(goal, urn, old, goal.inputs, {}, "")
    if old is not None:
        state = replace(state, outputs=old.outputs, created=old.created, modified=old.modified)
    deployment.checkpoint.add(state, instead_of=old, durable=False)
    deployment.finish_step(deployment.step(urn, "create" if old is None else "same"), started)
    return Registered(urn, outputs={})


def _register_provider(deployment: Deployment, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
    started = time.monotonic()
    package = goal.type.removeprefix(urns.PROVIDER_PREFIX)
    inputs = {key: value for key, value in goal.inputs.items() if value is not None}
    provider = deployment.plugins.provider(package, {k: v for k, v in inputs.items() if k != "version"}, urn)
    mistakes = provider.check_config(inputs)
    if mistakes:
        raise Refused("\n".join(f"{path}: {reason}" for path, reason in mistakes))
    id = old.id if old else str(uuid.uuid4())
    op: Op = "create" if old is None else "same" if old.inputs == inputs else "update"
    step = deployment.step(urn, op)
    state = state_of(goal, urn, old, inputs, inputs, id)
    deployment.checkpoint.add(state, instead_of=old, durable=op != "same")
    deployment.finish_step(step, started)
    return Registered(urn, id, inputs)


def _register_custom(deployment: Deployment, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
    lack = deployment.options.lacks.reason(goal.type)
    if lack:
        raise Failure(f"{lack} (--partial deploys the rest)")
    goal.provider = goal.provider or deployment.default_provider(goal.package, goal.version)
    if not deployment.is_target(urn):
        return _untargeted(deployment, goal, urn, old)
    _require_targets_of(deployment, goal)
    provider = deployment.provider(goal.provider)
    goal.inputs = with_hashes(goal.inputs, deployment.folder)
    with deployment.slots:
        if goal.import_id and (old is None or goal.import_id not in (old.id, old.import_id)):
            return existing.adopt(deployment, goal, urn, old, provider)
        forced = any(urns.matches(urn, pattern) for pattern in deployment.options.replace)
        plan = decide(goal, urn, old, provider, deployment.folder, replaced=deployment.replaced, force_replace=forced)
        if plan.decision == "same" and old is not None:
            return changing.keep(deployment, goal, urn, old, plan)
        if plan.decision == "update" and old is not None:
            return changing.update(deployment, goal, urn, old, plan, provider)
        if plan.decision == "replace" and old is not None:
            return changing.replace_with_new(deployment, goal, urn, old, plan, provider)
        return changing.create(deployment, goal, urn, old, plan, provider, deployment.step(urn, "create"))


def _untargeted(deployment: Deployment, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
    """Leaves a resource as it is; a new one is not made."""
    started = time.monotonic()
    if old is None:
        with deployment.lock:
            deployment.skipped.add(urn)
        deployment.finish_step(deployment.step(urn, "skip", note="not among the targets"), started)
        return Registered(urn, unknown=True)
    kept = replace(old, urn=urn, parent=goal.parent)
    deployment.checkpoint.add(kept, instead_of=old, durable=False)
    deployment.finish_step(deployment.step(urn, "same"), started)
    return Registered(urn, kept.id, kept.outputs)


def _require_targets_of(deployment: Deployment, goal: Goal) -> None:
    missing = deployment.skipped & {goal.parent, *goal.dependencies}
    if missing:
        name = urns.name_of(next(iter(missing)))
        raise Failure(f"depends on {name}, which does not exist and is not among the targets")
