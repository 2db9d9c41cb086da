"""Deploys with the real Pulumi CLI, when it is on PATH, by environment alone: no file of the project is rewritten.

Written from Pulumi's documentation and tested with a stand-in for the executable; it has not been run with a real CLI.

https://www.pulumi.com/docs/iac/cli/environment-variables/ and
https://www.pulumi.com/docs/iac/cli/commands/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.events import Event, Listener, Op, Result, Step, Verb
from lakelab.deploy.project import Project
from lakelab.errors import LakelabError

_OPS: dict[str, Op] = {
    "same": "same",
    "create": "create",
    "update": "update",
    "replace": "replace",
    "delete": "delete",
    "read": "read",
    "import": "import",
    "refresh": "refresh",
}
_COMMANDS: dict[Verb, list[str]] = {
    "preview": ["preview"],
    "up": ["up", "--yes", "--skip-preview"],
    "refresh": ["refresh", "--yes", "--skip-preview"],
    "destroy": ["destroy", "--yes", "--skip-preview"],
}


class PulumiFailed(LakelabError):
    """The Pulumi CLI ended with an error; its own words are in the message."""


class OtherEngine(LakelabError):
    """The state was last written by the other engine, so a refresh must come first."""


def find(environment: Mapping[str, str] | None = None) -> str | None:
    """The Pulumi CLI on PATH, or None."""
    return shutil.which("pulumi", path=(environment or os.environ).get("PATH"))


def require_same_engine(backend: Backend, project: str, stack: str, *, embedded: bool) -> None:
    """Keeps two engines from taking turns on a stack unasked: each fills in things that the other has not.

    Raises:
        OtherEngine: the state has resources that the other engine wrote.
    """
    data = backend.read(project, stack) or {}
    writer = (data.get("manifest") or {}).get("version", "")
    if not data.get("resources") or not writer or writer.startswith("lakelab") == embedded:
        return
    mine = "the embedded engine" if embedded else "the Pulumi CLI"
    raise OtherEngine(
        f"the state of {stack} was written by {writer}, and this is {mine}",
        fix="run `lakelab deploy refresh` with this engine first; then it may go on",
    )


@dataclass
class Cli:
    """The Pulumi CLI on one backend.

    Args:
        executable: the path of `pulumi`.
        env: variables over those of this process; they carry endpoint, region and credentials.
        backend: a folder, or the URL of any backend that Pulumi knows; the project's own folder when not given.
    """

    executable: str
    env: Mapping[str, str]
    backend: Path | str | None = None
    title = "pulumi CLI"
    prints_summary = True

    def environment(self, project: Project) -> dict[str, str]:
        """The variables with which the CLI finds backend, passphrase and endpoint.

        A relative file:// URL would be taken from the working directory, so that of a folder is made absolute.
        """
        files = self._files(project)
        if files is not None:
            files.folder.mkdir(parents=True, exist_ok=True)
        return {
            **os.environ,
            **self.env,
            "PULUMI_BACKEND_URL": str(self.backend) if files is None else f"file://{files.folder}",
            "PULUMI_CONFIG_PASSPHRASE": self.env.get(
                "PULUMI_CONFIG_PASSPHRASE", os.environ.get("PULUMI_CONFIG_PASSPHRASE", "")
            ),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def run(
        self,
        verb: Verb,
        project: Project,
        stack: str,
        *,
        listener: Listener = lambda event: None,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        expect_no_changes: bool = False,
    ) -> Result:
        """Runs a verb; the CLI's own output goes to the listener line by line.

        Raises:
            PulumiFailed: the CLI ended with an error.
            OtherEngine: the embedded engine wrote the state last.
        """
        files = self._files(project)
        if verb != "refresh" and files is not None:
            require_same_engine(files, project.name, stack, embedded=False)
        started = time.time()
        self._select(project, stack)
        command = [self.executable, *_COMMANDS[verb], "--stack", stack, "--non-interactive", "--color", "never"]
        for target in targets:
            command += ["--target", target]
        for urn in replace:
            command += ["--replace", urn]
        if verb == "preview":
            command.append("--json")
        elif expect_no_changes:
            command.append("--expect-no-changes")
        lines = self._stream(command, project, listener, quiet=verb == "preview")
        result = Result(verb, project.name, stack, seconds=time.time() - started)
        if verb == "preview":
            result.steps = _preview_steps("\n".join(lines))
        if verb in ("up", "refresh"):
            result.outputs = self.outputs(project, stack)
        return result

    def _files(self, project: Project) -> Backend | None:
        """The backend when it is a folder, where the embedded engine may have been at work as well."""
        given = str(self.backend or project.root / ".lakelab" / "pulumi")
        return Backend(given) if "://" not in given or given.startswith("file://") else None

    def _select(self, project: Project, stack: str) -> None:
        self._call(["stack", "select", "--create", stack, "--non-interactive"], project)

    def outputs(self, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs; secrets are masked by the CLI unless asked for."""
        shown = ["--show-secrets"] if show_secrets else []
        return json.loads(self._call(["stack", "output", "--json", "--stack", stack, *shown], project) or "{}")

    def export(self, project: Project, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
        """The stack's deployment as data."""
        shown = ["--show-secrets"] if show_secrets else []
        return json.loads(self._call(["stack", "export", "--stack", stack, *shown], project))

    def import_(self, project: Project, stack: str, text: str) -> int:
        """Makes an exported state the state of a stack; how many resources it has."""
        self._select(project, stack)
        self._call(["stack", "import", "--stack", stack], project, text)
        return len(json.loads(text)["deployment"].get("resources") or ())

    def history(self, project: Project, stack: str) -> list[dict[str, Any]]:
        """What was done to the stack, newest first."""
        return json.loads(self._call(["stack", "history", "--json", "--stack", stack], project) or "[]")

    def cancel(self, project: Project, stack: str) -> int:
        """Takes the stack's locks from the updates that hold them; how many there were, or 1 if they are no files."""
        files = self._files(project)
        held = files.locks(project.name, stack) if files is not None else 1
        self._call(["cancel", "--yes", "--stack", stack], project)
        return held

    def stacks(self, project: Project) -> list[str]:
        """The names of the project's stacks."""
        return [item["name"].rsplit("/", 1)[-1] for item in json.loads(self._call(["stack", "ls", "--json"], project))]

    def _call(self, arguments: Sequence[str], project: Project, stdin: str = "") -> str:
        done = subprocess.run(
            [self.executable, *arguments],
            input=stdin,
            cwd=project.root,
            env=self.environment(project),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PulumiFailed(f"pulumi {' '.join(arguments[:2])} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _stream(self, command: list[str], project: Project, listener: Listener, *, quiet: bool) -> list[str]:
        """Runs a command, telling its lines as they come; standard output as lines."""
        with subprocess.Popen(
            command,
            cwd=project.root,
            env=self.environment(project),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            lines = []
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if not quiet:
                    listener(Event("diagnostic", text=lines[-1]))
        if process.returncode:
            told = "\n".join(lines[-20:])
            raise PulumiFailed(f"pulumi {command[1]} failed:\n{told}", fix="the Pulumi CLI says above what it needs")
        return lines


def _preview_steps(text: str) -> list[Step]:
    """The steps of `pulumi preview --json`."""
    start = text.find("{")
    document = json.loads(text[start:]) if start >= 0 else {}
    found = []
    for entry in document.get("steps") or []:
        urn = entry["urn"]
        op = _OPS.get(entry.get("op", "same"))
        if op is not None:  # halves of a replacement come as steps of their own beside `replace`
            kind = urn.split("::")[2].rsplit("$", 1)[-1]
            found.append(Step(urn, kind, urn.rsplit("::", 1)[-1], op))
    return found
