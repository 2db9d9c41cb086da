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

from lakelab.cloud import clock, rest, wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Core, Request
from lakelab.cloud.errors import AccessDenied, AwsError
from lakelab.cloud.iam.checks import Checks, serialise
from lakelab.cloud.iam.context import seen

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 0.4
READS = ("GET", "HEAD", "OPTIONS")
JSON = "application/x-amz-json-1.1"


class Gateway:
    """An ASGI application: AWS requests for the lake services are answered here, all others go on to the core.

    Args:
        core: the AWS behind.
        services: the lake services; each is found by the target prefix that botocore's model gives it, or by path.
        identity: what `/_lakelab/health` answers, so that a client can tell this server from any other on the port.
        time: the clock that `/_lakelab/clock` shows and sets.
    """

    def __init__(
        self, core: Core, services: Iterable[wire.Service], identity: dict[str, Any], time: clock.Clock | None = None
    ):
        self._core = core
        self._checks = Checks(core)
        self._identity = identity
        self._clock = time or clock.Clock()
        self._services = {service.name: service for service in services}
        self._rest = [service for service in self._services.values() if isinstance(service, rest.RestService)]
        self._by_target = {
            wire.service_model(service.name).metadata["targetPrefix"]: service
            for service in self._services.values()
            if service not in self._rest
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
            await self._answer_about_itself(scope, receive, send)
        elif (found := self._service_of(scope)) is not None:
            await self._answer(*found, scope, receive, send)
        elif (owner := self._owner_of_path(scope)) is not None:
            await self._answer_by_path(owner, scope, receive, send)
        elif self._core.enforces_iam and (concern := self._checks.concern(scope)) is not None:
            await self._pass_on_checked(concern, scope, receive, send)
        else:
            await self._pass_on(scope, receive, send)

    def _service_of(self, scope: Any) -> tuple[wire.Service, str] | None:
        target = _header(scope, b"x-amz-target")
        if scope["method"] != "POST" or not target:
            return None
        prefix, operation = wire.operation_of(target)
        service = self._by_target.get(prefix)
        return (service, operation) if service else None

    def _owner_of_path(self, scope: Any) -> rest.RestService | None:
        return next((service for service in self._rest if scope["path"].startswith(service.paths)), None)

    async def _answer(self, service: wire.Service, operation: str, scope: Any, receive: Any, send: Any) -> None:
        request = await _request(scope, receive)
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
            # with `_run_by_path`, where an unforeseen failure turns into AWS's answer for it
            failure, reference = _unforeseen()
            log.exception("%s:%s failed, reference %s", service.name, operation, reference)
            return 500, wire.serialise_error(service, operation, failure)

    async def _answer_by_path(self, service: rest.RestService, scope: Any, receive: Any, send: Any) -> None:
        request = await _request(scope, receive)
        loop = asyncio.get_running_loop()

        def forward() -> rest.Answer:
            return asyncio.run_coroutine_threadsafe(self._ask_core(scope, request.body), loop).result()

        answer = await loop.run_in_executor(self._workers, self._run_by_path, service, request, forward)
        if answer is None:
            await self._pass_on(scope, _replayed(request.body), send)
            return
        headers = [(b"x-amzn-errortype", answer.error.encode())] if answer.error else []
        await _send(send, answer.status, answer.body, rest.JSON, headers)

    def _run_by_path(self, service: rest.RestService, request: Request, forward: rest.Forward) -> rest.Answer | None:
        try:
            return service.answer(request, self._core.authenticate(request), forward)
        except AwsError as error:
            return rest.error_answer(error)
        except Exception:
            failure, reference = _unforeseen()
            log.exception("%s %s %s failed, reference %s", service.name, request.method, request.path, reference)
            return rest.error_answer(failure)

    async def _ask_core(self, scope: Any, body: bytes) -> rest.Answer:
        """The core's own answer to a request that a lake service answers too."""
        sent: list[dict[str, Any]] = []

        async def keep(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._core.handle(scope, _replayed(body), keep)
        content = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
        return rest.Answer(sent[0]["status"], content)

    async def _pass_on_checked(self, concern: str, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on that needs more than the right for its own action; the core decides on all its rights."""
        request = await _request(scope, receive)
        loop = asyncio.get_running_loop()
        try:
            seen.set(await loop.run_in_executor(self._workers, self._checks.run, concern, request))
        except AwsError as error:
            body, content_type = serialise(concern, error)
            await _send(send, error.status, body, content_type, [(b"x-amzn-errortype", error.code.encode())])
            return
        await self._pass_on(scope, _replayed(request.body), send)

    async def _pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] in READS:
            await self._core.handle(scope, receive, send)
            return
        try:
            await self._core.handle(scope, receive, send)
        finally:
            self._written += 1

    async def _answer_about_itself(self, scope: Any, receive: Any, send: Any) -> None:
        # the core's own administration (reset without credentials) is closed: `lakelab cloud` does it
        if scope["path"] == "/_lakelab/health" and scope["method"] in READS:
            await _send(send, 200, json.dumps(self._identity).encode(), "application/json")
        elif scope["path"] == "/_lakelab/clock" and scope["method"] in ("GET", "POST"):
            answer = self._run_clock(await _request(scope, receive))
            await _send(send, answer.status, answer.body, rest.JSON)
        else:
            await _send(send, 404, b'{"message": "no such page of the local AWS"}', "application/json")

    def _run_clock(self, request: Request) -> rest.Answer:
        try:
            wanted = json.loads(request.body or b"{}")
            if not isinstance(wanted, dict):
                raise clock.ClockError("Send an object with advance, speed or both.")
            caller = self._core.authenticate(request) if wanted else None
            if caller is not None and not caller.arn.endswith(":root"):
                raise AccessDenied(f"User: {caller.arn} is not authorized to set the clock: only the root user is.")
            return rest.Answer(200, json.dumps(clock.change(self._clock, wanted)).encode())
        except ValueError as error:
            return rest.error_answer(clock.ClockError(f"The request body is not JSON: {error}"))
        except AwsError as error:
            return rest.error_answer(error)

    async def _lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        self._checkpoints = asyncio.create_task(self._checkpoint_regularly())
        for service in self._services.values():
            service.start(self._core)

        async def received() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._close()  # before the core ends: a function that it stops has not failed
            return message

        try:
            await self._core.handle(scope, received, send)
        finally:
            self._checkpoints.cancel()
            await asyncio.get_running_loop().run_in_executor(self._workers, self._core.checkpoint)
            self._workers.shutdown(wait=False, cancel_futures=True)

    async def _close(self) -> None:
        # the checkpoint comes before anything that may take long: a server that does not end in time is killed
        await asyncio.get_running_loop().run_in_executor(self._workers, self._core.checkpoint)
        for service in self._services.values():
            service.close()

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


async def _request(scope: Any, receive: Any) -> Request:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"].decode()
    return Request(scope["method"], raw_path.decode("latin-1"), query, scope["headers"], await _read(receive))


def _replayed(body: bytes) -> Callable[[], Any]:
    """An ASGI `receive` for a body that has been read already."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    return receive


def _unforeseen() -> tuple[AwsError, str]:
    """AWS's answer to a failure of ours, and the reference under which the log has its cause."""
    reference = str(uuid4())
    return AwsError(f"Internal failure of the local AWS; the log has it under {reference}.", status=500), reference


async def _send(
    send: Callable[[Any], Any],
    status: int,
    body: bytes,
    content_type: str,
    more_headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-requestid", str(uuid4()).encode()),
        *more_headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
