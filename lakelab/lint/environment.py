"""Environments of their own for tools whose requirements do not fit ours: made on demand from hash-locked files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from lakelab.lint.findings import LintError
from lakelab.lint.process import alone
from lakelab.lint.process import tool as beside

LOCKS = Path("policies/rules")  # <tool>.lock, as `uv pip compile --generate-hashes` writes it


def tool(name: str, root: Path, state: Path) -> Path:
    """The program of a tool, in its own environment, which is made if it is not there or its lock file has changed.

    Args:
        root: the project's root, with the lock file.
        state: the data folder, which the environment goes into.

    Raises:
        LintError: there is no lock file, or the packages cannot be installed.
    """
    lock = root / LOCKS / f"{name}.lock"
    if not lock.is_file():
        raise LintError(
            f"{lock.relative_to(root)} is missing: {name} is installed from it alone", fix=f"git restore {lock}"
        )
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    folder = state / "tools" / name
    stamp = folder / "lock.sha256"
    program = folder / "bin" / name
    with alone(state / "tools" / f"{name}.lock"):
        if not (program.is_file() and stamp.is_file() and stamp.read_text() == digest):
            _make(name, folder, lock)
            stamp.write_text(digest)
    return program


def _make(name: str, folder: Path, lock: Path) -> None:
    for command in (
        beside("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)),
        beside("uv", "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder / "bin/python"), str(lock)),
    ):
        done = subprocess.run(
            command, env={**os.environ, "VIRTUAL_ENV": ""}, capture_output=True, text=True, check=False, timeout=600
        )
        if done.returncode:
            raise LintError(
                f"{name} cannot be installed: {(done.stderr or done.stdout).strip()[-600:]}",
                fix="it needs the network once; with the packages in uv's cache it needs none",
            )
