"""Runs the Streamlit app of dashboard/ with the rights of the analyst role."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from lakelab.cloud.environment import environment
from lakelab.cloud.server import Server
from lakelab.errors import LakelabError
from lakelab.pipeline.deployment import Stacks
from lakelab.processes import end_with_parent, holder_of
from lakelab.settings import Settings

OPTIONS = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
}


class NotServed(LakelabError):
    """The app ended, or does not answer in time."""


def start_app(app: Path, port: int, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """A Streamlit app on a port of this machine; it ends with this process.

    Args:
        variables: the process's whole environment.

    Raises:
        LakelabError: Streamlit is not installed, or the port is taken: what answers there would not be this app.
    """
    if find_spec("streamlit") is None:
        raise LakelabError("Streamlit is not installed", fix="make dashboard installs it")
    if holder := holder_of(port):
        raise LakelabError(f"port {port} is taken by {holder}", fix=f"stop that process, or: --port {port + 1}")
    options = [f"--{name}={value}" for name, value in {**OPTIONS, "server.port": port}.items()]
    return subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(app), *options],
        env=variables,
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )


def wait_for_app(process: subprocess.Popen[bytes], port: int, seconds: float = 60) -> str:
    """The URL of an app as soon as it answers.

    Raises:
        NotServed: it ended, or does not answer in time.
    """
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotServed(f"the app ended with exit code {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health"):  # noqa: S310
            return url
        time.sleep(0.1)
    raise NotServed(f"the app does not answer on {url} after {seconds:g} s")


class Dashboard:
    """The dashboard of one project on its local AWS."""

    def __init__(self, config: Settings):
        self._config = config

    def start(self, port: int) -> subprocess.Popen[bytes]:
        """Start it.

        Raises:
            LakelabError: the local AWS does not run, the pipeline has not run on it, or the app cannot be started.
        """
        if Server(self._config).running() is None:
            raise LakelabError("the local AWS does not run", fix="make up-local")
        return start_app(self._config.root / "dashboard" / "app.py", port, self._environment())

    def _environment(self) -> dict[str, str]:
        output = Stacks(self._config, "local").output
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return (
            kept
            | environment(self._config)
            | {
                "DASHBOARD_DATABASE": output("catalog", "analytics_database"),
                "DASHBOARD_WORKGROUP": output("query", "workgroup"),
                "DASHBOARD_ROLE_ARN": output("access", "analyst_role_arn"),
            }
        )
