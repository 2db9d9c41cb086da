"""A pytest plugin: `pytest_plugins = ["lakelab.testing"]` gives a test a started local AWS and real clients of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from lakelab.cloud.environment import ROOT_KEY, ROOT_SECRET, environment
from lakelab.cloud.server import Server
from lakelab.processes import free_port
from lakelab.settings import Settings

ROOT_KEYS = (ROOT_KEY, ROOT_SECRET)


@dataclass(frozen=True)
class Cloud:
    """A started local AWS, and clients of it."""

    settings: Settings
    server: Server

    @property
    def endpoint(self) -> str:
        return self.settings.endpoint

    def environment(self) -> dict[str, str]:
        """The AWS_* variables with which any program talks to this local AWS as its root user."""
        return environment(self.settings)

    def client(self, service: str, keys: tuple[str, ...] = ROOT_KEYS) -> Any:
        """A boto3 client; `keys` are access key, secret key and, if temporary, the session token."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=self.settings.region,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=keys[2] if len(keys) > 2 else None,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def bucket(self) -> str:
        """A new bucket with a name of its own."""
        name = f"test-{uuid4().hex[:12]}"
        self.client("s3").create_bucket(Bucket=name)
        return name

    def database(self) -> str:
        """A new Glue database with a name of its own."""
        name = f"db_{uuid4().hex[:12]}"
        self.client("glue").create_database(DatabaseInput={"Name": name})
        return name


def start_cloud(root: Path, **options: Any) -> Cloud:
    """A local AWS with its data under `root`; the caller stops it."""
    config = Settings(root=root, port=options.pop("port", None) or free_port(), **options)
    server = Server(config)
    server.start()
    return Cloud(config, server)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One local AWS for all the tests of a worker: tests use buckets and databases with names of their own."""
    started = start_cloud(tmp_path_factory.mktemp("cloud"))
    yield started
    started.server.stop()


@pytest.fixture
def aws_environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process's AWS_* variables point at the local AWS, for clients that read them (awswrangler, PyAthena)."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    return cloud.environment()
