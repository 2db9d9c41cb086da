"""The gateway: who answers which request, driven as an ASGI application without a server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Request
from lakelab.cloud.errors import AwsError, InvalidSignature
from lakelab.cloud.gateway import Gateway


class Core:
    """A core that knows every caller as root, unless told to refuse, and answers all that is passed on to it."""

    enforces_iam = True

    def __init__(self, root: Caller):
        self.root = root
        self.refusal: AwsError | None = None
        self.handled: list[str] = []

    def authenticate(self, request: Request) -> Caller:
        if self.refusal:
            raise self.refusal
        return self.root

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        self.handled.append(f"{scope['method']} {scope['path']}")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from the core"})


class Databases(wire.Service):
    name = "glue"
    iam_prefix = "glue"

    def get_database(self, call: wire.Call, params: wire.Params) -> wire.Params:
        if params["Name"] == "broken":
            raise RuntimeError("a bug")
        return {"Database": {"Name": params["Name"]}}


@pytest.fixture
def core(root: Caller) -> Core:
    return Core(root)


@pytest.fixture
def gateway(core: Core) -> Gateway:
    return Gateway(core, [Databases()], {"instance": "this one"})  # type: ignore[arg-type]


def request(gateway: Gateway, method: str, path: str, target: str = "", body: bytes = b"") -> tuple[int, bytes]:
    """The status and the body that `gateway` answers."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"x-amz-target", target.encode())] if target else []
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    asyncio.run(gateway(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_a_lake_service_answers_its_own_operations(gateway: Gateway, core: Core):
    status, body = request(gateway, "POST", "/", "AWSGlue.GetDatabase", b'{"Name": "sales"}')
    assert (status, json.loads(body)) == (200, {"Database": {"Name": "sales"}})
    assert core.handled == []


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        pytest.param("GET", "/bucket/key", "", id="S3"),
        pytest.param("POST", "/", "AmazonSQS.SendMessage", id="another service's target"),
        pytest.param("POST", "/", "", id="query protocol"),
    ],
)
def test_everything_else_goes_on_to_the_core(gateway: Gateway, core: Core, method: str, path: str, target: str):
    assert request(gateway, method, path, target) == (200, b"from the core")
    assert core.handled == [f"{method} {path}"]


def test_a_request_with_bad_credentials_is_refused(gateway: Gateway, core: Core):
    core.refusal = InvalidSignature("The security token included in the request is invalid.")
    status, body = request(gateway, "POST", "/", "AWSGlue.GetDatabase", b'{"Name": "sales"}')
    assert status == 403
    assert json.loads(body)["__type"] == "UnrecognizedClientException"


def test_an_operation_that_is_absent_says_so(gateway: Gateway):
    status, body = request(gateway, "POST", "/", "AWSGlue.GetDevEndpoints", b"{}")
    assert status == 501
    assert json.loads(body)["__type"] == "NotImplementedException"
    assert "glue:GetDevEndpoints is not implemented" in body.decode()


def test_a_bug_answers_an_internal_failure_and_keeps_its_cause_in_the_log(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
):
    status, body = request(gateway, "POST", "/", "AWSGlue.GetDatabase", b'{"Name": "broken"}')
    message = json.loads(body)
    assert (status, message["__type"]) == (500, "InternalFailure")
    assert "a bug" not in body.decode()
    reference = caplog.records[-1].getMessage().rpartition(" ")[2]
    assert reference in next(value for name, value in message.items() if name.lower() == "message")
    assert "a bug" in caplog.text


def test_health_names_the_instance(gateway: Gateway):
    assert request(gateway, "GET", "/_lakelab/health") == (200, b'{"instance": "this one"}')


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_lakelab/other"])
def test_the_cores_administration_is_closed(gateway: Gateway, core: Core, path: str):
    assert request(gateway, "POST", path)[0] == 404
    assert core.handled == []


def test_another_service_is_invoked_in_process(gateway: Gateway, root: Caller):
    assert gateway.invoke("glue", "GetDatabase", {"Name": "sales"}, root) == {"Database": {"Name": "sales"}}
