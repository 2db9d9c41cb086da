"""Every layer's program, run once, and what it registered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))  # the folder stacks is no installed package

from stacks.layers import LAYERS  # noqa: E402


@dataclass(frozen=True)
class Registered:
    """What a program registered, and what it exports."""

    resources: list[dict[str, Any]]
    exports: dict[str, Any]
    referred: list[str]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """The inputs of the resources of a type, by their Pulumi names: `all("s3/bucket:Bucket")`."""
        return {found["name"]: found["inputs"] for found in self.resources if found["type"] == f"aws:{kind}"}

    def one(self, kind: str, name: str) -> dict[str, Any]:
        return self.all(kind)[name]

    def depends_on(self, kind: str, name: str) -> list[str]:
        """What a resource waits for: `Role ingest`."""
        [found] = [item for item in self.resources if (item["type"], item["name"]) == (f"aws:{kind}", name)]
        return found["depends_on"]


Run = Callable[..., Registered]


def run(stack: str, config: dict[str, Any], outputs: dict[str, Any]) -> Registered:
    command = [
        sys.executable,
        str(Path(__file__).with_name("record.py")),
        stack,
        json.dumps(config),
        json.dumps(outputs),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Registered(**json.loads(done.stdout))


@pytest.fixture(scope="session")
def deployed() -> dict[str, Registered]:
    """All layers of the target `test`, each with the outputs of those that it needs and of no other."""
    found: dict[str, Registered] = {}
    for layer, needs in LAYERS.items():
        outputs = {f"organization/lakelab/{needed}-test": found[needed].exports for needed in needs}
        found[layer] = run(f"{layer}-test", {}, outputs)
    return found


@pytest.fixture(scope="session")
def run_program() -> Run:
    """Run the program as a stack: `run_program("lake-test", {"noncurrentDays": 7})`."""

    def call(stack: str, config: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None) -> Registered:
        return run(stack, config or {}, outputs or {})

    return call
