"""Opens the core that the settings name."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from lakelab.cloud.core import Core
from lakelab.cloud.core.capabilities import By, Capabilities, embedded, measure
from lakelab.cloud.core.localstack.process import LocalStack, health
from lakelab.cloud.core.ministack import MiniStackCore
from lakelab.cloud.core.ministack_beside import ministack_beside
from lakelab.cloud.core.remote import RemoteCore
from lakelab.cloud.iam.record import FILE as IAM_RECORD
from lakelab.cloud.iam.record import Record
from lakelab.errors import LakelabError
from lakelab.settings import EMBEDDED, Settings


class NoAws(LakelabError):
    """Nothing that speaks AWS's protocols answers."""


def open_core(config: Settings) -> tuple[Core, dict[str, Any]]:
    """The core, and what `/_lakelab/health` says of it: name, version, url, and who answers which service.

    LocalStack is started, and what lakelab kept for the LocalStack before is deleted: it has forgotten its part.

    Raises:
        LakelabError: LocalStack cannot be started, or no AWS answers at the URL.
    """
    if config.core == EMBEDDED:
        core = MiniStackCore(config, config.deployed / "core", Record(config.deployed / IAM_RECORD))
        return core, _identity("ministack", version("ministack"), None, embedded())
    if config.core == "localstack":
        shutil.rmtree(config.deployed, ignore_errors=True)
        process = LocalStack(config, config.deployed / "localstack")
        found = _measured_once(config, process.url)
        core, about = _remote(config, process.url, found, process.stop)
        return core, {**about, "keeps_nothing": True, "functions_run_in_processes": True}
    found = measure(config.core, config.region)
    identity = found.of("sts")
    if identity is None or identity.by is not By.CORE:
        raise NoAws(f"no AWS answers at {config.core}: {identity.reason if identity else ''}", fix="start it first")
    return _remote(config, config.core, found, lambda: None)


def _remote(
    config: Settings, url: str, found: Capabilities, stop: Callable[[], None]
) -> tuple[RemoteCore, dict[str, Any]]:
    beside = ministack_beside(config, config.deployed / "core", lambda: core.root("lambda")) if found.embedded else None
    core = RemoteCore(config, url, found, beside, stop, Record(config.deployed / IAM_RECORD))
    about = health(url)
    name = "localstack" if about else "moto" if _is_moto(url) else "other"
    return core, _identity(name, about.get("version", ""), url, found)


def _is_moto(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=2) as answer:  # noqa: S310
            return b"Moto" in answer.read()
    except (OSError, urllib.error.URLError):
        return False


def _identity(name: str, release: str, url: str | None, found: Capabilities) -> dict[str, Any]:
    return {"name": name, "version": release, "url": url, "services": found.as_json()}


def _measured_once(config: Settings, url: str) -> Capabilities:
    """The capabilities of the pinned LocalStack: measured at its first start, since every probe loads a service."""
    file = config.state / "tools" / "localstack" / "capabilities.json"
    try:
        return Capabilities.from_json(json.loads(file.read_text()))
    except (OSError, ValueError, KeyError):
        found = measure(url, config.region)
        if not found.absent:  # it lacks nothing; on a machine that is too busy a probe fails that succeeds tomorrow
            file.write_text(json.dumps(found.as_json(), indent=1))
        return found
