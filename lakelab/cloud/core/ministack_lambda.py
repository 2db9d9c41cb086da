"""How MiniStack runs functions: invoked from this process without HTTP, answered as soon as their log is complete."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import queue
import time
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

END = "\x1eend of the invocation"
LOG_SECONDS = 5.0
RESPONSE = "        _real_stdout.flush()\n\nrun()"  # the last lines of the worker's program


class Payload:
    """An event that is JSON already: MiniStack hands it to the worker as it is."""

    def __init__(self, text: bytes):
        self.text = text.decode()


class Functions:
    """Invokes functions as `invoke` of a boto3 client does, with its answers and errors, but within this process.

    For services that invoke functions by themselves: nobody's rights are looked at.
    """

    def __init__(self, account: str, region: str):
        self._account = account
        self._region = region

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        """Run the function that an ARN, with or without a qualifier, names, and wait for its answer."""
        return contextvars.Context().run(self._invoke, FunctionName, Payload)

    def _invoke(self, arn: str, payload: bytes) -> dict[str, Any]:
        from ministack.core import responses
        from ministack.services import lambda_svc

        responses.set_request_account_id(self._account)
        responses.set_request_region(self._region)
        name, _, qualifier = arn.partition(":function:")[2].partition(":")
        event = Payload(payload) if _runs_in_a_worker(lambda_svc, name) else json.loads(payload)
        status, headers, body = asyncio.run(lambda_svc._invoke(name, event, {}, qualifier or None))
        if status >= 400:
            told = json.loads(body)
            raise ClientError({"Error": {"Code": told["__type"], "Message": told["message"]}}, "Invoke")
        answer = {"StatusCode": status, "Payload": io.BytesIO(body)}
        for name, header in (("ExecutedVersion", "X-Amz-Executed-Version"), ("FunctionError", "X-Amz-Function-Error")):
            if header in headers:
                answer[name] = headers[header]
        return answer


def _runs_in_a_worker(service: Any, name: str) -> bool:
    """Whether the function runs in a process of MiniStack's own, to which an event is written as JSON."""
    config = service._functions[name]["config"] if name in service._functions else {}
    in_containers = service.LAMBDA_STRICT or service.LAMBDA_EXECUTOR == "docker" or config.get("PackageType") == "Image"
    return not (in_containers or config.get("DurableConfig")) and config.get("Runtime", "").startswith(
        ("python", "nodejs")
    )


def install() -> None:
    """Make workers take events that are JSON already, and say when their log is complete."""
    from ministack.core import lambda_runtime

    _write_payloads(lambda_runtime)
    _end_logs(lambda_runtime)


def _write_payloads(runtime: Any) -> None:
    def dumps(value: Any) -> str:
        if isinstance(value, dict) and isinstance(value.get("event"), Payload):
            return f'{{"event": {value["event"].text}, "ctx": {json.dumps(value["ctx"])}}}'
        return json.dumps(value)

    runtime.json = SimpleNamespace(dumps=dumps, loads=json.loads, JSONDecodeError=json.JSONDecodeError)


def _end_logs(runtime: Any) -> None:
    """Have a worker write a line after the log of each invocation, and read up to that line.

    MiniStack waits until nothing has been logged for 5 ms, and 50 ms for a function that logs nothing.
    """
    script = runtime._PYTHON_WORKER_SCRIPT
    if script.count(RESPONSE) != 1:
        raise RuntimeError("MiniStack's worker does not end as expected")
    runtime._PYTHON_WORKER_SCRIPT = script.replace(
        RESPONSE, f"        print({END!r}, file=sys.__stderr__, flush=True)\n{RESPONSE}"
    )
    read_by_silence = runtime.Worker._drain_stderr_bounded

    def read(worker: Any) -> str:
        if not worker.config.get("Runtime", "python").startswith("python"):
            return read_by_silence(worker)
        lines: list[str] = []
        deadline = time.monotonic() + LOG_SECONDS
        while time.monotonic() < deadline:
            try:
                line = worker._stderr_queue.get(timeout=0.1)
            except queue.Empty:
                if not worker._stderr_thread.is_alive():  # the process has died, and all that it wrote is read
                    break
                continue
            if line.endswith(END):
                lines += [line.removesuffix(END)] if line != END else []
                break
            lines.append(line)
        return "\n".join(lines)

    runtime.Worker._drain_stderr_bounded = read
