"""Deploys Pulumi Python programs to the local AWS without the Pulumi CLI.

    from lakelab.deploy import Project, Session

    project = Project.load(Path("."))
    with Session(env={"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", ...}) as session:
        result = session.up(project, "lake-local")

A `Session` keeps the provider process between stacks; the functions below make one for a single call.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakelab.deploy import values
from lakelab.deploy.engine.events import Change, Event, Listener, Result, Step
from lakelab.deploy.engine.state import StateError
from lakelab.deploy.project import Project, ProjectError
from lakelab.deploy.session import DeployError, Session, backend_of, session_of

__all__ = [
    "Change",
    "DeployError",
    "Event",
    "Listener",
    "Project",
    "ProjectError",
    "Result",
    "Session",
    "Step",
    "destroy",
    "outputs",
    "preview",
    "refresh",
    "up",
]


def preview(
    project: Project, stack: str, *, env: Mapping[str, str] | None = None, session: Session | None = None, **how: Any
) -> Result:
    """What `up` would do; nothing is changed.

    Args:
        env: variables over those of this process.
        session: a session to use; without one, one is made for this call.
        how: `backend` (folder or file:// URL), `listener`, `targets`, `replace`, `parallel`.

    Raises:
        DeployError: the program or the inputs of a resource are wrong; it names each.
    """
    with session_of(session, env) as used:
        return used.preview(project, stack, **how)


def up(
    project: Project, stack: str, *, env: Mapping[str, str] | None = None, session: Session | None = None, **how: Any
) -> Result:
    """Makes the stack what the program says. Arguments as for `preview`, and `refresh_first=True`.

    Raises:
        DeployError: something failed; what was done is in the state.
    """
    with session_of(session, env) as used:
        return used.up(project, stack, **how)


def refresh(
    project: Project, stack: str, *, env: Mapping[str, str] | None = None, session: Session | None = None, **how: Any
) -> Result:
    """Puts into the state what AWS has; steps of op `refresh` are drift, property by property, `delete` what is gone.

    Raises:
        DeployError: a resource could not be read.
    """
    with session_of(session, env) as used:
        return used.refresh(project, stack, **how)


def destroy(
    project: Project, stack: str, *, env: Mapping[str, str] | None = None, session: Session | None = None, **how: Any
) -> Result:
    """Deletes everything in the stack's state, dependents first.

    Raises:
        DeployError: something could not be deleted, or is protected (then nothing was deleted).
    """
    with session_of(session, env) as used:
        return used.destroy(project, stack, **how)


def outputs(
    project: Project,
    stack: str,
    *,
    env: Mapping[str, str] | None = None,
    backend: Path | str | None = None,
    show_secrets: bool = False,
) -> dict[str, Any]:
    """What the stack's program exported when it was last deployed; secrets as `[secret]` unless asked for.

    Raises:
        StateError: the stack was never deployed.
    """
    environment = {**os.environ, **(env or {})}
    store = backend_of(project, environment, backend)
    if store.read(project.name, stack) is None:
        raise StateError(f"the stack {stack} was never deployed", fix=f"lakelab deploy up -s {stack}")
    passphrase = environment.get("PULUMI_CONFIG_PASSPHRASE", "")
    snapshot, _ = store.load(project.name, stack, passphrase, project.encryption_salt(stack))
    found = snapshot.outputs()
    return values.reveal(found) if show_secrets else values.mask(found)
