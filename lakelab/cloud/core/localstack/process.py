"""LocalStack's own process: the last open release from PyPI, in an environment of its own, without Docker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from lakelab.environments import environment
from lakelab.errors import LakelabError
from lakelab.processes import free_port
from lakelab.settings import Settings

LOCK = Path("localstack/localstack.lock")
PLUGIN = Path(__file__).parent / "plugin"
START_SECONDS = 60.0
STOP_SECONDS = 5.0
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE")
# https://docs.localstack.cloud/references/configuration/
OPTIONS = {
    "DNS_ADDRESS": "0",  # no DNS server
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DISABLE_EVENTS": "1",  # no telemetry
    "OVERRIDE_IN_DOCKER": "0",  # it takes any container for its own image, and writes to /var/lib
    "SQS_ENDPOINT_STRATEGY": "path",  # URLs of queues with a host that resolves everywhere
    "LAMBDA_RUNTIME_EXECUTOR": "processes",
    "LAMBDA_RETRY_BASE_DELAY": "1",  # seconds between the attempts of an event; AWS waits a minute
    "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
    "LAMBDA_SYNCHRONOUS_CREATE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class LocalStackFailure(LakelabError):
    """LocalStack could not be started."""


def prepare(config: Settings, before: Callable[[], None] = lambda: None) -> Path:
    """The folder of LocalStack's environment, made from PyPI if it is not there; `before` is called if it is made.

    Raises:
        LakelabError: the packages cannot be installed.
    """
    return environment("localstack", config.root / LOCK, config.state, before)


class LocalStack:
    """A LocalStack that ends with this process, however this process ends.

    Args:
        config: its endpoint is where clients reach it, by the gateway.
        folder: of all that it writes. It is emptied at the start: the free edition keeps nothing.
    """

    def __init__(self, config: Settings, folder: Path):
        python = prepare(config) / "bin" / "python"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "localstack.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(python), "-m", "lakelab_localstack"],
                cwd=folder,
                env=self._environment(config, folder, port),
                stdin=subprocess.PIPE,  # closed when we end: its sign to end too
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()

    @staticmethod
    def _environment(config: Settings, folder: Path, port: int) -> dict[str, str]:
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **kept,
            **OPTIONS,
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "FILESYSTEM_ROOT": str(folder),
            "PYTHONPATH": str(PLUGIN),
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_HOST": f"127.0.0.1:{config.port}",  # in the URLs that it answers with
            "LAKELAB_LAMBDA_CONCURRENCY": str(config.lambda_concurrency),
            "LAKELAB_ENDPOINT": config.endpoint,
            "LAKELAB_PYTHON": sys.executable,
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if health(self.url):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        last = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
        raise LocalStackFailure(f"LocalStack does not answer:\n{last}", fix=f"see {self._log}")

    def stop(self) -> None:
        """End it, and all that it has started."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def health(url: str) -> dict[str, str]:
    """LocalStack's own words about itself, `version` and `edition` among them; empty when none answers there."""
    try:
        with urllib.request.urlopen(f"{url}/_localstack/health", timeout=2) as answer:  # noqa: S310
            found = json.load(answer)
    except (OSError, urllib.error.URLError, ValueError):
        return {}
    return found if isinstance(found, dict) and "version" in found else {}
