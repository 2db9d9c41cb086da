"""The JSON protocol: what is parsed, refused and serialised, by botocore's models alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import AccessDenied, AwsError, NotImplementedHere


class Databases(wire.Service):
    """A service with two handlers, of which one answers what a test gives it."""

    name = "glue"
    iam_prefix = "glue"

    def __init__(self, answer: dict[str, Any] | None = None):
        self.answer = answer or {}
        self.seen: wire.Params = {}

    def create_database(self, call: wire.Call, params: wire.Params) -> wire.Params:
        self.seen = params
        return self.answer


def body(**params: Any) -> bytes:
    return json.dumps(params).encode()


def test_parse_gives_the_fields_of_the_model_and_drops_others():
    parsed = wire.parse_request(
        Databases(), "CreateDatabase", body(DatabaseInput={"Name": "sales", "Nonsense": 1}, Other=True)
    )
    assert parsed == {"DatabaseInput": {"Name": "sales"}}


@pytest.mark.parametrize(
    ("operation", "request_body", "code", "message"),
    [
        pytest.param("CreateDatabase", b"{", "SerializationException", "not JSON", id="no JSON"),
        pytest.param(
            "CreateDatabase", body(DatabaseInput=3), "SerializationException", "databaseInput has a value of", id="type"
        ),
        pytest.param("MakeDatabase", b"{}", "UnknownOperationException", "MakeDatabase", id="unknown operation"),
        pytest.param(
            "CreateDatabase",
            b"{}",
            "ValidationException",
            "1 validation error detected: Value null at 'databaseInput' failed to satisfy constraint: "
            "Member must not be null",
            id="missing",
        ),
        pytest.param(
            "CreateDatabase",
            body(DatabaseInput={"Name": ""}),
            "ValidationException",
            "Value '' at 'databaseInput.name' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
            id="too short",
        ),
        pytest.param(
            "GetTables",
            body(DatabaseName="d", MaxResults=0),
            "ValidationException",
            "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
            id="out of range",
        ),
        pytest.param(
            "CreateTrigger",
            body(Name="t", Type="NEVER", Actions=[]),
            "ValidationException",
            "Member must satisfy enum value set: [CONDITIONAL, EVENT, ON_DEMAND, SCHEDULED]",
            id="enum",
        ),
    ],
)
def test_a_bad_request_is_refused_in_aws_words(operation: str, request_body: bytes, code: str, message: str):
    with pytest.raises(AwsError) as refused:
        wire.parse_request(Databases(), operation, request_body)
    assert refused.value.code == code
    assert message in refused.value.message


def test_two_problems_are_counted_and_both_named():
    with pytest.raises(AwsError) as refused:
        wire.parse_request(Databases(), "CreateTable", body(DatabaseName="", TableInput={"Name": ""}))
    assert refused.value.message.startswith("2 validation errors detected: Value '' at 'databaseName'")
    assert "; Value '' at 'tableInput.name'" in refused.value.message


def test_invoke_runs_the_handler(root: Caller):
    service = Databases()
    wire.invoke(service, root, "CreateDatabase", {"DatabaseInput": {"Name": "sales"}})
    assert service.seen == {"DatabaseInput": {"Name": "sales"}}


def test_an_operation_without_a_handler_is_not_implemented(root: Caller):
    with pytest.raises(NotImplementedHere, match="glue:DeleteDatabase is not implemented"):
        wire.invoke(Databases(), root, "DeleteDatabase", {"Name": "sales"})


def test_a_caller_without_the_right_is_denied(caller_denied: Caller):
    with pytest.raises(AccessDenied, match=r"is not authorized to perform: glue:CreateDatabase on resource: \*"):
        wire.invoke(Databases(), caller_denied, "CreateDatabase", {})


def test_answers_are_serialised_by_the_model():
    made = datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    answer = {"Database": {"Name": "sales", "Description": None, "CreateTime": made}}
    assert json.loads(wire.serialise_answer(Databases(), "GetDatabase", answer)) == {
        "Database": {"Name": "sales", "CreateTime": 1704164645.678}
    }


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param({"Databass": {}}, "no such member: Databass", id="unknown member"),
        pytest.param({"Database": {"Name": 3}}, "expected string, got int", id="wrong type"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_a_bug(answer: dict[str, Any], message: str):
    with pytest.raises(TypeError, match=message):
        wire.serialise_answer(Databases(), "GetDatabase", answer)


def test_an_error_has_its_message_where_the_error_shape_has_it():
    error = AwsError("Database sales not found.", code="EntityNotFoundException")
    assert json.loads(wire.serialise_error(Databases(), "GetDatabase", error)) == {
        "__type": "EntityNotFoundException",
        "Message": "Database sales not found.",
    }
