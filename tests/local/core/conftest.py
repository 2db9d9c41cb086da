"""The cores: the embedded one, LocalStack and a moto server, each with a gateway in front of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import localstack_client.session
import pytest

from lakelab.cloud.environment import environment
from lakelab.cloud.server import Server
from lakelab.processes import free_port
from lakelab.settings import Settings
from lakelab.testing import Cloud

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


class Lab:
    """A project with an outside core behind its local AWS, and the commands of a person."""

    def __init__(self, state: Path, core: str):
        self.config = Settings(root=ROOT, state=state, port=free_port(), core=core)
        self.said: dict[str, str] = {}

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,), errors: bool = False) -> str:
        """What a command prints; `errors` adds what it prints on standard error."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKELAB_"))}
        # LAKELAB_CORE is left out: a command finds out by itself which core runs
        ours = {name: value for name, value in self.config.environment().items() if name != "LAKELAB_CORE"}
        ours |= environment(self.config)
        done = subprocess.run(
            [str(Path(sys.executable).parent / "lakelab"), *arguments],
            env=kept | ours,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout + (done.stderr if errors else "")

    def session(self) -> localstack_client.session.Session:
        """Clients of LocalStack itself, past the gateway."""
        url = Server(self.config).core()["url"]
        return localstack_client.session.Session(localstack_host=url.removeprefix("http://"))

    def clients(self) -> localstack_client.session.Session:
        """Clients of the gateway, as a script of LocalStack's users gets them."""
        return localstack_client.session.Session(localstack_host=self.config.endpoint.removeprefix("http://"))


Make = Callable[[str], Lab]


@pytest.fixture(scope="session")
def new_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes labs on a core; their servers are stopped at the end."""
    made: list[Lab] = []

    def make(core: str) -> Lab:
        made.append(Lab(tmp_path_factory.mktemp("lab") / "state", core))
        return made[-1]

    yield make
    for lab in made:
        Server(lab.config).stop()


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The URL of a moto server."""
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session", params=CORES)
def any_core(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Each core in turn."""
    state = tmp_path_factory.mktemp(request.param) / "state"
    if request.param != "moto":
        with gateway(request.param, state) as cloud:
            yield cloud
        return
    with gateway(request.getfixturevalue("moto"), state) as cloud:
        yield cloud
