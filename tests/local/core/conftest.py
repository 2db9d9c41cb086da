"""The cores: the embedded one, LocalStack and a moto server, each with a gateway in front of it."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakelab.cloud.server import Server
from lakelab.settings import Settings
from lakelab.testing import Cloud, free_port

ROOT = Path(__file__).resolve().parents[3]
CORES = ("ministack", "localstack", "moto")
DEADLINE = 30.0


@contextmanager
def moto_server() -> Iterator[str]:
    """The URL of a moto server."""
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", url.rpartition(":")[2]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + DEADLINE
        while not _answers(url):
            assert process.poll() is None, "moto's server ended"
            assert time.monotonic() < deadline, "moto's server does not answer"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/moto-api/", timeout=1).close()
    except (OSError, urllib.error.URLError):
        return False
    return True


@contextmanager
def gateway(core: str, state: Path) -> Iterator[Cloud]:
    """A local AWS in front of a core."""
    config = Settings(root=ROOT, state=state, port=free_port(), core=core)
    server = Server(config)
    server.start()
    try:
        yield Cloud(config, server)
    finally:
        server.stop()


@pytest.fixture(scope="session", params=CORES)
def any_core(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Each core in turn."""
    state = tmp_path_factory.mktemp(request.param) / "state"
    if request.param != "moto":
        with gateway(request.param, state) as cloud:
            yield cloud
        return
    with moto_server() as url, gateway(url, state) as cloud:
        yield cloud
