"""The files of the project, and digests of them by which a result is known to be still true."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lakelab.lint.findings import LintError


def tracked(root: Path) -> list[Path]:
    """The project's files that git tracks or would track, relative to the root.

    Raises:
        LintError: the project is not in git.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LintError(f"git cannot list the files: {done.stderr.strip()}", fix="lint works in a git repository")
    return sorted(Path(name) for name in done.stdout.split("\0") if name and (root / name).is_file())


def digest(root: Path, files: Iterable[Path], *also: str) -> str:
    """One digest of the names and contents of files, and of further texts."""
    found = hashlib.sha256("\0".join(also).encode())
    for file in sorted(files):
        found.update(f"\0{file}\0".encode())
        found.update((root / file).read_bytes())
    return found.hexdigest()


def below(files: Iterable[Path], *folders: str, suffixes: tuple[str, ...] = ()) -> list[Path]:
    """Those files that are in one of the folders (or are one of the names), and end in one of the suffixes if given."""
    return [
        file
        for file in files
        if any(file.is_relative_to(folder) for folder in folders) and (not suffixes or file.suffix in suffixes)
    ]
