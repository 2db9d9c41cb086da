"""The gateway: which service a request is for, who is calling, and who answers: a lake service or the core."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Core, Request
from lakelab.cloud.errors import AwsError

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 0.4
READS = ("GET", "HEAD", "OPTIONS")
JSON = "application/x-amz-json-1.1"


class Gateway:
    """An ASGI application: AWS requests for the lake services are answered here, all others go on to the core.

    Args:
        core: the AWS behind.
        services: the lake services; each is found by the target prefix that botocore's model gives it.
        identity: what `/_lakelab/health` answers, so that a client can tell this server from any other on the port.
    """

    def __init__(self, core: Core, services: Iterable[wire.Service], identity: dict[str, Any]):
        self._core = core
        self._identity = identity
        self._services = {service.name: service for service in services}
        self._by_target = {
            wire.service_model(service.name).metadata["targetPrefix"]: service for service in self._services.values()
        }
        self._workers = ThreadPoolExecutor(max_workers=32, thread_name_prefix="gateway")
        self._written = 0  # requests that may have changed the core's state
        self._saved = 0
        self._checkpoints: asyncio.Task[None] | None = None

    def invoke(self, service: str, operation: str, params: wire.Params, caller: Caller) -> wire.Params:
        """Run an operation of a lake service in-process, with the caller's permissions."""
        return wire.invoke(self._services[service], caller, operation, params)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] != "http":
            await self._core.handle(scope, receive, send)
        elif scope["path"].startswith(("/_lakelab/", "/_ministack/", "/_localstack/")):
            await self._answer_about_itself(scope, send)
        elif (found := self._service_of(scope)) is not None:
            await self._answer(*found, scope, receive, send)
        else:
            await self._pass_on(scope, receive, send)

    def _service_of(self, scope: Any) -> tuple[wire.Service, str] | None:
        target = _header(scope, b"x-amz-target")
        if scope["method"] != "POST" or not target:
            return None
        prefix, operation = wire.operation_of(target)
        service = self._by_target.get(prefix)
        return (service, operation) if service else None

    async def _answer(self, service: wire.Service, operation: str, scope: Any, receive: Any, send: Any) -> None:
        body = await _read(receive)
        raw_path = scope.get("raw_path") or scope["path"].encode()
        request = Request("POST", raw_path.decode("latin-1"), scope["query_string"].decode(), scope["headers"], body)
        work = functools.partial(self._run, service, operation, request)
        status, answer = await asyncio.get_running_loop().run_in_executor(self._workers, work)
        await _send(send, status, answer, JSON)

    def _run(self, service: wire.Service, operation: str, request: Request) -> tuple[int, bytes]:
        try:
            caller = self._core.authenticate(request)
            params = wire.parse_request(service, operation, request.body)
            answer = wire.invoke(service, caller, operation, params)
            return 200, wire.serialise_answer(service, operation, answer)
        except AwsError as error:
            return error.status, wire.serialise_error(service, operation, error)
        except Exception:
            # the one place where an unforeseen failure turns into AWS's answer for it
            reference = uuid4()
            log.exception("%s:%s failed, reference %s", service.name, operation, reference)
            failure = AwsError(f"Internal failure of the local AWS; the log has it under {reference}.", status=500)
            return 500, wire.serialise_error(service, operation, failure)

    async def _pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] in READS:
            await self._core.handle(scope, receive, send)
            return
        try:
            await self._core.handle(scope, receive, send)
        finally:
            self._written += 1

    async def _answer_about_itself(self, scope: Any, send: Any) -> None:
        # the core's own administration (reset without credentials) is closed: `lakelab cloud` does it
        if scope["path"] == "/_lakelab/health" and scope["method"] in READS:
            await _send(send, 200, json.dumps(self._identity).encode(), "application/json")
        else:
            await _send(send, 404, b'{"message": "no such page of the local AWS"}', "application/json")

    async def _lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        self._checkpoints = asyncio.create_task(self._checkpoint_regularly())
        try:
            await self._core.handle(scope, receive, send)
        finally:
            self._checkpoints.cancel()
            for service in self._services.values():
                service.close()
            await asyncio.get_running_loop().run_in_executor(self._workers, self._core.checkpoint)
            self._workers.shutdown(wait=False, cancel_futures=True)

    async def _checkpoint_regularly(self) -> None:
        quiet = 0
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            # what the core does by itself (retries, timers) is no request: it is saved every tenth time
            if self._written == self._saved and (quiet := quiet + 1) < 10:
                continue
            quiet, self._saved = 0, self._written
            try:
                await asyncio.get_running_loop().run_in_executor(self._workers, self._core.checkpoint)
            except (OSError, RuntimeError):
                log.exception("the checkpoint failed; the next one is tried in %s s", CHECKPOINT_SECONDS)


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _read(receive: Callable[[], Any]) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(parts)


async def _send(send: Callable[[Any], Any], status: int, body: bytes, content_type: str) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-requestid", str(uuid4()).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
