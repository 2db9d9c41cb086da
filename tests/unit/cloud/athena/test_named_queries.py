"""Named queries: saved, found, changed and removed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

QUERY = {"Name": "revenue", "Database": "sales", "QueryString": "select 1", "Description": "monthly"}


def test_a_query_is_read_back_changed_and_removed(athena: Any) -> None:
    query_id = athena("CreateNamedQuery", **QUERY)["NamedQueryId"]
    assert athena("GetNamedQuery", NamedQueryId=query_id)["NamedQuery"] == QUERY | {
        "NamedQueryId": query_id,
        "WorkGroup": "primary",
    }
    athena("UpdateNamedQuery", NamedQueryId=query_id, Name="revenue", QueryString="select 2")
    changed = athena("GetNamedQuery", NamedQueryId=query_id)["NamedQuery"]
    assert (changed["QueryString"], changed["Description"], changed["Database"]) == ("select 2", "monthly", "sales")
    athena("DeleteNamedQuery", NamedQueryId=query_id)
    for operation in ("GetNamedQuery", "DeleteNamedQuery"):
        refused = athena.refusal(operation, NamedQueryId=query_id)
        assert (refused.code, refused.message) == (
            "InvalidRequestException",
            f"NamedQuery {query_id} was not found",
        )


def test_a_repeated_token_saves_once(athena: Any) -> None:
    token = str(uuid4())
    first = athena("CreateNamedQuery", **QUERY, ClientRequestToken=token)
    assert athena("CreateNamedQuery", **QUERY, ClientRequestToken=token) == first
    refused = athena.refusal("CreateNamedQuery", **(QUERY | {"Name": "other"}), ClientRequestToken=token)
    assert refused.message == "Idempotent parameters do not match"
    assert athena("ListNamedQueries")["NamedQueryIds"] == [first["NamedQueryId"]]


def test_the_list_is_of_one_workgroup_in_pages(athena: Any) -> None:
    athena("CreateWorkGroup", Name="team")
    athena("CreateNamedQuery", **QUERY, WorkGroup="team")
    ids = {athena("CreateNamedQuery", **QUERY)["NamedQueryId"] for _ in range(3)}
    first = athena("ListNamedQueries", MaxResults=2)
    second = athena("ListNamedQueries", MaxResults=2, NextToken=first["NextToken"])
    assert set(first["NamedQueryIds"] + second["NamedQueryIds"]) == ids
    assert "NextToken" not in second


def test_batch_get_answers_what_it_has(athena: Any) -> None:
    query_id = athena("CreateNamedQuery", **QUERY)["NamedQueryId"]
    answer = athena("BatchGetNamedQuery", NamedQueryIds=[query_id, "nothing"])
    assert [query["Name"] for query in answer["NamedQueries"]] == ["revenue"]
    assert answer["UnprocessedNamedQueryIds"][0]["NamedQueryId"] == "nothing"
