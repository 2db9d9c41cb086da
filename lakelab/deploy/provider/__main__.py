"""Runs the AWS provider as a plugin process: prints its port and serves until its standard input closes."""

from __future__ import annotations

import gc
import os
import sys

from lakelab.deploy.provider.server import serve


def main() -> None:
    gc.set_threshold(100_000)  # reading AWS's models makes many objects, and all of them stay
    _, port = serve()
    print(port, flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)  # the engine is gone; nobody waits for what is under way


if __name__ == "__main__":
    main()
