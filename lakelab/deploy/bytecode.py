"""Compiled Python for the processes that the engine starts, where the environment forbids to keep it.

With PYTHONDONTWRITEBYTECODE every start of a program compiles the SDK anew, which takes longer than most deployments.
The wish behind that variable is a clean source tree; so the compiled files go to the user's cache folder instead.
Without the variable Python's own `__pycache__` does the same, and nothing is done here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "PYTHONDONTWRITEBYTECODE"


def options() -> list[str]:
    """The interpreter options with which a child process keeps its compiled files in the cache folder."""
    return ["-X", f"pycache_prefix={folder()}"] if sys.dont_write_bytecode else []


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables for such a process."""
    return {name: value for name, value in variables.items() if name != VARIABLE}


def folder() -> Path:
    """Where the compiled files are: only the user may write there."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = base / "lakelab" / "pycache"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found
