"""The gateway: who answers which request, driven as an ASGI application without a server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lakelab.cloud import rest, wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
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


class Mappings(rest.RestService):
    name = "lambda"
    iam_prefix = "lambda"
    paths = ("/2015-03-31/event-source-mappings",)
    started: Core | None = None

    def start(self, core: Core) -> None:  # type: ignore[override]
        self.started = core

    def claims(self, caller: Caller, operation: str, params: wire.Params) -> bool:
        return params.get("UUID", "").startswith("1")

    def get_event_source_mapping(self, call: wire.Call, params: wire.Params) -> wire.Params:
        if params["UUID"].endswith("2"):
            raise AwsError("none such", code="ResourceNotFoundException", status=404)
        return {"UUID": params["UUID"]}


@pytest.mark.parametrize(
    ("uuid", "status", "body"),
    [
        pytest.param("1" * 36, 200, {"UUID": "1" * 36}, id="ours"),
        pytest.param("1" * 35 + "2", 404, {"Type": "User", "message": "none such"}, id="ours, refused"),
    ],
)
def test_a_lake_service_answers_by_path_for_its_own_resources(core: Core, uuid: str, status: int, body: dict):
    gateway = Gateway(core, [Mappings()], {})  # type: ignore[arg-type]
    answered = request(gateway, "GET", f"/2015-03-31/event-source-mappings/{uuid}")
    assert (answered[0], json.loads(answered[1])) == (status, body)
    assert core.handled == []


@pytest.mark.parametrize("path", ["/2015-03-31/event-source-mappings/" + "2" * 36, "/2015-03-31/functions/"])
def test_what_a_path_service_does_not_claim_goes_on_with_its_body(core: Core, path: str):
    gateway = Gateway(core, [Mappings()], {})  # type: ignore[arg-type]
    assert request(gateway, "GET", path, body=b"{}") == (200, b"from the core")
    assert core.handled == [f"GET {path}"]


def test_the_clock_is_shown_to_all_and_set_by_the_root_user_alone(core: Core, root: Caller):
    clock = Clock()
    gateway = Gateway(core, [], {}, clock)  # type: ignore[arg-type]
    status, body = request(gateway, "POST", "/_lakelab/clock", body=b'{"advance": 300}')
    assert (status, round(json.loads(body)["ahead"])) == (200, 300)
    core.root = Caller(root.account, root.region, "arn:aws:iam::000000000000:user/ann", root.credentials, root.core)
    status, body = request(gateway, "POST", "/_lakelab/clock", body=b'{"advance": 300}')
    assert (status, "only the root user is" in body.decode()) == (403, True)
    status, body = request(gateway, "GET", "/_lakelab/clock")
    assert (status, round(json.loads(body)["ahead"])) == (200, 300)
    assert request(gateway, "POST", "/_lakelab/clock", body=b"[1]")[0] == 400
    assert request(gateway, "POST", "/_lakelab/clock", body=b"{")[0] == 400


def test_services_end_before_the_core_does(root: Caller):
    """A service that invokes functions must not take for a failure that the core ends them."""
    done: list[str] = []

    class Ending(Core):
        async def handle(self, scope: Any, receive: Any, send: Any) -> None:
            while (await receive())["type"] != "lifespan.shutdown":
                done.append("core begins")
            done.append("core ends")

        def checkpoint(self) -> None:
            done.append("checkpoint")

    class Service(Databases):
        def start(self, core: Any) -> None:
            done.append("service begins")

        def close(self) -> None:
            done.append("service ends")

    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: dict[str, Any]) -> None:
        pass

    gateway = Gateway(Ending(root), [Service()], {})  # type: ignore[arg-type]
    asyncio.run(gateway({"type": "lifespan"}, receive, send))
    assert done == ["service begins", "core begins", "checkpoint", "service ends", "core ends", "checkpoint"]
