"""AWS's JSON protocol, both ways, from botocore's own service models.

A service is a class with a method per operation, named as in boto3 (`start_query_execution`). Everything that AWS
defines about the operation stays out of it: the request is parsed and validated, and the answer serialised, from the
same model that boto3 uses. An operation without a method answers not-implemented by itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape

from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError, NotImplementedHere

Params = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request to one operation, as a handler sees it."""

    operation: str
    caller: Caller
    request_id: str = field(default_factory=lambda: str(uuid4()))


class Service:
    """Base of the lake services.

    A handler is a method `name(self, call: Call, params: Params) -> Params` with the name that boto3 gives to the
    operation; `params` and the answer have AWS's field names, timestamps are aware datetimes and blobs are bytes.
    A member of the answer that is None is left out.
    """

    name: str  # botocore's name of the service
    iam_prefix: str  # the prefix of its IAM actions
    validation_error = "ValidationException"
    error_members: Mapping[str, Mapping[str, str]] = {}  # by code, where the error itself does not say otherwise

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        """The (IAM action, ARN) pairs that the caller must be allowed before the handler runs."""
        yield f"{self.iam_prefix}:{call.operation}", "*"

    def start(self, core: Core) -> None:
        """Begin what the service runs in the background; the server is about to answer."""

    def close(self) -> None:
        """Stop what the service runs in the background; the server is about to end."""


@lru_cache
def service_model(name: str) -> ServiceModel:
    """botocore's model of a service."""
    return _session().get_service_model(name)


@lru_cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def invoke(service: Service, caller: Caller, operation: str, params: Params) -> Params:
    """Authorise and run one operation, from the wire or from another lake service.

    Raises:
        AwsError: what AWS would answer: access denied, not implemented, or the service's own error.
    """
    handler: Callable[[Call, Params], Params] | None = getattr(service, xform_name(operation), None)
    if handler is None:
        raise NotImplementedHere(
            f"{service.name}:{operation} is not implemented by the local AWS; "
            "localstack/FIDELITY.md lists the operations that are."
        )
    call = Call(operation, caller)
    for action, resource in service.resources(call, params):
        passed = {"iam:PassedToService": f"{service.iam_prefix}.amazonaws.com"} if action == "iam:PassRole" else None
        caller.require(action, resource, passed)
    return handler(call, params)


def operation_of(target: str) -> tuple[str, str]:
    """The prefix and the operation of an X-Amz-Target header: `AmazonAthena.GetWorkGroup`."""
    prefix, _, operation = target.rpartition(".")
    return prefix, operation


def parse_request(service: Service, operation: str, body: bytes) -> Params:
    """The validated parameters of a request.

    Raises:
        AwsError: SerializationException for a body that is no JSON or a value of the wrong type,
            UnknownOperationException, or the service's validation error with AWS's text.
    """
    model = service_model(service.name)
    if operation not in model.operation_names:
        raise AwsError(f"Operation {operation} is unknown.", code="UnknownOperationException")
    shape = model.operation_model(operation).input_shape
    try:
        raw = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError(f"The request body is not JSON: {error}", code="SerializationException") from error
    return {} if shape is None else parse_shape(shape, raw, service.validation_error)


def parse_shape(shape: Shape, raw: Any, validation_error: str) -> Params:
    """The validated parameters in a JSON value. Raises AwsError as `parse_request` does."""
    problems: list[str] = []
    params = _parse(shape, raw, "", problems)
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise AwsError(count + "; ".join(problems), code=validation_error)
    return params


def serialise_answer(service: Service, operation: str, answer: Mapping[str, Any]) -> bytes:
    """The JSON body of an answer. Raises TypeError when the answer has not the operation's output shape."""
    shape = service_model(service.name).operation_model(operation).output_shape
    if shape is None:
        if answer:
            raise TypeError(f"{service.name}:{operation} answers nothing, but got {sorted(answer)}")
        return b"{}"
    return json.dumps(_serialise(shape, answer, operation), separators=(",", ":")).encode()


def serialise_error(service: Service, operation: str, error: AwsError) -> bytes:
    """The JSON body of an error, with its message under the name that the error's shape gives it."""
    name = "message"
    model = service_model(service.name)
    if operation in model.operation_names:
        name = _message_member(model.operation_model(operation), error.code)
    members = {**service.error_members.get(error.code, {}), **error.members}
    return json.dumps({"__type": error.code, name: error.message, **members}, default=str).encode()


def _message_member(operation: OperationModel, code: str) -> str:
    for shape in operation.error_shapes:
        if isinstance(shape, StructureShape) and code in (shape.error_code, shape.name):
            return next((member for member in shape.members if member.lower() == "message"), "message")
    return "message"


def _parse(shape: Shape, value: Any, path: str, problems: list[str]) -> Any:
    match shape:
        case StructureShape():
            _expect(value, dict, path)
            parsed = {}
            for name in shape.required_members:
                if value.get(name) is None:
                    where = _field(path, name)
                    problems.append(f"Value null at '{where}' failed to satisfy constraint: Member must not be null")
            for name, member in shape.members.items():
                if value.get(name) is not None:
                    parsed[name] = _parse(member, value[name], _field(path, name), problems)
            return parsed
        case ListShape():
            _expect(value, list, path)
            _check_length(shape, value, path, problems)
            return [
                _parse(shape.member, item, f"{path}.{number}.member", problems) for number, item in enumerate(value, 1)
            ]
        case MapShape():
            _expect(value, dict, path)
            _check_length(shape, value, path, problems)
            return {key: _parse(shape.value, item, f"{path}.{key}.member", problems) for key, item in value.items()}
        case StringShape():
            _expect(value, str, path)
            _check_string(shape, value, path, problems)
            return value
    return _parse_scalar(shape, value, path, problems)


def _parse_scalar(shape: Shape, value: Any, path: str, problems: list[str]) -> Any:
    match shape.type_name:
        case "blob":
            _expect(value, str, path)
            return base64.b64decode(value)
        case "boolean":
            _expect(value, bool, path)
        case "timestamp":
            if isinstance(value, str):
                return datetime.fromisoformat(value.replace("Z", "+00:00"))
            _expect(value, (int, float), path)
            return datetime.fromtimestamp(value, UTC)
        case "integer" | "long":
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            _expect(value, int, path)
            _check_range(shape, value, path, problems)
        case "float" | "double":
            _expect(value, (int, float), path)
            _check_range(shape, value, path, problems)
    return value


def _field(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _expect(value: Any, kinds: type | tuple[type, ...], path: str) -> None:
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise AwsError(f"{path or 'The request'} has a value of the wrong type.", code="SerializationException")


def _fails(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else str(value)
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _check_length(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    limits = shape.metadata
    if "min" in limits and len(value) < limits["min"]:
        problems.append(_fails(value, path, f"have length greater than or equal to {limits['min']}"))
    if "max" in limits and len(value) > limits["max"]:
        problems.append(_fails(value, path, f"have length less than or equal to {limits['max']}"))


def _check_range(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    limits = shape.metadata
    if "min" in limits and value < limits["min"]:
        problems.append(_fails(value, path, f"have value greater than or equal to {limits['min']}"))
    if "max" in limits and value > limits["max"]:
        problems.append(_fails(value, path, f"have value less than or equal to {limits['max']}"))


def _check_string(shape: StringShape, value: str, path: str, problems: list[str]) -> None:
    _check_length(shape, value, path, problems)
    if shape.enum and value not in shape.enum:
        problems.append(_fails(value, path, f"satisfy enum value set: [{', '.join(sorted(shape.enum))}]"))
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        problems.append(_fails(value, path, f"satisfy regular expression pattern: {pattern}"))


def _matches(pattern: str, value: str) -> bool:
    compiled = _compile(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str] | None:
    # AWS writes planes beyond the first as surrogate pairs, which Python's re has not
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    try:
        return re.compile(pattern)
    except re.error:
        return None  # a Java-only pattern: AWS would check it, we let the value pass


def _serialise(shape: Shape, value: Any, path: str) -> Any:
    match shape:
        case StructureShape():
            unknown = set(value) - set(shape.members)
            if unknown:
                raise TypeError(f"{path}: no such member: {', '.join(sorted(unknown))}")
            return {
                name: _serialise(shape.members[name], item, f"{path}.{name}")
                for name, item in value.items()
                if item is not None
            }
        case ListShape():
            return [_serialise(shape.member, item, path) for item in value]
        case MapShape():
            return {key: _serialise(shape.value, item, path) for key, item in value.items()}
    return _serialise_scalar(shape, value, path)


_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
    "blob": (bytes,),
}


def _serialise_scalar(shape: Shape, value: Any, path: str) -> Any:
    kinds = _SCALARS.get(shape.type_name)
    if kinds and not isinstance(value, kinds):
        raise TypeError(f"{path}: expected {shape.type_name}, got {type(value).__name__}")
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
