"""The process of the local AWS: `python -m lakelab.cloud.serve INSTANCE`."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lakelab import __version__
from lakelab.cloud.athena.api import AthenaService
from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.core.opening import open_core
from lakelab.cloud.firehose.api import FirehoseService
from lakelab.cloud.gateway import Gateway
from lakelab.cloud.glue.api import GlueService
from lakelab.cloud.streams.api import KinesisService
from lakelab.cloud.streams.mappings.api import EventSourceMappings
from lakelab.errors import LakelabError
from lakelab.processes import limit_memory
from lakelab.settings import EMBEDDED, Settings, settings

WAITING_BYTES = 1 << 20
MEMORY_SHARE = 0.6  # of the machine's: beyond it a query fails, and not the server

# a lake service is added here, by one line
SERVICES = (AthenaService, GlueService, KinesisService, FirehoseService)


class Protocol(HttpToolsProtocol):
    """HTTP with room for an answer on its way, so that a core is not kept waiting by a client that reads in bursts."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WAITING_BYTES)


def build(config: Settings, instance: str) -> Gateway:
    """The gateway with the core and every lake service."""
    core, about = open_core(config)
    state = config.deployed
    iam = "lake services" if config.core != EMBEDDED and config.iam == "enforce" else config.iam
    identity = {"instance": instance, "version": __version__, "iam": iam, "pid": os.getpid(), "core": about}

    def invoke(service: str, operation: str, params: dict, caller: Caller) -> dict:
        return gateway.invoke(service, operation, params, caller)

    clock = Clock(state / "clock.json")
    kinesis = KinesisService(state / "kinesis", clock)
    services = [
        AthenaService(state / "athena", invoke),
        GlueService(state / "glue", invoke, clock),
        kinesis,
        EventSourceMappings(state / "lambda", kinesis, clock),
        FirehoseService(state / "firehose", kinesis, invoke, clock),
    ]
    gateway = Gateway(core, services, identity, clock)
    return gateway


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("lakelab", "uvicorn"):
        logging.getLogger(name).setLevel(logging.INFO)
    config = settings()
    limit_memory(MEMORY_SHARE)
    enforcement = "ON: every request needs the rights for it" if config.iam == "enforce" else "OFF (LAKELAB_IAM=off)"
    if config.core != EMBEDDED and config.iam == "enforce":
        enforcement = "by the lake services alone: the outside core does as it does"
    logging.getLogger("lakelab").info("IAM enforcement is %s", enforcement)
    try:
        gateway = build(config, sys.argv[1])
    except LakelabError as error:
        sys.exit(str(error))
    uvicorn.run(
        gateway,
        http=Protocol,
        host="127.0.0.1",
        port=config.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
