"""StackReference: the outputs of other stacks in the same backend."""

from __future__ import annotations

from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.state import StateError
from lakelab.deploy.values import Properties


class StackOutputs:
    """The outputs of stacks by the names that programs give: `stack`, `project/stack`, `organization/project/stack`.

    Args:
        project: the project of the program that asks, for names that give none.
    """

    def __init__(self, backend: Backend, project: str, passphrase: str):
        self._backend = backend
        self._project = project
        self._passphrase = passphrase

    def of(self, name: str) -> Properties:
        """
        Raises:
            StateError: there is no such stack.
        """
        parts = name.split("/")
        project, stack = (parts[-2], parts[-1]) if len(parts) > 1 else (self._project, parts[0])
        if len(parts) > 3 or (len(parts) == 3 and parts[0] != "organization"):
            raise StateError(f"no stack name: {name}", fix="write organization/<project>/<stack>")
        if self._backend.read(project, stack) is None:
            known = ", ".join(f"{p}/{s}" for p in self._backend.projects() for s in self._backend.stacks(p)) or "none"
            raise StateError(f"unknown stack {name}; there are: {known}", fix=f"deploy the stack {stack} first")
        return self._backend.load(project, stack, self._passphrase, None)[0].outputs()
