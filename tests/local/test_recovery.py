"""Stopped at any moment, in any way: `make up-local` again ends where an undisturbed run ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from lakelab.cloud.server import Server

LONGEST_SECONDS = 20  # about what an undisturbed run of so few rows takes


def kill_command(lab: Any, process: subprocess.Popen[str]) -> None:
    process.kill()


def interrupt_command(lab: Any, process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def kill_server(lab: Any, process: subprocess.Popen[str]) -> None:
    running = Server(lab.config).running()
    if running is not None:
        os.kill(running.pid, signal.SIGKILL)


def kill_both(lab: Any, process: subprocess.Popen[str]) -> None:
    process.kill()
    kill_server(lab, process)


@pytest.mark.parametrize(
    ("seed", "stop"),
    [
        pytest.param(1, kill_both, id="kill -9 of both"),
        pytest.param(2, kill_command, id="kill -9 of the command"),
        pytest.param(3, kill_server, id="kill -9 of the server"),
        pytest.param(4, interrupt_command, id="Ctrl-C"),
        pytest.param(5, kill_both, id="kill -9 of both, again"),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_end(new_lab: Callable[[], Any], seed: int, stop: Callable[..., None]):
    lab = new_lab()
    moment = random.Random(seed).uniform(0.5, LONGEST_SECONDS)
    process = lab.start("up", "--days", "5", "--rows", "1500", "--seed", "7")
    time.sleep(moment)
    stop(lab, process)
    process.communicate(timeout=120)

    lab.up()
    truth, facts = lab.truth(), lab.facts()
    assert lab.revenue() == truth.revenue
    assert facts["rows"]["clean"] == truth.orders
    assert facts["rows"]["rows_in"] == truth.rows
