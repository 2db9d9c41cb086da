"""How MiniStack runs functions: as many at a time as may, without HTTP from this process, without idle waits."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import queue
import threading
import time
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

END = "\x1eend of the invocation"
LOG_SECONDS = 5.0
EVENT_SECONDS = 6 * 3600.0  # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
REQUEST_SECONDS = 20.0  # less than API Gateway waits
THROTTLED_SECONDS = 0.1
ACCOUNT_LIMIT = "ConcurrentInvocationLimitExceeded"
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
        event: Any = Payload(payload) if _runs_in_a_worker(lambda_svc, name) else json.loads(payload)
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


def install(concurrency: int) -> None:
    """Make invocations wait for a free worker, and workers take events that are JSON and say when their log ends.

    Args:
        concurrency: how many functions run at a time.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    _queue(lambda_svc, concurrency)
    _write_payloads(lambda_runtime)
    _end_logs(lambda_runtime)


_patience: contextvars.ContextVar[float] = contextvars.ContextVar("patience", default=REQUEST_SECONDS)


def _queue(service: Any, concurrency: int) -> None:
    """Make an invocation that finds no free execution environment wait for one.

    How many there are is a limit of this machine and not of AWS, which has a thousand. MiniStack refuses a request at
    once, and counts the throttling of an asynchronous event as one of its three attempts, so that most of a burst of
    events ends in the dead-letter queue; AWS keeps a throttled event in its queue and tries for up to six hours.
    """
    invoke_async, execute = service.invoke_async_with_retry, service._execute_function
    slots = threading.Semaphore(concurrency)

    def invoke_async_queued(func: dict[str, Any], event: Any) -> None:
        token = _patience.set(EVENT_SECONDS)  # the thread that it starts gets a copy of this context
        try:
            invoke_async(func, event)
        finally:
            _patience.reset(token)

    def execute_when_free(func: dict[str, Any], event: Any) -> dict[str, Any]:
        patience = _patience.get()
        # a function that waits for another has a slot already: it must not wait for one that its own kind holds
        if not patience or (patience == REQUEST_SECONDS and service._invoke_depth.get() > 1):
            return execute(func, event)
        given_up = time.monotonic() + patience
        token = _patience.set(0)  # it calls itself again, in the scope of the function's account
        try:
            while True:
                has_slot = slots.acquire(timeout=max(0.0, given_up - time.monotonic()))
                try:
                    result = execute(func, event)
                finally:
                    if has_slot:
                        slots.release()
                if not _is_to_wait(result, patience) or time.monotonic() > given_up:
                    return result
                time.sleep(THROTTLED_SECONDS)
        finally:
            _patience.reset(token)

    service.invoke_async_with_retry, service._execute_function = invoke_async_queued, execute_when_free


def _is_to_wait(result: dict[str, Any], patience: float) -> bool:
    """Whether a throttled invocation is tried again; a request that meets the function's own limit is not."""
    reason = result["body"].get("Reason") if result.get("throttle") else None
    return reason is not None and (patience == EVENT_SECONDS or reason == ACCOUNT_LIMIT)


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
