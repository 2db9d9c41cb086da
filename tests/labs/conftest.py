"""Places for the proofs: one local AWS, PostgreSQL and data folder for all the labs of a worker, one for its drills."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakelab.cloud.server import Server
from lakelab.practice.postgres import Postgres
from lakelab.processes import free_port
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


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
