"""Pulumi's do-it-yourself backend in a folder: checkpoints, locks, history and backups, in Pulumi's own layout.

    .pulumi/meta.yaml
    .pulumi/stacks/<project>/<stack>.json
    .pulumi/locks/organization/<project>/<stack>/<id>.json
    .pulumi/history/<project>/<stack>/<stack>-<nanoseconds>.history.json

https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-self-managed-backend
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import (
    ENGINE_VERSION,
    Snapshot,
    StateError,
    decode_deployment,
    encode_deployment,
    now,
    salt_of,
)

SCHEMA_VERSION = 3


class Backend:
    """The state of all stacks under one folder.

    Args:
        folder: the folder, or its `file://` URL.

    Raises:
        StateError: it is a URL of another kind.
    """

    def __init__(self, folder: Path | str):
        text = str(folder)
        if "://" in text and not text.startswith("file://"):
            raise StateError(f"the backend {text} is not a folder", fix="set PULUMI_BACKEND_URL to file://<folder>")
        self.folder = Path(text.removeprefix("file://")).expanduser().resolve()
        self._root = self.folder / ".pulumi"

    # -- checkpoints --------------------------------------------------------------------------------------------------

    def checkpoint_file(self, project: str, stack: str) -> Path:
        return self._root / "stacks" / project / f"{stack}.json"

    def read(self, project: str, stack: str) -> dict[str, Any] | None:
        """The deployment in a stack's checkpoint as data, or None when the stack is new.

        Raises:
            StateError: the file is no checkpoint of a version that the engine knows.
        """
        file = self.checkpoint_file(project, stack)
        if not file.is_file():
            return None
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise StateError(f"{file} cannot be read: {error}", fix=f"restore it from {file}.bak") from error
        if document.get("version") != SCHEMA_VERSION:
            raise StateError(f"{file} has version {document.get('version')}, not {SCHEMA_VERSION}")
        return (document.get("checkpoint") or {}).get("latest") or {}

    def load(self, project: str, stack: str, passphrase: str, salt: str | None) -> tuple[Snapshot, Secrets]:
        """The state of a stack and what opens its secrets; an empty state when the stack is new.

        Args:
            salt: the `encryptionsalt` of the stack's configuration, for a stack that has no secrets in state yet.
        """
        data = self.read(project, stack) or {}
        secrets = Secrets(passphrase, salt_of(data) or salt)
        return decode_deployment(data, secrets), secrets

    def save(self, project: str, stack: str, snapshot: Snapshot, secrets: Secrets) -> None:
        self.write(project, stack, json.dumps(encode_deployment(snapshot, secrets)))

    def write(self, project: str, stack: str, deployment: str) -> None:
        """Replaces a stack's checkpoint in one step: a reader sees the old one or the new one, never a part."""
        self._prepare()
        file = self.checkpoint_file(project, stack)
        file.parent.mkdir(parents=True, exist_ok=True)
        name = f"organization/{project}/{stack}"
        text = f'{{"version": {SCHEMA_VERSION}, "checkpoint": {{"stack": {json.dumps(name)}, "latest": {deployment}}}}}'
        _replace(file, text)

    def remove(self, project: str, stack: str) -> None:
        self.checkpoint_file(project, stack).unlink(missing_ok=True)

    def stacks(self, project: str) -> list[str]:
        folder = self._root / "stacks" / project
        return sorted(file.stem for file in folder.glob("*.json")) if folder.is_dir() else []

    def projects(self) -> list[str]:
        folder = self._root / "stacks"
        return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []

    def _prepare(self) -> None:
        meta = self._root / "meta.yaml"
        if not meta.is_file():
            self._root.mkdir(parents=True, exist_ok=True)
            _replace(meta, "version: 1\n")

    # -- locks --------------------------------------------------------------------------------------------------------

    def _lock_folder(self, project: str, stack: str) -> Path:
        return self._root / "locks" / "organization" / project / stack

    @contextmanager
    def lock(self, project: str, stack: str) -> Iterator[None]:
        """Keeps everybody else from changing the stack. The lock of a process that died here is taken over.

        Raises:
            StateError: somebody else is at work on the stack.
        """
        self._prepare()
        folder = self._lock_folder(project, stack)
        folder.mkdir(parents=True, exist_ok=True)
        mine = folder / f"{uuid.uuid4()}.json"
        holder = {
            "pid": os.getpid(),
            "username": getpass.getuser(),
            "hostname": socket.gethostname(),
            "timestamp": now(),
        }
        _replace(mine, json.dumps(holder))
        try:
            for other in self._locks(folder, apart_from=mine):
                raise StateError(
                    f"the stack {stack} is locked by process {other.get('pid')} of {other.get('username')} "
                    f"on {other.get('hostname')} since {other.get('timestamp')}",
                    fix="wait for it, or run `lakelab deploy cancel` if it is gone",
                )
            yield
        finally:
            mine.unlink(missing_ok=True)

    def _locks(self, folder: Path, apart_from: Path | None = None) -> Iterator[dict[str, Any]]:
        for file in sorted(folder.glob("*.json")):
            if file == apart_from:
                continue
            try:
                holder = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue  # removed by its owner in this very moment
            if holder.get("hostname") == socket.gethostname() and not _is_alive(int(holder.get("pid", 0))):
                file.unlink(missing_ok=True)
            else:
                yield holder

    def cancel(self, project: str, stack: str) -> int:
        """Removes the locks of a stack, whoever holds them; how many there were."""
        count = self.locks(project, stack)
        for file in self._lock_folder(project, stack).glob("*.json"):
            file.unlink(missing_ok=True)
        return count

    def locks(self, project: str, stack: str) -> int:
        """How many locks a stack has."""
        return len(list(self._lock_folder(project, stack).glob("*.json")))

    # -- history ------------------------------------------------------------------------------------------------------

    def _history_folder(self, project: str, stack: str) -> Path:
        return self._root / "history" / project / stack

    def add_history(self, project: str, stack: str, entry: dict[str, Any]) -> None:
        folder = self._history_folder(project, stack)
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / f"{stack}-{time.time_ns()}.history.json", json.dumps(entry, indent=4))

    def history(self, project: str, stack: str) -> list[dict[str, Any]]:
        """What was done to a stack, newest first."""
        files = sorted(self._history_folder(project, stack).glob("*.history.json"), reverse=True)
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def history_entry(kind: str, started: float, result: str, changes: dict[str, int]) -> dict[str, Any]:
    """One line of a stack's history, in the shape of Pulumi's `UpdateInfo`."""
    return {
        "kind": kind,
        "startTime": int(started),
        "message": "",
        "environment": {"lakelab.engine": ENGINE_VERSION},
        "config": {},
        "result": result,
        "endTime": int(time.time()),
        "resourceChanges": changes,
    }


def _replace(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, IndexError):
        return False
