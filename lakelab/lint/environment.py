"""Tools whose requirements do not fit ours, each in an environment of its own."""

from __future__ import annotations

from pathlib import Path

from lakelab.environments import environment

LOCKS = Path("policies/rules")  # <tool>.lock


def tool(name: str, root: Path, state: Path) -> Path:
    """The program of a tool, in its own environment.

    Args:
        root: the project's root, with the lock file.
        state: the data folder, which the environment goes into.

    Raises:
        LakelabError: there is no lock file, or the packages cannot be installed.
    """
    return environment(name, root / LOCKS / f"{name}.lock", state) / "bin" / name
