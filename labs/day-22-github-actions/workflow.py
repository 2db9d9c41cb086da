"""Reads a GitHub workflow: when it runs, and its steps as GitHub's runner would run them, without the actions."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from lakelab.practice import Wrong

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
TYPES = ("opened", "synchronize", "reopened")
# https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions#jobsjob_idstepsshell
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], "sh": ["sh", "-e"]}
SECONDS = 60


@dataclass(frozen=True)
class Step:
    """A `run` of a job, with all that applies to it."""

    job: str
    script: str
    shell: str | None
    folder: str
    environment: dict[str, str]
    may_fail: bool


class Workflow:
    """A workflow file.

    Raises:
        Wrong: it is not YAML, or says nothing that GitHub would run.
    """

    def __init__(self, text: str, name: str):
        self.name = name
        try:
            self.document: dict[Any, Any] = yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            raise Wrong(f"{name} is not YAML: {error}", stop=True) from error
        self.jobs: dict[str, Any] = self.document.get("jobs") or {}
        if not self.jobs:
            raise Wrong(f"{name} has no jobs", stop=True)

    def events(self) -> dict[str, Any]:
        """The events that start it. PyYAML reads the key `on` as the YAML 1.1 truth value."""
        found = self.document.get("on", self.document.get(True))
        if isinstance(found, str):
            return {found: None}
        return dict.fromkeys(found) if isinstance(found, list) else found or {}

    def runs_on_pull_request(self, branch: str, files: list[str]) -> bool:
        """Whether it runs on a pull request to a branch that changes files."""
        if "pull_request" not in self.events():
            return False
        given = self.events()["pull_request"] or {}
        return (
            set(TYPES) <= set(given.get("types", TYPES))
            and _selected(given, "branches", [branch])
            and _selected(given, "paths", files)
        )

    def uses(self) -> Iterator[tuple[str, str]]:
        """Job and action of each step that uses one."""
        for job, about in self.jobs.items():
            for step in about.get("steps") or []:
                if "uses" in step:
                    yield job, step["uses"]

    def steps(self) -> Iterator[Step]:
        """The scripts, in order."""
        common = self.document.get("defaults", {}).get("run", {})
        for job, about in self.jobs.items():
            defaults = common | about.get("defaults", {}).get("run", {})
            for step in about.get("steps") or []:
                if "run" not in step:
                    continue
                variables = {
                    **(self.document.get("env") or {}),
                    **(about.get("env") or {}),
                    **(step.get("env") or {}),
                }
                known = {f"env.{name}": str(value) for name, value in variables.items()}
                matrix = about.get("strategy", {}).get("matrix", {})
                known |= {
                    f"matrix.{name}": str(values[0]) for name, values in matrix.items() if isinstance(values, list)
                }
                yield Step(
                    job,
                    self._filled(str(step["run"]), known),
                    step.get("shell", defaults.get("shell")),
                    self._filled(step.get("working-directory", defaults.get("working-directory", ".")), known),
                    {name: self._filled(str(value), known) for name, value in variables.items()},
                    bool(step.get("continue-on-error") or about.get("continue-on-error")),
                )

    def run(self, repository: Path, environment: Mapping[str, str]) -> tuple[bool, str]:
        """Run all scripts in a repository: whether the workflow is green, and the last words of what failed."""
        failed: dict[str, str] = {}
        for step in self.steps():
            if step.job in failed:
                continue
            code, said = _execute(step, repository, environment)
            if code and not step.may_fail:
                failed[step.job] = f"`{step.script.strip()}` ended with exit code {code}:\n{said}"
        return not failed, "\n".join(failed.values())

    def _filled(self, text: str, known: Mapping[str, str]) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] in known:
                return known[found[1]]
            if found[1] == "github.workspace":
                return "."
            raise Wrong(f"{self.name}: the checker does not know what ${{{{ {found[1]} }}}} is in a step")

        return EXPRESSION.sub(value, text)


def _selected(given: Mapping[str, Any], name: str, values: list[str]) -> bool:
    """Whether a filter lets any of the values through."""
    wanted, ignored = given.get(name), given.get(f"{name}-ignore")
    if wanted is not None:
        return any(_matches(value, wanted) for value in values)
    if ignored is not None:
        return not all(_matches(value, ignored) for value in values)
    return True


def _matches(value: str, patterns: list[str]) -> bool:
    """The last pattern that matches decides; one with `!` excludes."""
    found = False
    for pattern in patterns:
        if fnmatchcase(value, pattern.removeprefix("!")):
            found = not pattern.startswith("!")
    return found


def _execute(step: Step, repository: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    if step.shell not in SHELLS:
        raise Wrong(f"the checker knows no shell {step.shell!r}")
    folder = repository / step.folder
    if not folder.is_dir():
        return 1, f"there is no folder {step.folder}"
    script = repository / ".step.sh"
    script.write_text(step.script, encoding="utf-8")
    try:
        done = subprocess.run(
            [*SHELLS[step.shell], str(script)],
            cwd=folder,
            env={**environment, **step.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"it did not end within {SECONDS} s"
    return done.returncode, "\n".join(done.stdout.strip().splitlines()[-8:])
