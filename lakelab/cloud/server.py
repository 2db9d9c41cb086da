"""Start, stop and find the process of the local AWS of this project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from lakelab.cloud.core.localstack.process import prepare
from lakelab.errors import LakelabError
from lakelab.processes import holder_of
from lakelab.settings import EMBEDDED, Settings

START_SECONDS = 30
OUTSIDE_START_SECONDS = 120  # with its first probes
STOP_SECONDS = 15
# what the server's environment keeps of ours; everything else stays out of it, and so out of the Lambda functions
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "AWS_CA_BUNDLE")


class CloudError(LakelabError):
    """The local AWS could not be started or stopped."""


@dataclass(frozen=True)
class Running:
    """A local AWS that was started: its process, its port, and the instance id by which it is recognised."""

    pid: int
    port: int
    instance: str
    core: str = EMBEDDED

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Server:
    """The local AWS of one project: at most one process per data folder."""

    def __init__(self, config: Settings):
        self._config = config
        self._record = config.state / "cloud.json"
        self.log = config.state / "cloud.log"

    def running(self) -> Running | None:
        """The process that serves this data folder, if it answers with the instance id that it was started with."""
        known = self._known()
        if known is None or not psutil.pid_exists(known.pid):
            return None
        return known if _identity(known.endpoint).get("instance") == known.instance else None

    def start(self, say: Callable[[str], None] = lambda text: None) -> Running:
        """Start the local AWS unless it runs, and wait until it answers as itself.

        Args:
            say: told of what takes long: LocalStack's packages are fetched at its first start.

        Raises:
            LakelabError: the port is taken by another process, the process ended or did not answer in time, or
                LocalStack cannot be installed.
        """
        already = self.running()
        if already is not None and (already.port, already.core) == (self._config.port, self._config.core):
            return already
        self.stop()
        self._refuse_taken_port()
        if self._config.core == "localstack":
            prepare(self._config, lambda: say("fetching LocalStack from PyPI, once"))
        instance = str(uuid4())
        self._config.state.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lakelab.cloud.serve", instance],
                cwd=self._config.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started = Running(process.pid, self._config.port, instance, self._config.core)
        self._remember(started)
        self._wait_until_it_answers(started, process)
        return started

    def stop(self) -> bool:
        """Stop the local AWS and wait until it has saved and ended. False when none was running."""
        known = self._known()
        if known is None or not self._is_ours(known):
            self._record.unlink(missing_ok=True)
            return False
        process = psutil.Process(known.pid)
        children = process.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
        for child in children:  # Lambda's workers end with their server; one that hangs is ended here
            if child.is_running():
                child.kill()
        self._record.unlink(missing_ok=True)
        return True

    def core(self) -> dict[str, Any]:
        """What the running local AWS says of its core: name, version, url, services. Empty when none runs."""
        running = self.running()
        return _identity(running.endpoint).get("core", {}) if running else {}

    def reset(self) -> None:
        """Stop the local AWS and delete all that it keeps, the deployments' state included."""
        self.stop()
        shutil.rmtree(self._config.state, ignore_errors=True)

    def _known(self) -> Running | None:
        try:
            return Running(**json.loads(self._record.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _remember(self, started: Running) -> None:
        partial = self._record.with_suffix(".tmp")
        partial.write_text(json.dumps(asdict(started)))
        partial.replace(self._record)

    @staticmethod
    def _is_ours(known: Running) -> bool:
        try:
            return known.instance in psutil.Process(known.pid).cmdline()
        except psutil.NoSuchProcess:
            return False

    def _refuse_taken_port(self) -> None:
        port = self._config.port
        holder = holder_of(port)
        if holder:
            raise CloudError(
                f"port {port} is taken by {holder}",
                fix=f"stop that process, or choose another port: export LAKELAB_PORT={port + 1}",
            )

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return kept | self._config.environment()

    def _wait_until_it_answers(self, started: Running, process: subprocess.Popen[bytes]) -> None:
        seconds = START_SECONDS if self._config.core == EMBEDDED else OUTSIDE_START_SECONDS
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if _identity(started.endpoint).get("instance") == started.instance:
                return
            if process.poll() is not None:
                raise CloudError(f"the local AWS ended at once:\n{self._end_of_log()}", fix=f"see {self.log}")
            time.sleep(0.05)
        process.kill()
        raise CloudError(f"the local AWS did not answer within {seconds} s", fix=f"see {self.log}")

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def _identity(endpoint: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{endpoint}/_lakelab/health", timeout=2) as answer:  # noqa: S310
            return json.load(answer)
    except (OSError, urllib.error.URLError, ValueError):
        return {}


def data_size(folder: Path) -> int:
    """The bytes of all files under `folder`."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
