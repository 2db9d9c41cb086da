"""Verbs of the embedded engine, and what several deployments in one process share: providers and a program host."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

from lakelab.deploy import values
from lakelab.deploy.capabilities import Lacks, lacks
from lakelab.deploy.engine import program, removal
from lakelab.deploy.engine.backend import Backend, history_entry
from lakelab.deploy.engine.checkpoint import Checkpoint
from lakelab.deploy.engine.deployment import Deployment, Failure, Options
from lakelab.deploy.engine.events import Event, Listener, Result, Verb
from lakelab.deploy.engine.monitor import Monitor
from lakelab.deploy.engine.plugins import Plugins
from lakelab.deploy.engine.references import StackOutputs
from lakelab.deploy.engine.refresh import recover, refresh
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import Snapshot
from lakelab.deploy.project import Project
from lakelab.deploy.provider.clients import require_loopback
from lakelab.errors import LakelabError

DEFAULT_BACKEND = Path(".lakelab/pulumi")


def backend_of(project: Project, environment: Mapping[str, str], given: Path | str | None = None) -> Backend:
    """Where the state of a project's stacks is: as given, or in PULUMI_BACKEND_URL, or in the project's own folder."""
    return Backend(given or environment.get("PULUMI_BACKEND_URL") or project.root / DEFAULT_BACKEND)


class DeployError(LakelabError):
    """A deployment failed. What was done is in the state; `result` says what that is."""

    def __init__(self, message: str, result: Result, *, fix: str = ""):
        super().__init__(message, fix=fix)
        self.result = result


def _silent(event: Event) -> None:
    """A listener that listens to nothing."""


class Session:
    """Deploys stacks one after another, keeping the provider and a program host warm between them.

    Args:
        env: variables over those of this process; AWS_ENDPOINT_URL must name this machine.
        partial: leave out what the AWS there has no service for; else such a resource is an error at preview.

    Raises:
        LakelabError: the endpoint is missing or not on this machine.
    """

    def __init__(self, env: Mapping[str, str] | None = None, *, partial: bool = False):
        self.environment = {**os.environ, **(env or {})}
        require_loopback(self.environment)
        self._partial = partial
        self._plugins = Plugins(self.environment)
        self._host: program.Host | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._plugins.close()
        if self._host is not None:
            self._host.stop()
            self._host = None

    # -- verbs --------------------------------------------------------------------------------------------------------

    def preview(self, project: Project, stack: str, **how: Any) -> Result:
        return self._deploy("preview", project, stack, preview=True, **how)

    def up(self, project: Project, stack: str, *, refresh_first: bool = False, **how: Any) -> Result:
        if refresh_first:
            self.refresh(project, stack, **{key: value for key, value in how.items() if key in ("backend", "targets")})
        if self._lacks.services and not self._partial:
            # what cannot be deployed stops all of it, and not only what comes after it
            same = ("backend", "targets", "replace", "parallel")
            self.preview(project, stack, **{key: value for key, value in how.items() if key in same})
        return self._deploy("up", project, stack, **how)

    def refresh(self, project: Project, stack: str, **how: Any) -> Result:
        return self._without_program("refresh", project, stack, refresh, **how)

    def destroy(self, project: Project, stack: str, **how: Any) -> Result:
        def destroy(deployment: Deployment) -> None:
            doomed = [item for item in deployment.checkpoint.old() if deployment.is_target(item.urn)]
            removal.require_no_dependents(deployment, doomed)
            removal.delete_all(deployment, doomed)

        return self._without_program("destroy", project, stack, destroy, **how)

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _deploy(
        self,
        verb: Verb,
        project: Project,
        stack: str,
        *,
        backend: Path | str | None = None,
        listener: Listener = _silent,
        targets: tuple[str, ...] = (),
        replace: tuple[str, ...] = (),
        parallel: int = 16,
        preview: bool = False,
        next_project: Project | None = None,
    ) -> Result:
        started = time.time()
        host = self._ready_host(project)
        self._plugins.start()
        options = Options(tuple(targets), tuple(replace), parallel, preview, self._lacks, self._partial)
        store = backend_of(project, self.environment, backend)
        with _locked(store, project, stack, locked=not preview):
            snapshot, secrets = store.load(project.name, stack, self._passphrase, project.encryption_salt(stack))
            host.preload(_modules(snapshot))
            deployment = self._deployment(project, stack, store, snapshot, secrets, options, listener)
            error = ""
            try:
                if not preview:
                    recover(deployment)
                error = self._run_program(deployment, host, store, preview)
            except (Failure, LakelabError) as failure:
                error = str(failure)
            finally:
                deployment.checkpoint.close()
            result = _result(verb, deployment, started)
            if not preview:
                store.add_history(project.name, stack, _history(verb, started, error, result))
        return _finished(result, error)

    def _run_program(self, deployment: Deployment, host: program.Host, store: Backend, preview: bool) -> str:
        """Runs the program to its end; what went wrong with it, or nothing."""
        project, stack = deployment.project, deployment.stack
        references = StackOutputs(store, project.name, self._passphrase)
        monitor = Monitor(deployment, references)
        server, address = monitor.serve()
        printed: list[str] = []

        def say(line: str, is_error: bool) -> None:
            if is_error:
                printed.append(line)
            deployment.say(line, "error" if is_error else "info")

        settings = deployment.settings
        try:
            host.run(
                program.job(
                    project,
                    stack,
                    monitor=address,
                    engine=address,
                    config={key: setting.value for key, setting in settings.items()},
                    secret_keys=[key for key, setting in settings.items() if setting.secret],
                    environment=self.environment,
                    preview=preview,
                    parallel=deployment.options.parallel,
                ),
                say,
            )
            while not monitor.finished.wait(0.02):
                code = host.poll()
                if code is not None and not monitor.finished.is_set():
                    return _program_error(code, printed)
            removal.delete_unwanted(deployment)
            return ""
        finally:
            monitor.close()
            host.end()
            server.stop(None)

    def _without_program(
        self,
        verb: Verb,
        project: Project,
        stack: str,
        work: Callable[[Deployment], None],
        *,
        backend: Path | str | None = None,
        listener: Listener = _silent,
        targets: tuple[str, ...] = (),
        parallel: int = 16,
    ) -> Result:
        started = time.time()
        self._plugins.start()
        store = backend_of(project, self.environment, backend)
        with _locked(store, project, stack, locked=True):
            snapshot, secrets = store.load(project.name, stack, self._passphrase, project.encryption_salt(stack))
            options = Options(tuple(targets), (), parallel)
            deployment = self._deployment(project, stack, store, snapshot, secrets, options, listener)
            error = ""
            try:
                recover(deployment)
                work(deployment)
            except (Failure, LakelabError) as failure:
                error = str(failure)
            finally:
                deployment.checkpoint.close()
            result = _result(verb, deployment, started)
            store.add_history(project.name, stack, _history(verb, started, error, result))
        return _finished(result, error)

    def _deployment(
        self,
        project: Project,
        stack: str,
        store: Backend,
        snapshot: Snapshot,
        secrets: Secrets,
        options: Options,
        listener: Listener,
    ) -> Deployment:
        settings = project.settings(stack, secrets.decrypt)
        write = None if options.preview else lambda text: store.write(project.name, stack, text)
        checkpoint = Checkpoint(snapshot, secrets, write)
        return Deployment(project, stack, checkpoint, self._plugins, settings, options, listener)

    @property
    def _passphrase(self) -> str:
        return self.environment.get("PULUMI_CONFIG_PASSPHRASE", "")

    @cached_property
    def _lacks(self) -> Lacks:
        """What the AWS that is deployed to has not; asked once."""
        return lacks(self.environment["AWS_ENDPOINT_URL"])

    def _ready_host(self, project: Project) -> program.Host:
        """The process that runs programs; a new one when there is none, or it is of another Python."""
        python = program.interpreter(project)
        if self._host is not None and (self._host.python != python or not self._host.alive):
            self._host.stop()
            self._host = None
        if self._host is None:
            self._host = program.Host(python)
        return self._host


def _locked(store: Backend, project: Project, stack: str, *, locked: bool) -> AbstractContextManager[None]:
    return store.lock(project.name, stack) if locked else nullcontext()


def _modules(snapshot: Snapshot) -> Iterator[str]:
    """The SDK modules that the program needed last time; it will need them again."""
    packages = {item.type.split(":")[1].split("/")[0] for item in snapshot.resources if item.type.startswith("aws:")}
    return (f"pulumi_aws.{'lambda_' if name == 'lambda' else name}" for name in packages)


def _program_error(code: int, printed: list[str]) -> str:
    """The program's last words: what it printed on standard error from the last line that is not indented."""
    lines = [line for line in printed if line.strip()]
    start = next((i for i in reversed(range(len(lines))) if not lines[i][:1].isspace()), 0)
    last = "\n".join(lines[start:])
    return f"the program failed: {last}" if last else f"the program ended with exit code {code}"


def _result(verb: Verb, deployment: Deployment, started: float) -> Result:
    outputs = deployment.outputs
    if outputs is None:
        outputs = deployment.checkpoint.snapshot().outputs() if verb != "destroy" else {}
    return Result(
        verb=verb,
        project=deployment.project.name,
        stack=deployment.stack,
        steps=deployment.steps,
        outputs=values.mask(outputs),
        seconds=time.time() - started,
    )


def _history(verb: Verb, started: float, error: str, result: Result) -> dict[str, Any]:
    kind = {"up": "update"}.get(verb, verb)
    outcome = "failed" if error or result.errors else "succeeded"
    return history_entry(kind, started, outcome, result.counts)


def _finished(result: Result, error: str) -> Result:
    """The result, or the error that says what failed.

    Raises:
        DeployError: the program or a resource failed.
    """
    if not error and not result.errors:
        return result
    lines = [f"{step.type} {step.name}: {step.error}" for step in result.errors]
    if error and not (result.errors and error.startswith("the program")):
        lines.insert(0, error)
    where = f"{result.verb} of {result.stack} failed"
    text = f"{where}: {lines[0]}" if len(lines) == 1 else "\n  ".join([f"{where}:", *lines])
    fix = "correct the program and run it again" if result.verb in ("preview", "up") else "run it again"
    raise DeployError(text, result, fix=fix)


@contextlib.contextmanager
def session_of(given: Session | None, env: Mapping[str, str] | None) -> Iterator[Session]:
    """The given session, or one for this call alone."""
    if given is not None:
        yield given
        return
    with Session(env) as own:
        yield own
