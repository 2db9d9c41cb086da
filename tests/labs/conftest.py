"""Places for the proofs: one local AWS, PostgreSQL and data folder for all the labs of a worker, one for its drills."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from lakelab.cloud.server import Server
from lakelab.practice.postgres import Postgres
from lakelab.processes import free_port
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


LAB = re.compile(r"\[(day-\d+)")


class ByLab(LoadScopeScheduling):
    """All cases of a lab go to one worker, whose data and local AWS they share; the rest goes file by file."""

    def _split_scope(self, nodeid: str) -> str:
        found = LAB.search(nodeid)
        # the dashboard shows the lake of lab 30
        return found[1] if found else "day-30" if "test_dashboard.py" in nodeid else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByLab:
    """xdist's own groups (`--dist loadgroup`) have no effect with pytest 9.2, which keeps its ids elsewhere."""
    return ByLab(config, log)


@contextmanager
def new_place() -> Iterator[Settings]:
    # not pytest's own folder: for root it is closed to the account that PostgreSQL runs as
    with tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o711)
        config = Settings(root=ROOT, state=home / "state", work=home / "work", port=free_port(), lab_size="small")
        yield config
        Postgres(config).stop()
        Server(config).stop()


@pytest.fixture(scope="session")
def place() -> Iterator[Settings]:
    with new_place() as config:
        yield config


@pytest.fixture(scope="session")
def broken_place() -> Iterator[Settings]:
    """Where the drills break things, and leave orders behind that no lab counts with."""
    with new_place() as config:
        yield config
