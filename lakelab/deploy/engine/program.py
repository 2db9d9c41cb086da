"""Starts the user's program in a process of its own, and listens to what it prints."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

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
        raise ProjectError(f"the project's virtual environment {folder} does not exist", fix="create it, or remove `virtualenv`")
    return str(python)


class Host:
    """A process that has imported the SDK and waits for a program to run. It ends when this process does."""

    def __init__(self, python: str):
        self.python = python
        self._process = subprocess.Popen(
            [python, str(HOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._readers: list[threading.Thread] = []

    def preload(self, modules: Iterable[str]) -> None:
        """Has the process import these modules while it waits."""
        self._order({"preload": sorted(modules)})

    def run(self, job: Mapping[str, Any], say: Say) -> None:
        """Runs a program; `say` gets each line that it prints."""
        assert self._process.stdout
        assert self._process.stderr
        for stream, is_error in ((self._process.stdout, False), (self._process.stderr, True)):
            reader = threading.Thread(target=_read, args=(stream, is_error, say), daemon=True)
            reader.start()
            self._readers.append(reader)
        self._order({"job": job})

    def _order(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it died; `wait` gives its exit code
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when all that it printed has been heard."""
        code = self._process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout=5)
        return code

    def end(self) -> None:
        """Gives the program a moment to print its last words and end by itself, then ends it."""
        try:
            self.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.stop()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream and not (stream is not self._process.stdin and self._readers):
                with contextlib.suppress(OSError):
                    stream.close()


def _read(stream: Any, is_error: bool, say: Say) -> None:
    with stream:
        for line in stream:
            say(line.decode(errors="replace").rstrip("\n"), is_error)


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
