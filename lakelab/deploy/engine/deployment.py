"""One run of one stack: what all of its steps share, and how they are told."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from lakelab.deploy import values
from lakelab.deploy.capabilities import Lacks
from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.checkpoint import Checkpoint
from lakelab.deploy.engine.events import Change, Event, Listener, Op, Step
from lakelab.deploy.engine.goal import Goal
from lakelab.deploy.engine.plugins import Plugins, Provider
from lakelab.deploy.engine.state import ResourceState, now
from lakelab.deploy.project import Project, Setting
from lakelab.deploy.values import Properties

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
        lacks: what the AWS that is deployed to has not.
        partial: leave out what needs that, instead of failing.
    """

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    parallel: int = 16
    preview: bool = False
    lacks: Lacks = field(default_factory=Lacks)
    partial: bool = False


@dataclass
class Registered:
    """What the program hears of a resource."""

    urn: str
    id: str = ""
    outputs: Properties = field(default_factory=dict)
    failed: bool = False
    unknown: bool = False


class Deployment:
    """The state that a run changes, the providers that it uses, and what it has done so far.

    Attributes:
        slots: held while a step runs, so that no more than `options.parallel` do.
        seen: URNs that are registered, or that an alias of something registered has.
        failed: URNs that failed, or were left out because of one that did.
        skipped: URNs that are new and not among the targets.
        replaced: URNs that this run replaces.
        by_urn: the old state, without the old halves of replacements.
    """

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
        self.listener = listener
        self.folder = project.working_folder  # where relative paths of assets start
        self.steps: list[Step] = []
        self.stack_urn = ""
        self.outputs: Properties | None = None
        self.run_hook: RunHook | None = None
        self.plugins = plugins
        self.lock = threading.RLock()
        self.slots = threading.Semaphore(max(1, options.parallel))
        self.seen: set[str] = set()
        self.failed: set[str] = set()
        self.skipped: set[str] = set()
        self.replaced: set[str] = set()
        self.aliases: dict[str, tuple[str, ...]] = {}
        self._default_providers: dict[str, str] = {}
        self.by_urn: dict[str, ResourceState] = {}
        self.index_old()

    def index_old(self) -> None:
        """Finds the old state's resources by URN again, after it was changed."""
        self.by_urn = {item.urn: item for item in self.checkpoint.old() if not item.delete}

    # -- saying -------------------------------------------------------------------------------------------------------

    def say(self, text: str, severity: Any = "info", urn: str = "") -> None:
        self.listener(Event("diagnostic", severity=severity, text=text, urn=urn))

    def step(self, urn: str, op: Op, changes: Iterable[Change] = (), note: str = "") -> Step:
        """Begins a step."""
        step = Step(urn, urns.type_of(urn), urns.name_of(urn), op, tuple(changes), note=note)
        if op not in ("same", "skip") and not self.options.preview:
            self.listener(Event("started", step))
        return step

    def finish_step(self, step: Step, started: float, error: str = "") -> None:
        step.seconds = time.monotonic() - started
        step.error = error
        with self.lock:
            self.steps.append(step)
        self.listener(Event("failed" if error else "done", step))

    def hooks(self, kind: str, goal: Goal, urn: str, inputs: Properties, outputs: Properties) -> None:
        """Runs the program's own hooks of one kind."""
        if goal.hooks.get(kind) and self.run_hook is not None:
            self.run_hook(kind, goal, urn, inputs, outputs)

    # -- names and targets --------------------------------------------------------------------------------------------

    def claim(self, goal: Goal) -> str:
        """The URN of what the program registers or reads; it is its own from now on.

        Raises:
            Failure: the program has the same URN twice.
        """
        urn = urns.make(self.stack, self.project.name, goal.parent, goal.type, goal.name)
        with self.lock:
            if urn in self.seen:
                raise Failure(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self.seen.add(urn)
        return urn

    def is_target(self, urn: str) -> bool:
        """Whether this resource is among the targets. All are when no target was named."""
        targets = self.options.targets
        return not targets or any(urns.matches(urn, pattern) for pattern in targets)

    # -- providers ----------------------------------------------------------------------------------------------------

    def provider_of(self, resource: ResourceState) -> Provider:
        """The provider of a resource in state.

        Raises:
            Failure: the state does not have it.
        """
        return self.provider(resource.provider)

    def provider(self, reference: str) -> Provider:
        """The provider that a reference `<URN>::<id>` means.

        Raises:
            Failure: the state does not have it.
        """
        urn = reference.rpartition("::")[0]
        state = self.checkpoint.new(urn) or self.by_urn.get(urn)
        if state is None:
            raise Failure(f"the provider {urn or '(none)'} is not in the state")
        package = state.type.removeprefix(urns.PROVIDER_PREFIX)
        settings = {key: value for key, value in state.inputs.items() if key != "version"}
        return self.plugins.provider(package, settings, urn)

    def default_provider(self, package: str, version: str) -> str:
        """The reference of the provider that resources without an explicit one have."""
        with self.lock:
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


# -- what a step puts into the state ----------------------------------------------------------------------------------


def state_of(
    goal: Goal, urn: str, old: ResourceState | None, inputs: Properties, outputs: Properties, id: str
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
        source_position=goal.source_position,
        created=old.created if old else now(),
        modified=old.modified if old else now(),
    )


def secret_outputs(goal: Goal, inputs: Properties, outputs: Properties) -> Properties:
    """Outputs with those secret that the program or the inputs say are."""
    names = set(goal.additional_secret_outputs)
    names |= {name for name, value in inputs.items() if isinstance(value, values.Secret)}
    return values.keep_secrets(outputs, names)


def secret_like(old: ResourceState, outputs: Properties) -> Properties:
    """New outputs with those secret that were so before."""
    names = values.secret_names(old.outputs) | set(old.additional_secret_outputs)
    return values.keep_secrets(outputs, names)
