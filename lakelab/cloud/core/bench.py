"""`make bench-core`: what the gateway costs between a client and an outside core, measured on S3 in turns.

Every call is made straight to the core and through the gateway alternately, so that whatever else the machine does
falls on both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from rich.console import Console
from rich.table import Table

from lakelab.cloud.environment import ROOT_KEY, ROOT_SECRET
from lakelab.cloud.server import Server
from lakelab.processes import free_port
from lakelab.settings import Settings, find_root

LARGE_BYTES = 64 << 20
LARGE_SHARE = 0.15  # at most, of the time that it takes without the gateway
SMALL_SECONDS = 0.003  # at most
BUCKET = "bench-core"


@dataclass(frozen=True)
class Measured:
    """The times of one kind of call, in seconds: the median without the gateway and with it."""

    name: str
    direct: float
    through: float
    large: bool

    @property
    def cost(self) -> float:
        """What the gateway adds: a share for large calls, seconds for small ones."""
        return (self.through - self.direct) / self.direct if self.large else self.through - self.direct

    @property
    def within(self) -> bool:
        return self.cost <= (LARGE_SHARE if self.large else SMALL_SECONDS)


def measure(name: str, call: Callable[[Any], Any], clients: tuple[Any, Any], times: int, *, large: bool) -> Measured:
    """Make a call in turns with the client of the core and that of the gateway; the first of each does not count.

    Who begins alternates too: what one call leaves to be written to disk falls on the next.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(times + 1):
        turns = list(zip(clients, seconds, strict=True))
        for client, kept in turns if number % 2 else reversed(turns):
            began = time.perf_counter()
            call(client)
            if number:
                kept.append(time.perf_counter() - began)
    return Measured(name, statistics.median(seconds[0]), statistics.median(seconds[1]), large)


def run(config: Settings, large_times: int, small_times: int) -> list[Measured]:
    """All measurements, on a core that is started for them if need be."""
    server = Server(config)
    server.start(print)
    try:
        clients = (_s3(server.core()["url"]), _s3(config.endpoint))
        clients[0].create_bucket(Bucket=BUCKET)
        small, large = b"x" * 1024, os.urandom(LARGE_BYTES)
        clients[0].put_object(Bucket=BUCKET, Key="small", Body=small)
        clients[0].put_object(Bucket=BUCKET, Key="large", Body=large)
        keys = {"Bucket": BUCKET}
        return [
            measure("HEAD", lambda s3: s3.head_object(**keys, Key="small"), clients, small_times, large=False),
            measure("GET 1 KiB", lambda s3: _read(s3, "small"), clients, small_times, large=False),
            measure(
                "PUT 1 KiB", lambda s3: s3.put_object(**keys, Key="s", Body=small), clients, small_times, large=False
            ),
            measure("list", lambda s3: s3.list_objects_v2(**keys), clients, small_times, large=False),
            measure("GET 64 MiB", lambda s3: _read(s3, "large"), clients, large_times, large=True),
            measure(
                "PUT 64 MiB", lambda s3: s3.put_object(**keys, Key="l", Body=large), clients, large_times, large=True
            ),
        ]
    finally:
        server.stop()


def _read(s3: Any, key: str) -> None:
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"]
    while body.read(1 << 20):
        pass


def _s3(url: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_SECRET,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", default="localstack", help="localstack or a URL")
    parser.add_argument("--large", type=int, default=15, help="times that a large call is made")
    parser.add_argument("--small", type=int, default=200, help="times that a small call is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lakelab-bench-") as folder:
        config = Settings(root=find_root(Path.cwd()), state=Path(folder), port=free_port(), core=given.core)
        measured = run(config, given.large, given.small)
    table = Table("call", "core alone", "through the gateway", "cost", "at most")
    for found in measured:
        cost = f"{found.cost:+.1%}" if found.large else f"{found.cost * 1000:+.2f} ms"
        limit = f"{LARGE_SHARE:.0%}" if found.large else f"{SMALL_SECONDS * 1000:.0f} ms"
        mark = "" if found.within else " [red]missed[/]"
        table.add_row(found.name, f"{found.direct * 1000:.2f} ms", f"{found.through * 1000:.2f} ms", cost + mark, limit)
    Console().print(table)
    return 0 if all(found.within for found in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
