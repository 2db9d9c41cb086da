"""Runs LocalStack until whoever started it has gone: the other end of standard input is closed then, kill -9 or not."""

from __future__ import annotations

import os
import signal
import sys
import threading

from localstack.runtime.main import main  # pyright: ignore[reportMissingImports]


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
main()
