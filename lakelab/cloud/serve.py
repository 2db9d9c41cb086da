"""The process of the local AWS: `python -m lakelab.cloud.serve INSTANCE`."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from lakelab import __version__
from lakelab.cloud.athena.api import AthenaService
from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.core.ministack import MiniStackCore
from lakelab.cloud.firehose.api import FirehoseService
from lakelab.cloud.gateway import Gateway
from lakelab.cloud.glue.api import GlueService
from lakelab.cloud.iam.record import FILE as IAM_RECORD
from lakelab.cloud.iam.record import Record
from lakelab.cloud.streams.api import KinesisService
from lakelab.cloud.streams.mappings.api import EventSourceMappings
from lakelab.processes import limit_memory
from lakelab.settings import Settings, settings

MEMORY_SHARE = 0.6  # of the machine's: beyond it a query fails, and not the server

# a lake service is added here, by one line
SERVICES = (AthenaService, GlueService, KinesisService, FirehoseService)


def build(config: Settings, instance: str) -> Gateway:
    """The gateway with the core and every lake service."""
    core = MiniStackCore(config, config.state / "core", Record(config.state / IAM_RECORD))
    identity = {"instance": instance, "version": __version__, "iam": config.iam, "pid": os.getpid()}

    def invoke(service: str, operation: str, params: dict, caller: Caller) -> dict:
        return gateway.invoke(service, operation, params, caller)

    clock = Clock(config.state / "clock.json")
    kinesis = KinesisService(config.state / "kinesis", clock)
    services = [
        AthenaService(config.state / "athena", invoke),
        GlueService(config.state / "glue", invoke, clock),
        kinesis,
        EventSourceMappings(config.state / "lambda", kinesis, clock),
        FirehoseService(config.state / "firehose", kinesis, invoke, clock),
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
    logging.getLogger("lakelab").info("IAM enforcement is %s", enforcement)
    uvicorn.run(
        build(config, sys.argv[1]),
        host="127.0.0.1",
        port=config.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
