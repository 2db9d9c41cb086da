"""Runs a tool as a process and turns what it printed into a run; a tool that could not do its work is a failed run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lakelab.lint.findings import Run

SECONDS = 300


@dataclass(frozen=True)
class Result:
    """What a finished process left."""

    command: list[str]
    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def last_words(self) -> str:
        """The end of what it printed, for a message about its failure."""
        text = self.stderr.strip() or self.stdout.strip()
        return text[-600:] or "it printed nothing"


def execute(command: list[str], root: Path, environment: Mapping[str, str] | None = None) -> Result:
    """Runs a command in the project's root to its end.

    Raises:
        OSError: the command is not there.
        subprocess.TimeoutExpired: it took longer than SECONDS.
    """
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        check=False,
    )
    return Result(command, done.returncode, done.stdout, done.stderr, time.perf_counter() - begin)


def tool(name: str, *arguments: str) -> list[str]:
    """The command of a tool that is installed beside this Python."""
    return [str(Path(sys.executable).with_name(name)), *arguments]


def python(module: str, *arguments: str, root: Path) -> Result:
    """Runs a module of ours in a process of its own."""
    return execute([sys.executable, "-m", module, *arguments], root)


def finish(name: str, result: Result, parse: Callable[[Result], Run], *, codes: tuple[int, ...] = (0,)) -> Run:
    """The run that a process was.

    Args:
        parse: reads the findings from what it printed.
        codes: the exit codes of a tool that has done its work, with findings or without.
    """
    if result.code not in codes:
        return Run(name, seconds=result.seconds, failure=f"exit code {result.code}: {result.last_words}")
    try:
        run = parse(result)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        reason = f"its output cannot be read ({type(error).__name__}: {error}): {result.last_words}"
        return Run(name, seconds=result.seconds, failure=reason)
    return replace(run, seconds=result.seconds)
