"""A project, and a stand-in for the Pulumi CLI that writes down how it was called."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakelab.deploy import Project

SCRIPT = """#!{python}
import json, os, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    stdin = sys.stdin.read() if "import" in words else ""
    log.write(json.dumps({{"argv": words, "env": dict(os.environ), "cwd": os.getcwd(), "stdin": stdin}}) + "\\n")
if "{fail}" in words:
    print("error: no credentials")
    sys.exit(255)
urn = "urn:pulumi:dev::p::lab:x:Zone$aws:sqs/queue:Queue::jobs"
answers = {{
    "stack output": {{"bucket": "raw"}},
    "stack export": {{"version": 3, "deployment": {{"resources": []}}}},
    "stack history": [{{"kind": "update", "startTime": "2026-01-02T03:04:05.000Z",
                       "endTime": "2026-01-02T03:04:09.000Z",
                       "result": "succeeded", "resourceChanges": {{"create": 2}}}}],
    "stack ls": [{{"name": "dev"}}],
    "preview --stack": {{"steps": [{{"op": "create", "urn": urn}}, {{"op": "create-replacement", "urn": urn}}]}},
}}
answer = answers.get(" ".join(words[:2]))
print("Updating (dev)" if answer is None else json.dumps(answer))
"""


@dataclass
class StandIn:
    """The stand-in's executable, and its calls so far."""

    executable: Path
    log: Path

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    @property
    def commands(self) -> list[str]:
        return [" ".join(call["argv"]) for call in self.calls]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (folder / "__main__.py").write_text("")
    return Project.load(folder)


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., StandIn]:
    """Makes `pulumi`; with `fail` it ends with an error when called with this word."""

    def make(fail: str = "-") -> StandIn:
        folder = tmp_path / "bin"
        folder.mkdir()
        made = StandIn(folder / "pulumi", folder / "calls")
        made.executable.write_text(SCRIPT.format(python=sys.executable, log=str(made.log), fail=fail))
        made.executable.chmod(0o755)
        return made

    return make
