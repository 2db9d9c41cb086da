"""The process of one execution environment: loads a function's handler and runs it once for each line that it is given.

In: `{"invoke-id", "invoked-function-arn", "payload"}`. Out: `{"response": text}` or `{"error": {...}}`, with `logs`.
Whatever the function prints goes to a file, whose content is the invocation's logs. Standard library only: it shares
its interpreter with the function.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import resource
import sys
import tempfile
import threading
import time
import traceback
from types import SimpleNamespace
from typing import Any, TextIO

LOG_BYTES = 256 * 1024
FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"


class Logs:
    """What is printed, from Python or from below it, since the last `take`."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115 - open as long as the process
        for stream in (1, 2):
            os.dup2(self._file.fileno(), stream)

    def take(self) -> str:
        sys.stdout.flush()
        sys.stderr.flush()
        end = os.lseek(self._file.fileno(), 0, os.SEEK_CUR)
        begin = max(0, end - LOG_BYTES)
        text = os.pread(self._file.fileno(), end - begin, begin).decode(errors="replace")
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)
        os.ftruncate(self._file.fileno(), 0)
        return text


class RequestId(logging.Filter):
    """Gives log records the request that they belong to, as Lambda's own handler does."""

    current = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.current
        return True


def main(answers: TextIO) -> None:
    """Answer line by line until standard input ends."""
    logs, request_id = Logs(), RequestId()
    printer = logging.StreamHandler(sys.stdout)
    printer.setFormatter(logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S"))
    printer.formatter.converter = time.gmtime  # type: ignore[union-attr]
    printer.addFilter(request_id)
    logging.getLogger().addHandler(printer)
    lines = _lines()
    try:
        handler = _handler(os.environ["_HANDLER"])
    except BaseException as error:  # noqa: BLE001 - whatever a module raises is the function's own failure
        _say(answers, {"error": _described(error, ""), "logs": logs.take()})
        return
    _say(answers, {})
    while (line := lines.get()) is not None:
        request = json.loads(line)
        request_id.current = request["invoke-id"]
        _say(answers, _run(handler, request, logs))


def _lines() -> queue.SimpleQueue[str | None]:
    """The lines of standard input, read in a thread: when it ends, so does this process, whatever it is doing."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _handler(name: str) -> Any:
    """`package/module.function` or `package.module.function`."""
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module, _, function = name.replace("/", ".").rpartition(".")
    return getattr(importlib.import_module(module), function)


def _run(handler: Any, request: dict[str, str], logs: Logs) -> dict[str, Any]:
    number, began = request["invoke-id"], time.perf_counter()
    os.environ["_X_AMZN_TRACE_ID"] = request.get("trace-id", "")
    print(f"START RequestId: {number} Version: {os.environ['AWS_LAMBDA_FUNCTION_VERSION']}", flush=True)
    try:
        answer: dict[str, Any] = {"response": json.dumps(handler(json.loads(request["payload"]), _context(request)))}
    except BaseException as error:  # noqa: BLE001 - whatever the function raises is its answer
        traceback.print_exc()
        answer = {"error": _described(error, number)}
    took = (time.perf_counter() - began) * 1000
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    size = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    print(f"END RequestId: {number}")
    print(
        f"REPORT RequestId: {number}\tDuration: {took:.2f} ms\tBilled Duration: {int(took) + 1} ms"
        f"\tMemory Size: {size} MB\tMax Memory Used: {used} MB\t"
    )
    return {**answer, "logs": logs.take()}


def _context(request: dict[str, str]) -> SimpleNamespace:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""
    given = time.monotonic() + float(os.environ["AWS_LAMBDA_FUNCTION_TIMEOUT"])
    return SimpleNamespace(
        aws_request_id=request["invoke-id"],
        invoked_function_arn=request["invoked-function-arn"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        identity=None,
        client_context=None,
        get_remaining_time_in_millis=lambda: max(0, int((given - time.monotonic()) * 1000)),
    )


def _described(error: BaseException, request: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html"""
    kind = type(error).__name__
    if isinstance(error, ImportError) and not request:
        kind = "Runtime.ImportModuleError"
    return {
        "errorMessage": str(error),
        "errorType": kind,
        "requestId": request,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(os.fdopen(os.dup(1), "w"))
