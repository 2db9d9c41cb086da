"""The two engines behind one interface: the Pulumi CLI where it is on PATH, else the embedded engine."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from lakelab import deploy
from lakelab.deploy import guard, pulumi
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.events import Listener, Result, Verb
from lakelab.deploy.engine.transfer import export_deployment, import_deployment
from lakelab.deploy.project import Project
from lakelab.deploy.session import Session, backend_of
from lakelab.errors import LakelabError

NAMES = ("auto", "embedded", "pulumi")


class Engine(Protocol):
    """What deploys a stack and keeps its state.

    Attributes:
        title: which one it is.
        prints_summary: it has told people by itself what it did.
    """

    @property
    def title(self) -> str: ...

    @property
    def prints_summary(self) -> bool: ...

    def run(
        self,
        verb: Verb,
        project: Project,
        stack: str,
        *,
        listener: Listener,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        expect_no_changes: bool = False,
    ) -> Result: ...

    def outputs(self, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]: ...

    def export(self, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]: ...

    def import_(self, project: Project, stack: str, text: str) -> int: ...

    def history(self, project: Project, stack: str) -> list[dict[str, Any]]: ...

    def cancel(self, project: Project, stack: str) -> int: ...

    def stacks(self, project: Project) -> list[str]: ...


def choose(name: str, project: Project, environment: Mapping[str, str] | None = None) -> Engine:
    """The engine of this name; `auto` is the Pulumi CLI when it is on PATH.

    Raises:
        LakelabError: there is no such engine, or the Pulumi CLI is asked for and not there.
    """
    variables = os.environ if environment is None else environment
    if name not in NAMES:
        raise LakelabError(f"no engine {name!r}", fix=f"use --engine {', '.join(NAMES[:-1])} or {NAMES[-1]}")
    found = pulumi.find(variables) if name != "embedded" else None
    if found is not None:
        return pulumi.Cli(found, variables, variables.get("PULUMI_BACKEND_URL"))
    if name == "pulumi":
        raise LakelabError("the pulumi CLI is not on PATH", fix="install it, or use --engine embedded")
    return Embedded(backend_of(project, variables), variables)


def partial(engine: Engine) -> Engine:
    """The engine, leaving out what the AWS that it deploys to has no service for.

    Raises:
        LakelabError: it is the Pulumi CLI, which deploys all or nothing.
    """
    if not isinstance(engine, Embedded):
        raise LakelabError("the pulumi CLI leaves nothing out", fix="use --engine embedded")
    return replace(engine, partial=True)


def require_allowed(engine: Engine, project: Project, stack: str, environment: Mapping[str, str] | None = None) -> str:
    """What the engine is about to deploy with and to, in a few words for people.

    Raises:
        LakelabError: the environment leads to an AWS that this engine or this project must not touch.
    """
    variables = os.environ if environment is None else environment
    if isinstance(engine, Embedded):
        return engine.title  # a Session refuses everything but this machine by itself
    account = guard.require_allowed(project, stack, variables)
    return f"{engine.title}, account {account}" if account else engine.title


@dataclass
class Embedded:
    """The embedded engine on one backend."""

    backend: Backend
    environment: Mapping[str, str]
    partial: bool = False
    title = "embedded engine"
    prints_summary = False

    def run(
        self,
        verb: Verb,
        project: Project,
        stack: str,
        *,
        listener: Listener,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        expect_no_changes: bool = False,
    ) -> Result:
        """Runs a verb; whether there were changes is in the result, so `expect_no_changes` changes nothing.

        Raises:
            DeployError: something failed.
            OtherEngine: the Pulumi CLI wrote the state last.
        """
        if verb != "refresh":
            pulumi.require_same_engine(self.backend, project.name, stack, embedded=True)
        how: dict[str, Any] = {"replace": tuple(replace)} if verb in ("preview", "up") else {}
        with Session(self.environment, partial=self.partial) as session:
            do = getattr(session, verb)
            return do(project, stack, backend=self.backend.folder, listener=listener, targets=tuple(targets), **how)

    def outputs(self, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
        return deploy.outputs(
            project, stack, env=self.environment, backend=self.backend.folder, show_secrets=show_secrets
        )

    def export(self, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
        return export_deployment(self.backend, project, stack, show_secrets=show_secrets)

    def import_(self, project: Project, stack: str, text: str) -> int:
        return import_deployment(self.backend, project, stack, text)

    def history(self, project: Project, stack: str) -> list[dict[str, Any]]:
        return self.backend.history(project.name, stack)

    def cancel(self, project: Project, stack: str) -> int:
        return self.backend.cancel(project.name, stack)

    def stacks(self, project: Project) -> list[str]:
        return self.backend.stacks(project.name)
