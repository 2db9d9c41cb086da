"""Deploy the layers of stacks/ in their declared order, and read their outputs."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lakelab import deploy
from lakelab.cloud.environment import environment
from lakelab.errors import LakelabError
from lakelab.settings import Settings


@dataclass
class Deployed:
    """How many resources the stacks have in all, and how many of them this run has changed."""

    resources: int = 0
    changed: int = 0


class Stacks:
    """The stacks `<layer>-<target>` of the project on the local AWS."""

    def __init__(self, config: Settings, target: str, *, partial: bool = False):
        self._partial = partial
        self._config = config
        self._target = target
        self._backend = config.deployed / "pulumi"

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """Each layer with those that it needs, in order of deployment: stacks/layers.py declares it."""
        return runpy.run_path(str(self._config.root / "stacks" / "layers.py"))["LAYERS"]

    def needed_by(self, *layers: str) -> list[str]:
        """These layers and all that they depend on, in order of deployment.

        Raises:
            LakelabError: there is no such layer.
        """
        wanted: set[str] = set()
        open_ = list(layers)
        while open_:
            layer = open_.pop()
            if layer not in self.needs:
                raise LakelabError(f"no stack {layer!r}", fix=f"choose one of: {', '.join(self.needs)}")
            wanted.add(layer)
            open_ += self.needs[layer]
        return [name for name in self.needs if name in wanted]

    def up(self, layers: Iterable[str], progress: Callable[[str], None]) -> Deployed:
        """Bring the stacks of these layers to what the program says."""
        deployed = Deployed()
        with deploy.Session({**os.environ, **environment(self._config)}, partial=self._partial) as session:
            for layer in layers:
                done = 0

                def listen(event: deploy.Event, layer: str = layer) -> None:
                    nonlocal done
                    if event.kind == "done" and event.step is not None:
                        done += 1
                        progress(f"{layer}: {done} resources")

                result = session.up(self._project, f"{layer}-{self._target}", backend=self._backend, listener=listen)
                deployed.resources += len([step for step in result.steps if step.op != "delete"])
                deployed.changed += sum(count for op, count in result.counts.items() if op not in ("same", "read"))
                self._outputs[layer] = result.outputs
        return deployed

    def is_deployed(self, layer: str) -> bool:
        """Whether the layer's stack has been deployed, and not been destroyed since."""
        try:
            return bool(deploy.outputs(self._project, f"{layer}-{self._target}", backend=self._backend))
        except deploy.StateError:
            return False

    def output(self, layer: str, name: str) -> Any:
        """An output of a deployed stack.

        Raises:
            LakelabError: the stack is not deployed, or has no such output.
        """
        if layer not in self._outputs:
            self._outputs[layer] = deploy.outputs(self._project, f"{layer}-{self._target}", backend=self._backend)
        if name not in self._outputs[layer]:
            raise LakelabError(f"stack {layer}-{self._target} has no output {name}", fix=f"make up-local STACK={layer}")
        return self._outputs[layer][name]

    @cached_property
    def _project(self) -> deploy.Project:
        return deploy.Project.load(self._config.root)

    @cached_property
    def _outputs(self) -> dict[str, dict[str, Any]]:
        return {}
