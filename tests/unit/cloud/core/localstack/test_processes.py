"""The processes of LocalStack's functions: how many there are, what becomes of those that fail, when they end."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from lakelab.cloud.core.localstack.process import PLUGIN

DEADLINE = 10.0
WHO = "import os, time\ndef handler(event, context):\n    time.sleep(event)\n    return os.getpid()\n"


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as LocalStack's process imports it."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.setenv("LAKELAB_PYTHON", sys.executable)
    from lakelab_localstack import processes  # type: ignore[import-not-found]

    monkeypatch.setattr(processes, "SLOTS", threading.Semaphore(2))
    return processes


Make = Callable[..., tuple[Any, dict[str, str]]]


@pytest.fixture
def make(processes: ModuleType, tmp_path: Path) -> Iterator[Make]:
    """Makes a pool of a function's source, and the variables of its environments."""
    pools: list[Any] = []

    def pool(source: str, seconds: float = 5) -> tuple[Any, dict[str, str]]:
        (tmp_path / "index.py").write_text(source)
        names = ("NAME", "VERSION", "MEMORY_SIZE", "LOG_GROUP_NAME", "LOG_STREAM_NAME")
        pools.append(processes.Pool())
        return pools[-1], {
            "PATH": os.environ["PATH"],
            "_HANDLER": "index.handler",
            "LAMBDA_TASK_ROOT": str(tmp_path),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
            **{f"AWS_LAMBDA_{name}": "128" for name in names},
            **{f"AWS_LAMBDA_FUNCTION_{name}": "128" for name in names},
        }

    yield pool
    for made in pools:
        made.leave()


def _payload(event: Any, number: str = "r-1") -> dict[str, str]:
    return {"invoke-id": number, "invoked-function-arn": "arn:f", "payload": json.dumps(event)}


def test_many_environments_share_as_many_processes_as_there_are_slots(make: Make):
    pool, environment = make(WHO)
    for _ in range(6):
        pool.join(environment)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda number: pool.run(environment, _payload(0.1, str(number))), range(6)))
    assert len({answer["response"] for answer in answers}) <= 2
    for _ in range(5):
        pool.leave()


def test_a_process_is_kept_for_the_next_invocation_and_ends_with_the_last_environment(make: Make):
    pool, environment = make(WHO)
    pool.join(environment)
    first, second = (pool.run(environment, _payload(0))["response"] for _ in range(2))
    assert first == second
    pool.leave()
    deadline = time.monotonic() + DEADLINE
    while psutil.pid_exists(int(first)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param(
            "import time\ndef handler(event, context):\n    time.sleep(60)\n",
            {"errorMessage": "r-1 Task timed out after 0.50 seconds"},
            id="timeout",
        ),
        pytest.param(
            "import os\ndef handler(event, context):\n    os._exit(3)\n",
            {
                "errorType": "Runtime.ExitError",
                "errorMessage": "RequestId: r-1 Error: Runtime exited with error: exit status 3",
            },
            id="exit",
        ),
    ],
)
def test_a_lost_process_is_an_error_and_the_next_invocation_has_another(make: Make, source: str, error: dict[str, str]):
    pool, environment = make(source, seconds=0.5)
    pool.join(environment)
    for _ in range(2):
        answer = pool.run(environment, _payload(0))
        assert answer["error"] == error
        assert error["errorMessage"] in answer["logs"]


def test_a_handler_that_cannot_be_loaded_is_known_at_the_start(make: Make, processes: ModuleType):
    pool, environment = make("import no_such_module\n")
    with pytest.raises(processes.LoadFailure, match="no_such_module") as failure:
        pool.join(environment)
    assert failure.value.error["errorType"] == "Runtime.ImportModuleError"


def test_a_function_that_waits_for_another_gets_a_slot_in_the_end(
    make: Make, processes: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(processes, "SLOTS", threading.Semaphore(0))
    monkeypatch.setattr(processes, "SLOT_SECONDS", 0.1)
    pool, environment = make(WHO)
    pool.join(environment)
    assert int(pool.run(environment, _payload(0))["response"]) > 0
