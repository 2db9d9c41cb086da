"""AWS's REST-JSON protocol, for services that own only some of their resources: the others are the core's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Request
from lakelab.cloud.errors import AwsError

JSON = "application/json"
Forward = Callable[[], "Answer"]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `error` is the code that a REST-JSON error has in its header."""

    status: int
    body: bytes
    error: str | None = None


class RestService(wire.Service):
    """Base of the services that are found by path.

    A request whose path begins with one of `paths` is parsed; if `claims` it, it is answered here as in `wire.Service`,
    and else it goes on to the core. The answers to the operations in `merged` are both: this service's and the core's.
    """

    paths: tuple[str, ...]
    merged: frozenset[str] = frozenset()
    validation_error = "ValidationException"

    def claims(self, caller: Caller, operation: str, params: wire.Params) -> bool:
        """Whether the resource that the request is about is this service's."""
        raise NotImplementedError

    def merge(self, operation: str, ours: dict[str, Any], cores: dict[str, Any]) -> dict[str, Any]:
        """One answer, as JSON on the wire, of this service's and the core's."""
        raise NotImplementedError

    def answer(self, request: Request, caller: Caller, forward: Forward) -> Answer | None:
        """The answer to a request; None when it is the core's.

        `forward` asks the core. Raises AwsError for what AWS would refuse.
        """
        found = route(wire.service_model(self.name), request.method, request.path)
        if found is None:
            return None
        model, labels = found
        params = parse(model, labels, request, self.validation_error)
        if not self.claims(caller, model.name, params):
            return None
        ours = wire.serialise_answer(self, model.name, wire.invoke(self, caller, model.name, params))
        if model.name in self.merged:
            cores = forward()
            if cores.status >= 300:
                return cores
            ours = json.dumps(self.merge(model.name, json.loads(ours), json.loads(cores.body))).encode()
        return Answer(model.http.get("responseCode", 200), ours)


def route(model: ServiceModel, method: str, path: str) -> tuple[OperationModel, dict[str, str]] | None:
    """The operation of a method and a raw path, and the values of the labels in it; None when there is none."""
    for pattern, operation in _routes(model, method):
        match = pattern.fullmatch(path)
        if match:
            return operation, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


@lru_cache
def _routes(model: ServiceModel, method: str) -> list[tuple[re.Pattern[str], OperationModel]]:
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.http["method"] == method:
            uri = operation.http["requestUri"].partition("?")[0].rstrip("/")
            pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", _label, re.escape(uri))
            found.append((re.compile(pattern + "/?"), operation))
    return found


def _label(label: re.Match[str]) -> str:
    """`{name}` is one step of the path, `{name+}` may be more."""
    return f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"


def parse(model: OperationModel, labels: Mapping[str, str], request: Request, validation_error: str) -> wire.Params:
    """The validated parameters of a request: from its path, its query and its body. Raises AwsError."""
    shape = model.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    try:
        raw = json.loads(request.body) if request.body else {}
    except ValueError as error:
        raise AwsError("Could not parse request body into json.", code="InvalidRequestContentException") from error
    query = parse_qs(request.query, keep_blank_values=True)
    for name, member in shape.members.items():
        place, key = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri" and key in labels:
            raw[name] = labels[key]
        elif place == "querystring" and key in query:
            raw[name] = query[key] if isinstance(member, ListShape) else _typed(member, query[key][0])
    return wire.parse_shape(shape, raw, validation_error)


def _typed(shape: Shape, text: str) -> Any:
    match shape.type_name:
        case "integer" | "long":
            if not re.fullmatch(r"-?\d+", text):
                raise AwsError(f"{text!r} is no integer.", code="SerializationException")
            return int(text)
        case "boolean":
            return text == "true"
    return text


def error_answer(error: AwsError) -> Answer:
    """An error as REST-JSON has it: its code in a header, its message in the body."""
    status = 403 if error.code == "AccessDeniedException" else error.status
    kind = "User" if status < 500 else "Service"
    body = {"Type": kind, "message": error.message, **error.members}
    return Answer(status, json.dumps(body, default=str).encode(), error.code)
