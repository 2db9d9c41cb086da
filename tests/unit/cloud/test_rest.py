"""REST-JSON: requests are found by method and path, and those of others' resources go on to the core."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakelab.cloud import rest, wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Request
from lakelab.cloud.errors import AwsError

OURS = "11111111-1111-1111-1111-111111111111"
PATH = "/2015-03-31/event-source-mappings"


class Mappings(rest.RestService):
    name = "lambda"
    iam_prefix = "lambda"
    paths = (PATH,)
    merged = frozenset({"ListEventSourceMappings"})

    def claims(self, caller: Caller, operation: str, params: wire.Params) -> bool:
        return operation == "ListEventSourceMappings" or params.get("UUID") == OURS

    def merge(self, operation: str, ours: dict[str, Any], cores: dict[str, Any]) -> dict[str, Any]:
        return {"EventSourceMappings": ours["EventSourceMappings"] + cores["EventSourceMappings"]}

    def get_event_source_mapping(self, call: wire.Call, params: wire.Params) -> wire.Params:
        return {"UUID": params["UUID"], "BatchSize": 7}

    def list_event_source_mappings(self, call: wire.Call, params: wire.Params) -> wire.Params:
        return {"EventSourceMappings": [{"UUID": OURS, "BatchSize": params.get("MaxItems", 0)}]}


def ask(root: Caller, method: str, path: str, query: str = "", body: bytes = b"", cores: Any = None) -> Any:
    def forward() -> rest.Answer:
        return cores

    return Mappings().answer(Request(method, path, query, [], body), root, forward)


def test_our_own_resource_is_answered(root: Caller):
    answer = ask(root, "GET", f"{PATH}/{OURS}")
    assert (answer.status, json.loads(answer.body)) == (200, {"UUID": OURS, "BatchSize": 7})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", f"{PATH}/22222222-2222-2222-2222-222222222222", id="another's resource"),
        pytest.param("PATCH", PATH, id="no such method"),
        pytest.param("GET", "/2015-03-31/nothing", id="no such path"),
    ],
)
def test_what_is_not_ours_is_the_cores(root: Caller, method: str, path: str):
    assert ask(root, method, path) is None


def test_a_list_holds_ours_and_the_cores(root: Caller):
    cores = rest.Answer(200, b'{"EventSourceMappings": [{"UUID": "theirs"}]}')
    answer = ask(root, "GET", PATH, "MaxItems=5", cores=cores)
    found = json.loads(answer.body)["EventSourceMappings"]
    assert [(item["UUID"], item.get("BatchSize")) for item in found] == [(OURS, 5), ("theirs", None)]


def test_a_refusal_of_the_core_stays_one(root: Caller):
    refusal = rest.Answer(403, b'{"message": "no"}')
    assert ask(root, "GET", PATH, cores=refusal) is refusal


@pytest.mark.parametrize(
    ("query", "body", "code", "message"),
    [
        pytest.param(
            "", b"{", "InvalidRequestContentException", "Could not parse request body into json.", id="no JSON"
        ),
        pytest.param("MaxItems=many", b"", "SerializationException", "'many' is no integer", id="no integer"),
        pytest.param("MaxItems=0", b"", "ValidationException", "'maxItems' failed to satisfy constraint", id="range"),
    ],
)
def test_what_is_refused(root: Caller, query: str, body: bytes, code: str, message: str):
    with pytest.raises(AwsError) as refused:
        ask(root, "GET", PATH, query, body)
    assert refused.value.code == code
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(AwsError("no", code="ResourceNotFoundException", status=404), 404, id="of its own status"),
        pytest.param(AwsError("no", code="AccessDeniedException"), 403, id="denied"),
    ],
)
def test_an_error_has_its_code_beside_the_body(error: AwsError, status: int):
    answer = rest.error_answer(error)
    assert (answer.status, answer.error) == (status, error.code)
    assert json.loads(answer.body) == {"Type": "User", "message": "no"}
