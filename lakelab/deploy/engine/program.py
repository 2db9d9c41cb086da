"""Starts the user's program in a process of its own, and listens to what it prints."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lakelab.deploy import bytecode
from lakelab.deploy.project import Project, ProjectError

HOST = Path(__file__).with_name("host.py")
Say = Callable[[str, bool], None]  # a line, and whether it was on standard error


def interpreter(project: Project) -> str:
    """The Python that runs the program: that of the virtual environment the project names, or ours.

    Raises:
        ProjectError: the environment is named but not there.
    """
    if not project.python:
        return sys.executable
    folder = project.root / project.python
    python = folder / "bin" / "python"
    if not python.exists():
        raise ProjectError(
            f"the project's virtual environment {folder} does not exist", fix="create it, or remove `virtualenv`"
        )
    return str(python)


class Host:
    """A process that has imported the SDK and runs one program after another. It ends when this process does."""

    def __init__(self, python: str):
        self.python = python
        self._process = subprocess.Popen(
            [python, *bytecode.options(), str(HOST)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=bytecode.environment(os.environ),
        )
        self._say: Say = _nobody
        self._token = ""
        self._code: int | None = None
        self._open = 0
        self._changed = threading.Condition()
        for stream, is_error in ((self._process.stdout, False), (self._process.stderr, True)):
            threading.Thread(target=self._read, args=(stream, is_error), daemon=True).start()

    def preload(self, modules: Iterable[str]) -> None:
        """Has the process import these modules before the next program."""
        self._order({"preload": sorted(modules)})

    def run(self, job: Mapping[str, Any], say: Say) -> None:
        """Runs a program; `say` gets each line that it prints."""
        with self._changed:
            self._token = f"\0{uuid.uuid4().hex}"
            self._say, self._code, self._open = say, None, 2
        self._order({"job": job, "token": self._token})

    def _order(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it died; the readers will say so
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self, stream: Any, is_error: bool) -> None:
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip("\n")
                head, mark, code = text.rpartition(self._token) if self._token else ("", "", "")
                if mark:
                    if head:
                        self._say(head, is_error)
                    self._ended(int(code))
                else:
                    self._say(text, is_error)
        self._ended(self._process.wait())

    def _ended(self, code: int) -> None:
        with self._changed:
            if self._open:
                self._open -= 1
                self._code = code
                self._changed.notify_all()

    def poll(self) -> int | None:
        """The program's exit code, when it has ended and all that it printed has been heard."""
        with self._changed:
            return self._code if self._open == 0 else None

    def wait(self, timeout: float | None = None) -> int | None:
        """Waits for the program's end; its exit code, or None when it has not come."""
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0, timeout)
            return self._code if self._open == 0 else None

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Gives the program a moment to end by itself, then ends it."""
        if self.wait(timeout=5) is None:
            self._order({"stop": True})
            self.wait(timeout=5)
        self._say = _nobody

    def stop(self) -> None:
        """Ends the process."""
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _nobody(line: str, is_error: bool) -> None:
    """Where lines go that no deployment waits for."""


def job(
    project: Project,
    stack: str,
    *,
    monitor: str,
    engine: str,
    config: Mapping[str, str],
    secret_keys: Iterable[str],
    environment: Mapping[str, str],
    preview: bool,
    parallel: int,
) -> dict[str, Any]:
    """What a host is told to run."""
    variables = {
        **environment,
        "PULUMI_PROJECT": project.name,
        "PULUMI_STACK": stack,
        "PULUMI_ORGANIZATION": "organization",
        "PULUMI_ROOT_DIRECTORY": str(project.root),
        "PULUMI_MONITOR": monitor,
        "PULUMI_ENGINE": engine,
        "PULUMI_CONFIG": json.dumps(dict(config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(secret_keys)),
        "PULUMI_DRY_RUN": "true" if preview else "false",
        "PULUMI_PARALLEL": str(parallel),
    }
    return {
        "project": project.name,
        "stack": stack,
        "root": str(project.root),
        "folder": str(project.working_folder),
        "program": str(project.program),
        "monitor": monitor,
        "engine": engine,
        "config": dict(config),
        "secretKeys": sorted(secret_keys),
        "environment": variables,
        "dryRun": preview,
        "parallel": parallel,
    }
