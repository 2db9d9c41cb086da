"""The process that runs a Lambda function for LocalStack: what it answers, what it logs, when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lakelab.cloud.core.localstack as here

WORKER = Path(here.__file__).parent / "plugin/lakelab_localstack/worker.py"
DEADLINE = 20


class Worker:
    """A started worker, and lines to and from it."""

    def __init__(self, folder: Path, source: str):
        (folder / "index.py").write_text(source)
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER)],
            env={
                "PATH": os.environ["PATH"],
                "_HANDLER": "index.handler",
                "LAMBDA_TASK_ROOT": str(folder),
                "AWS_LAMBDA_FUNCTION_NAME": "f",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "3",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
                "AWS_LAMBDA_LOG_STREAM_NAME": "s",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ready = self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def invoke(self, event: Any, number: str = "r-1") -> dict[str, Any]:
        assert self.process.stdin is not None
        request = {"invoke-id": number, "invoked-function-arn": "arn:f", "payload": json.dumps(event)}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.answer()


Start = Callable[[str], Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Worker] = []

    def make(source: str) -> Worker:
        started.append(Worker(tmp_path, source))
        return started[-1]

    yield make
    for worker in started:
        with worker.process:
            worker.process.kill()


def test_answers_and_keeps_what_the_module_holds(start: Start):
    worker = start("seen = []\ndef handler(event, context):\n    seen.append(event)\n    return seen\n")
    assert worker.ready == {}
    assert json.loads(worker.invoke(1)["response"]) == [1]
    assert json.loads(worker.invoke(2)["response"]) == [1, 2]


def test_logs_are_of_one_invocation_whoever_wrote_them(start: Start):
    worker = start(
        "import logging, os\n"
        "def handler(event, context):\n"
        "    print('printed', event)\n"
        "    logging.getLogger().warning('logged %s', event)\n"
        "    os.system('echo from a child')\n"
    )
    worker.invoke("one")
    logs = worker.invoke("two", "r-2")["logs"]
    for part in ("START RequestId: r-2", "printed two", "[WARNING]", "r-2\tlogged two", "from a child", "REPORT "):
        assert part in logs
    assert "one" not in logs


def test_an_error_has_its_kind_text_and_place(start: Start):
    worker = start("def handler(event, context):\n    raise ValueError('no ' + event)\n")
    error = worker.invoke("such thing")["error"]
    assert (error["errorType"], error["errorMessage"], error["requestId"]) == ("ValueError", "no such thing", "r-1")
    assert "in handler" in error["stackTrace"][-1]
    assert worker.invoke("more")["error"]["errorMessage"] == "no more"  # the environment lives on


def test_the_context_says_who_is_running(start: Start):
    worker = start(
        "def handler(event, context):\n"
        "    return [context.function_name, context.aws_request_id, context.invoked_function_arn,"
        " 0 < context.get_remaining_time_in_millis() <= 3000]\n"
    )
    assert json.loads(worker.invoke(None)["response"]) == ["f", "r-1", "arn:f", True]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        pytest.param("import no_such_module\n", "Runtime.ImportModuleError", id="missing module"),
        pytest.param("def handler(\n", "SyntaxError", id="syntax"),
        pytest.param("handle = 1\n", "AttributeError", id="no such function"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_an_error_at_once(start: Start, source: str, kind: str):
    assert start(source).ready["error"]["errorType"] == kind


def test_it_ends_with_its_parent_in_the_middle_of_a_function(start: Start):
    worker = start("import time\ndef handler(event, context):\n    time.sleep(60)\n")
    assert worker.process.stdin is not None
    worker.process.stdin.write(json.dumps({"invoke-id": "r", "invoked-function-arn": "", "payload": "{}"}) + "\n")
    worker.process.stdin.close()
    assert worker.process.wait(DEADLINE) == 0
