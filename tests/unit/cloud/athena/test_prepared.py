"""Prepared statements: kept by name in a workgroup."""

from __future__ import annotations

from typing import Any

import pytest

MINE = {"StatementName": "mine", "WorkGroup": "primary"}


def test_a_statement_is_read_back_changed_and_removed(athena: Any) -> None:
    athena("CreatePreparedStatement", **MINE, QueryStatement="select ?", Description="one")
    stored = athena("GetPreparedStatement", **MINE)["PreparedStatement"]
    assert stored.pop("LastModifiedTime") > 0
    assert stored == {
        "StatementName": "mine",
        "WorkGroupName": "primary",
        "QueryStatement": "select ?",
        "Description": "one",
    }
    athena("UpdatePreparedStatement", **MINE, QueryStatement="select ? + 1")
    changed = athena("GetPreparedStatement", **MINE)["PreparedStatement"]
    assert (changed["QueryStatement"], changed["Description"]) == ("select ? + 1", "one")
    assert [
        each["StatementName"] for each in athena("ListPreparedStatements", WorkGroup="primary")["PreparedStatements"]
    ] == ["mine"]
    athena("DeletePreparedStatement", **MINE)
    assert athena("ListPreparedStatements", WorkGroup="primary")["PreparedStatements"] == []


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        pytest.param("GetPreparedStatement", {}, id="get"),
        pytest.param("UpdatePreparedStatement", {"QueryStatement": "select 1"}, id="update"),
        pytest.param("DeletePreparedStatement", {}, id="delete"),
    ],
)
def test_a_statement_that_is_not_there(athena: Any, operation: str, more: dict) -> None:
    refused = athena.refusal(operation, **MINE, **more)
    assert refused.code == "ResourceNotFoundException"
    assert refused.message == "PreparedStatement mine was not found in workGroup primary"
    assert refused.members == {"ResourceName": "mine"}


def test_a_name_is_taken_once_in_a_workgroup(athena: Any) -> None:
    athena("CreateWorkGroup", Name="team")
    athena("CreatePreparedStatement", **MINE, QueryStatement="select ?")
    assert athena.refusal("CreatePreparedStatement", **MINE, QueryStatement="x").code == "InvalidRequestException"
    athena("CreatePreparedStatement", StatementName="mine", WorkGroup="team", QueryStatement="select 2")
    assert athena("GetPreparedStatement", **MINE)["PreparedStatement"]["QueryStatement"] == "select ?"


def test_batch_get_answers_what_it_has(athena: Any) -> None:
    athena("CreatePreparedStatement", **MINE, QueryStatement="select ?")
    answer = athena("BatchGetPreparedStatement", PreparedStatementNames=["mine", "other"], WorkGroup="primary")
    assert [each["StatementName"] for each in answer["PreparedStatements"]] == ["mine"]
    assert [each["StatementName"] for each in answer["UnprocessedPreparedStatementNames"]] == ["other"]


def test_a_workgroup_that_is_not_there(athena: Any) -> None:
    refused = athena.refusal("ListPreparedStatements", WorkGroup="nowhere")
    assert (refused.code, refused.message) == ("InvalidRequestException", "WorkGroup is not found.")
