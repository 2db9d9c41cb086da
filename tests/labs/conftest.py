"""A place for the labs' proofs: one local AWS, one PostgreSQL and one data folder for all the labs of a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakelab.cloud.server import Server
from lakelab.practice.postgres import Postgres
from lakelab.settings import Settings
from lakelab.testing import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def place() -> Iterator[Settings]:
    # not pytest's own folder: for root it is closed to the account that PostgreSQL runs as
    with tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o711)
        config = Settings(root=ROOT, state=home / "state", work=home / "work", port=free_port(), lab_size="small")
        yield config
        Postgres(config).stop()
        Server(config).stop()
