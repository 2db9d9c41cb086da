"""Environments of their own for programs whose requirements do not fit ours: made on demand from hash-locked files."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lakelab.errors import LakelabError

SECONDS = 900


class EnvironmentFailure(LakelabError):
    """A program's environment cannot be made."""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One process at a time makes what a lock file stands for; the others wait and find it made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def environment(name: str, lock: Path, state: Path, before: Callable[[], None] = lambda: None) -> Path:
    """The folder of a program's own environment, made if it is not there or its lock file has changed.

    Args:
        name: of the program.
        lock: its packages, as `uv pip compile --generate-hashes` writes them.
        state: the data folder, which the environment goes into.
        before: called when it has to be made, which takes a while and the network.

    Raises:
        EnvironmentFailure: there is no lock file, or the packages cannot be installed.
    """
    if not lock.is_file():
        raise EnvironmentFailure(f"{lock} is missing: {name} is installed from it alone", fix=f"git restore {lock}")
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    folder = state / "tools" / name
    stamp = folder / "lock.sha256"
    with alone(state / "tools" / f"{name}.lock"):
        if not (stamp.is_file() and stamp.read_text() == digest):
            before()
            _make(name, folder, lock)
            stamp.write_text(digest)
    return folder


def _make(name: str, folder: Path, lock: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder / "bin/python"), str(lock)],
    ):
        done = subprocess.run(
            command, env={**os.environ, "VIRTUAL_ENV": ""}, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        if done.returncode:
            raise EnvironmentFailure(
                f"{name} cannot be installed: {(done.stderr or done.stdout).strip()[-600:]}",
                fix="it needs the network once; with the packages in uv's cache it needs none",
            )
