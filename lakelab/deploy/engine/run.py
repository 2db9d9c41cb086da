"""A deployment: takes the program's registrations, does what each needs, and removes what is not wanted any more.

Registrations come at the same time for resources that do not depend on each other, each on a thread of its own; so
steps of independent resources run in parallel, up to a limit. Every step is in the state before its dependents hear of
it. A resource that fails stops those that depend on it and nobody else.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from lakelab.deploy import values
from lakelab.deploy.assets import with_hashes
from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.checkpoint import Checkpoint
from lakelab.deploy.engine.events import Change, Event, Listener, Op, Step
from lakelab.deploy.engine.goal import Goal, alias_urns
from lakelab.deploy.engine.plan import Plan, Refused, decide, dependents_to_replace
from lakelab.deploy.engine.plugins import Made, Plugins, Provider, ProviderError
from lakelab.deploy.engine.state import ResourceState, now
from lakelab.deploy.project import Project, Setting
from lakelab.deploy.values import UNKNOWN, Properties
from lakelab.errors import LakelabError

RunHook = Callable[[str, Goal, str, Properties, Properties], None]


class Failure(Exception):
    """A resource could not be deployed; the text is for people."""


@dataclass
class Options:
    """How a deployment is done.

    Attributes:
        targets: only these resources (URNs, names, or patterns with `*`), or all when empty.
        replace: resources to replace whatever their properties.
        parallel: how many steps run at once.
        preview: find out, change nothing.
    """

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    parallel: int = 16
    preview: bool = False


@dataclass
class Registered:
    """What the program hears of a resource."""

    urn: str
    id: str = ""
    outputs: Properties = field(default_factory=dict)
    failed: bool = False
    unknown: bool = False


class Deployment:
    """One run of one stack."""

    def __init__(
        self,
        project: Project,
        stack: str,
        checkpoint: Checkpoint,
        plugins: Plugins,
        settings: dict[str, Setting],
        options: Options,
        listener: Listener,
    ):
        self.project = project
        self.stack = stack
        self.checkpoint = checkpoint
        self.options = options
        self.settings = settings
        self.steps: list[Step] = []
        self.stack_urn = ""
        self.outputs: Properties | None = None
        self.run_hook: RunHook | None = None
        self._plugins = plugins
        self.listener = listener
        self.folder = project.working_folder  # where relative paths of assets start
        self._lock = threading.RLock()
        self._slots = threading.Semaphore(max(1, options.parallel))
        self.seen: set[str] = set()  # registered, or known by an alias of something registered
        self.failed: set[str] = set()  # failed, or left out because of one that did
        self._skipped: set[str] = set()  # new, and not among the targets
        self._replaced: set[str] = set()
        self._aliases: dict[str, tuple[str, ...]] = {}
        self._default_providers: dict[str, str] = {}
        # the old state by URN, without the old halves of replacements
        self.by_urn = {item.urn: item for item in checkpoint.old() if not item.delete}

    # -- saying -------------------------------------------------------------------------------------------------------

    def say(self, text: str, severity: Any = "info", urn: str = "") -> None:
        self.listener(Event("diagnostic", severity=severity, text=text, urn=urn))

    def step(self, urn: str, op: Op, changes: Iterable[Change] = (), note: str = "") -> Step:
        step = Step(urn, urns.type_of(urn), urns.name_of(urn), op, tuple(changes), note=note)
        if op not in ("same", "skip") and not self.options.preview:
            self.listener(Event("started", step))
        return step

    def finish_step(self, step: Step, started: float, error: str = "") -> None:
        step.seconds = time.monotonic() - started
        step.error = error
        with self._lock:
            self.steps.append(step)
        self.listener(Event("failed" if error else "done", step))

    @property
    def failures(self) -> list[Step]:
        return [step for step in self.steps if step.error]

    # -- providers ----------------------------------------------------------------------------------------------------

    def provider_of(self, resource: ResourceState) -> Provider:
        """The provider of a resource in state.

        Raises:
            Failure: the state does not have it.
        """
        return self._provider(resource.provider)

    def _provider(self, reference: str) -> Provider:
        urn = reference.rpartition("::")[0]
        state = self.checkpoint.new(urn) or self.by_urn.get(urn)
        if state is None:
            raise Failure(f"the provider {urn or '(none)'} is not in the state")
        package = state.type.removeprefix(urns.PROVIDER_PREFIX)
        settings = {key: value for key, value in state.inputs.items() if key != "version"}
        return self._plugins.provider(package, settings, urn)

    def default_provider(self, package: str, version: str) -> str:
        """The reference of the provider that resources without an explicit one have."""
        with self._lock:
            key = f"{package}@{version}"
            if key not in self._default_providers:
                name = f"default_{version.replace('.', '_')}" if version else "default"
                urn = urns.make(self.stack, self.project.name, "", f"{urns.PROVIDER_PREFIX}{package}", name)
                inputs: Properties = {
                    name.split(":", 1)[1]: values.Secret(setting.value) if setting.secret else setting.value
                    for name, setting in self.settings.items()
                    if name.startswith(f"{package}:")
                }
                if version:
                    inputs["version"] = version
                old = self.by_urn.get(urn)
                id = old.id if old else str(uuid.uuid4())
                state = ResourceState(urn, f"{urns.PROVIDER_PREFIX}{package}", True, id, inputs, inputs)
                self.seen.add(urn)
                unchanged = old is not None and old.inputs == inputs
                kept = old if unchanged and old is not None else replace(state, created=now(), modified=now())
                self.checkpoint.add(kept, instead_of=old, durable=False)
                self._default_providers[key] = f"{urn}::{id}"
            return self._default_providers[key]

    # -- registration -------------------------------------------------------------------------------------------------

    def register(self, goal: Goal) -> Registered:
        """Brings one resource to what the program wants. What goes wrong is a failed step, not an exception.

        Raises:
            Failure: the program registers the same URN twice.
        """
        urn = urns.make(self.stack, self.project.name, goal.parent, goal.type, goal.name)
        with self._lock:
            if urn in self.seen:
                raise Failure(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.seen.add(urn)
            old = self._old_state(goal, urn)
        if goal.type == urns.STACK_TYPE:
            self.stack_urn = urn
        blocked = self._blocked_by(goal)
        if blocked and goal.custom:
            return self._skip(urn, f"{urns.name_of(blocked)} failed")
        if urns.is_provider(goal.type):
            return self._guarded(goal, urn, lambda: self._register_provider(goal, urn, old))
        if not goal.custom:
            return self._register_component(goal, urn, old)
        return self._guarded(goal, urn, lambda: self._register_custom(goal, urn, old))

    def _old_state(self, goal: Goal, urn: str) -> ResourceState | None:
        """The resource's state under its URN or one of its aliases; what referred to the alias follows."""
        aliases = alias_urns(goal, self.project.name, self.stack, self._aliases.get(goal.parent, ()))
        self._aliases[urn] = tuple(aliases)
        if urn in self.by_urn:
            return self.by_urn[urn]
        for alias in aliases:
            if alias in self.by_urn and alias not in self.seen:
                old = self.by_urn[alias]
                self.seen.add(alias)
                self.checkpoint.rename({alias: urn})
                self.by_urn = {item.urn: item for item in self.checkpoint.old() if not item.delete}
                return self.by_urn.get(alias, old)
        return None

    def _blocked_by(self, goal: Goal) -> str | None:
        needed = {goal.parent, *goal.dependencies, goal.provider.rpartition("::")[0]}
        for dependencies in goal.property_dependencies.values():
            needed |= set(dependencies)
        return next(iter(sorted(needed & self.failed)), None)

    def _skip(self, urn: str, reason: str) -> Registered:
        with self._lock:
            self.failed.add(urn)
        self.finish_step(self.step(urn, "skip", note=reason), time.monotonic())
        return Registered(urn, failed=True)

    def _guarded(self, goal: Goal, urn: str, work: Callable[[], Registered]) -> Registered:
        """Does the work of a registration; an error becomes a failed step that names the line of the program."""
        started = time.monotonic()
        try:
            return work()
        except (Refused, Failure, ProviderError, LakelabError, ValueError) as error:
            with self._lock:
                self.failed.add(urn)
            where = f" ({goal.source})" if goal.source else ""
            step = Step(urn, goal.type, goal.name, "create" if urn not in self.by_urn else "update")
            self.finish_step(step, started, f"{error}{where}")
            return Registered(urn, failed=True)

    def _register_component(self, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
        started = time.monotonic()
        state = self._state(goal, urn, old, goal.inputs, {}, "")
        if old is not None:
            state = replace(state, outputs=old.outputs, created=old.created, modified=old.modified)
        self.checkpoint.add(state, instead_of=old, durable=False)
        self.finish_step(self.step(urn, "create" if old is None else "same"), started)
        return Registered(urn, outputs={})

    def _register_provider(self, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
        started = time.monotonic()
        package = goal.type.removeprefix(urns.PROVIDER_PREFIX)
        inputs = {key: value for key, value in goal.inputs.items() if value is not None}
        provider = self._plugins.provider(package, {k: v for k, v in inputs.items() if k != "version"}, urn)
        mistakes = provider.check_config(inputs)
        if mistakes:
            raise Refused("\n".join(f"{path}: {reason}" for path, reason in mistakes))
        id = old.id if old else str(uuid.uuid4())
        op: Op = "create" if old is None else "same" if old.inputs == inputs else "update"
        step = self.step(urn, op)
        state = self._state(goal, urn, old, inputs, inputs, id)
        self.checkpoint.add(state, instead_of=old, durable=op != "same")
        self.finish_step(step, started)
        return Registered(urn, id, inputs)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Keeps what a component, or the stack, exports."""
        known = outputs if self.options.preview else values.drop_unknown(outputs)
        state = self.checkpoint.new(urn)
        if state is None:
            raise Failure(f"{urn} was not registered")
        if urn == self.stack_urn:
            if self.failed:  # what failed resources would have given keeps its old value
                known = {**{key: value for key, value in state.outputs.items() if key in outputs}, **known}
            self.outputs = known
        if state.outputs != known:
            self.checkpoint.add(replace(state, outputs=known, modified=now()), durable=False)

    # -- custom resources ---------------------------------------------------------------------------------------------

    def _register_custom(self, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
        reference = goal.provider or self.default_provider(goal.package, goal.version)
        goal.provider = reference
        if self.options.targets and not self.is_target(urn):
            return self._untargeted(goal, urn, old)
        self._require_targets_of(goal)
        provider = self._provider(reference)
        goal.inputs = with_hashes(goal.inputs, self.folder)
        with self._slots:
            if goal.import_id and (old is None or goal.import_id not in (old.id, old.import_id)):
                return self._import(goal, urn, old, provider)
            forced = any(urns.matches(urn, pattern) for pattern in self.options.replace)
            plan = decide(goal, urn, old, provider, self.folder, replaced=self._replaced, force_replace=forced)
            if plan.decision == "same" and old is not None:
                return self._same(goal, urn, old, plan)
            if plan.decision == "update" and old is not None:
                return self._update(goal, urn, old, plan, provider)
            if plan.decision == "replace" and old is not None:
                return self._replace(goal, urn, old, plan, provider)
            return self._create(goal, urn, old, plan, provider, self.step(urn, "create"))

    def is_target(self, urn: str) -> bool:
        return any(urns.matches(urn, pattern) for pattern in self.options.targets)

    def _untargeted(self, goal: Goal, urn: str, old: ResourceState | None) -> Registered:
        """Leaves a resource as it is; a new one is not made."""
        started = time.monotonic()
        if old is None:
            with self._lock:
                self._skipped.add(urn)
            self.finish_step(self.step(urn, "skip", note="not among the targets"), started)
            return Registered(urn, unknown=True)
        kept = replace(old, urn=urn, parent=goal.parent)
        self.checkpoint.add(kept, instead_of=old, durable=False)
        self.finish_step(self.step(urn, "same"), started)
        return Registered(urn, kept.id, kept.outputs)

    def _require_targets_of(self, goal: Goal) -> None:
        missing = self._skipped & {goal.parent, *goal.dependencies}
        if missing:
            name = urns.name_of(next(iter(missing)))
            raise Failure(f"depends on {name}, which does not exist and is not among the targets")

    def _state(
        self, goal: Goal, urn: str, old: ResourceState | None, inputs: Properties, outputs: Properties, id: str
    ) -> ResourceState:
        """The state of a resource as the program has it now."""
        return ResourceState(
            urn=urn,
            type=goal.type,
            custom=goal.custom,
            id=id,
            inputs=inputs,
            outputs=outputs,
            parent=goal.parent,
            provider=goal.provider,
            dependencies=goal.dependencies,
            property_dependencies=goal.property_dependencies,
            protect=goal.protect,
            retain_on_delete=goal.retain_on_delete,
            deleted_with=goal.deleted_with,
            replace_with=goal.replace_with,
            replacement_trigger=goal.replacement_trigger,
            additional_secret_outputs=goal.additional_secret_outputs,
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
            import_id=goal.import_id,
            source_position=goal.source,
            created=old.created if old else now(),
            modified=old.modified if old else now(),
        )

    def _secret_outputs(self, goal: Goal, inputs: Properties, outputs: Properties) -> Properties:
        """Outputs with those secret that the program or the resource type says are."""
        names = set(goal.additional_secret_outputs)
        names |= {name for name, value in inputs.items() if isinstance(value, values.Secret)}
        return values.keep_secrets(outputs, names)

    def _same(self, goal: Goal, urn: str, old: ResourceState, plan: Plan) -> Registered:
        started = time.monotonic()
        outputs = self._secret_outputs(goal, plan.inputs, old.outputs)
        state = self._state(goal, urn, old, plan.inputs, outputs, old.id)
        # where a line stands in the program is no change worth a write of its own
        self.checkpoint.add(state, instead_of=old, durable=False)
        self.finish_step(self.step(urn, "same"), started)
        return Registered(urn, old.id, outputs)

    def _create(
        self,
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
        if self.options.preview:
            outputs = {key: value for key, value in plan.inputs.items() if not key.startswith("__")}
            self.checkpoint.add(self._state(goal, urn, None, plan.inputs, outputs, ""), instead_of=old, durable=False)
            self.finish_step(step, started)
            return Registered(urn, "", outputs)
        self._hooks("before_create", goal, urn, plan.inputs, {})
        planned = self._state(goal, urn, None, plan.inputs, {}, "")
        operation = self.checkpoint.begin(planned, "creating")
        try:
            made = provider.create(urn, plan.inputs, self.folder)
        except ProviderError as error:
            if error.made is not None:
                half = replace(planned, id=error.made.id, outputs=error.made.outputs, init_errors=(str(error),))
                self.checkpoint.add(half, instead_of=None if keep_old else old, operation=operation)
            else:
                self.checkpoint.end(operation)
            raise
        outputs = self._secret_outputs(goal, plan.inputs, made.outputs)
        state = replace(planned, id=made.id, outputs=outputs, created=now(), modified=now())
        if keep_old and old is not None:
            self.checkpoint.change_old(old, replace(old, delete=True))
        self.checkpoint.add(state, instead_of=None if keep_old else old, operation=operation)
        self._hooks("after_create", goal, urn, plan.inputs, outputs)
        self.finish_step(step, started)
        return Registered(urn, made.id, outputs)

    def _update(self, goal: Goal, urn: str, old: ResourceState, plan: Plan, provider: Provider) -> Registered:
        started = time.monotonic()
        step = self.step(urn, "update", plan.changes, plan.note)
        if self.options.preview:
            outputs = self._secret_outputs(
                goal, plan.inputs, provider.update(old, plan.inputs, self.folder, preview=True)
            )
            state = self._state(goal, urn, old, plan.inputs, outputs, old.id)
            self.checkpoint.add(state, instead_of=old, durable=False)
            self.finish_step(step, started)
            return Registered(urn, old.id, outputs)
        self._hooks("before_update", goal, urn, plan.inputs, old.outputs)
        operation = self.checkpoint.begin(replace(old, urn=urn), "updating")
        try:
            made = provider.update(replace(old, urn=urn), plan.inputs, self.folder)
        except ProviderError as error:
            self._after_failed_update(old, urn, provider, operation)
            raise error
        outputs = self._secret_outputs(goal, plan.inputs, made)
        state = replace(self._state(goal, urn, old, plan.inputs, outputs, old.id), modified=now())
        self.checkpoint.add(state, instead_of=old, operation=operation)
        self._hooks("after_update", goal, urn, plan.inputs, outputs)
        self.finish_step(step, started)
        return Registered(urn, old.id, outputs)

    def _after_failed_update(self, old: ResourceState, urn: str, provider: Provider, operation: int) -> None:
        """An update that failed may have changed something: the state takes what is there now."""
        try:
            there = provider.read(urn, old.id, old.inputs, old.outputs, self.folder)
        except ProviderError:
            self.checkpoint.end(operation)
            return
        if there is None:
            self.checkpoint.end(operation)
            return
        fresh = replace(old, inputs=there.inputs or old.inputs, outputs=secret_like(old, there.outputs))
        self.checkpoint.change_old(old, fresh, operation=operation)

    # -- replacement --------------------------------------------------------------------------------------------------

    def _replace(self, goal: Goal, urn: str, old: ResourceState, plan: Plan, provider: Provider) -> Registered:
        if old.protect:
            raise Failure(f"is protected, and {_names(plan.changes) or plan.note} would replace it; unprotect it first")
        with self._lock:
            self._replaced.add(urn)
        step = self.step(urn, "replace", plan.changes, plan.note)
        if plan.delete_first and not old.pending_replacement:
            self._delete_before(urn, old, goal)
            old = self.by_urn.get(old.urn, old)
            return self._create(goal, urn, old, plan, provider, step)
        return self._create(goal, urn, old, plan, provider, step, keep_old=not old.pending_replacement)

    def _delete_before(self, urn: str, old: ResourceState, goal: Goal) -> None:
        """Deletes a resource, and before it the dependents that cannot live without it; all are made anew later."""
        with self._lock:
            dependents = dependents_to_replace(old, self.checkpoint.old(), self.provider_of, self.folder)
            for resource in dependents:
                if resource.protect:
                    raise Failure(f"its replacement would delete {urns.name_of(resource.urn)}, which is protected")
            for resource in [*dependents, old]:
                gone = replace(resource, pending_replacement=True)
                if not self.options.preview:
                    self._hooks("before_delete", goal, urn, {}, resource.outputs)
                    operation = self.checkpoint.begin(resource, "deleting")
                    try:
                        if not resource.retain_on_delete:
                            self.provider_of(resource).delete(resource, self.folder)
                    except ProviderError:
                        self.checkpoint.end(operation)
                        raise
                    self.checkpoint.change_old(resource, gone, operation=operation)
                    self._hooks("after_delete", goal, urn, {}, resource.outputs)
                else:
                    self.checkpoint.change_old(resource, gone)
                self.by_urn[resource.urn] = gone
                self._replaced.add(resource.urn)

    # -- import and read ----------------------------------------------------------------------------------------------

    def _import(self, goal: Goal, urn: str, old: ResourceState | None, provider: Provider) -> Registered:
        """Takes a resource that exists under management; the program must say what is there."""
        started = time.monotonic()
        step = self.step(urn, "import", note=f"from {goal.import_id}")
        there = provider.read(urn, goal.import_id, goal.inputs, {}, self.folder)
        if there is None:
            raise Failure(f"there is nothing to import with the id {goal.import_id}")
        imported = ResourceState(
            urn, goal.type, True, there.id, there.inputs or {}, there.outputs, provider=goal.provider
        )
        plan = decide(goal, urn, imported, provider, self.folder, replaced=set())
        if plan.changes:
            differences = ", ".join(f"{c.path} is {c.old!r} there and {c.new!r} here" for c in plan.changes)
            raise Failure(f"the program does not describe the resource to import: {differences}")
        outputs = self._secret_outputs(goal, plan.inputs, there.outputs)
        state = replace(self._state(goal, urn, None, plan.inputs, outputs, there.id), created=now(), modified=now())
        if old is not None:
            self.checkpoint.change_old(old, replace(old, delete=True))
        self.checkpoint.add(state, durable=True)
        self.finish_step(step, started)
        return Registered(urn, there.id, outputs)

    def read(self, goal: Goal, id: str) -> Registered:
        """A resource that exists and is not managed: `Bucket.get(...)`."""
        urn = urns.make(self.stack, self.project.name, goal.parent, goal.type, goal.name)
        with self._lock:
            if urn in self.seen:
                raise Failure(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.seen.add(urn)
            old = self.by_urn.get(urn)
        goal.provider = goal.provider or self.default_provider(goal.package, goal.version)
        return self._guarded(goal, urn, lambda: self._read(goal, urn, id, old))

    def _read(self, goal: Goal, urn: str, id: str, old: ResourceState | None) -> Registered:
        started = time.monotonic()
        if id == UNKNOWN or values.has_unknown(goal.inputs):
            self.finish_step(Step(urn, goal.type, goal.name, "read"), started)
            return Registered(urn, unknown=True)
        with self._slots:
            there = self._provider(goal.provider).read(urn, id, {}, goal.inputs, self.folder)
        if there is None:
            raise Failure(f"there is no {goal.type} with the id {id}")
        self.keep_read(goal, urn, there, old)
        self.finish_step(Step(urn, goal.type, goal.name, "read"), started)
        return Registered(urn, there.id, self._secret_outputs(goal, {}, there.outputs))

    def keep_read(self, goal: Goal, urn: str, there: Made, old: ResourceState | None) -> None:
        """Puts a resource that was read into the state, as Pulumi does: external, so that it is never deleted."""
        outputs = self._secret_outputs(goal, {}, there.outputs)
        state = replace(self._state(goal, urn, old, goal.inputs, outputs, there.id), external=True)
        self.checkpoint.add(state, instead_of=old, durable=False)

    def keep_reference(self, goal: Goal, made: Made) -> Registered:
        """Puts a StackReference into the state."""
        urn = urns.make(self.stack, self.project.name, goal.parent, goal.type, goal.name)
        with self._lock:
            if urn in self.seen:
                raise Failure(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.seen.add(urn)
        self.keep_read(goal, urn, made, self.by_urn.get(urn))
        return Registered(urn, made.id, made.outputs)

    def _hooks(self, kind: str, goal: Goal, urn: str, inputs: Properties, outputs: Properties) -> None:
        if goal.hooks.get(kind) and self.run_hook is not None:
            self.run_hook(kind, goal, urn, inputs, outputs)


def secret_like(old: ResourceState, outputs: Properties) -> Properties:
    """New outputs with those secret that were so before."""
    names = values.secret_names(old.outputs) | set(old.additional_secret_outputs)
    return values.keep_secrets(outputs, names)


def _names(changes: Iterable[Change]) -> str:
    return ", ".join(change.path for change in changes if change.replaces)
