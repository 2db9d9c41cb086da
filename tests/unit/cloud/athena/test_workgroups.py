"""Workgroups: their defaults, changes and removal."""

from __future__ import annotations

from typing import Any

import pytest


def get(athena: Any, name: str) -> dict[str, Any]:
    return athena("GetWorkGroup", WorkGroup=name)["WorkGroup"]


@pytest.mark.fidelity("athena", "workgroup primary", "exact")
def test_primary_is_there_with_all_its_defaults(athena: Any) -> None:
    primary = get(athena, "primary")
    # a recorded answer of AWS: aoyagikouhei/athena-local, docs/dev/measurements/work-groups.md
    assert primary["Configuration"] == {
        "EnableMinimumEncryptionConfiguration": False,
        "EnforceWorkGroupConfiguration": False,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "ResultConfiguration": {},
    }
    assert (primary["Name"], primary["State"]) == ("primary", "ENABLED")
    assert "Description" not in primary
    assert primary["CreationTime"] > 0


@pytest.mark.fidelity(
    "athena", "workgroup settings", "near", "metrics, requester pays and encryption are kept and shown, and do nothing"
)
def test_a_workgroup_keeps_what_it_was_given(athena: Any) -> None:
    configuration = {
        "ResultConfiguration": {"OutputLocation": "s3://results/team/"},
        "BytesScannedCutoffPerQuery": 10_000_000,
        "PublishCloudWatchMetricsEnabled": True,
    }
    tags = [{"Key": "team", "Value": "data"}]
    athena("CreateWorkGroup", Name="team", Description="ours", Configuration=configuration, Tags=tags)
    team = get(athena, "team")
    assert team["Description"] == "ours"
    assert team["Configuration"] | configuration == team["Configuration"]
    assert team["Configuration"]["EnforceWorkGroupConfiguration"] is True
    arn = "arn:aws:athena:us-east-1:000000000000:workgroup/team"
    assert athena("ListTagsForResource", ResourceARN=arn)["Tags"] == tags


def test_the_list_is_by_name_in_pages(athena: Any) -> None:
    for name in ("zebra", "ape"):
        athena("CreateWorkGroup", Name=name)
    first = athena("ListWorkGroups", MaxResults=2)
    second = athena("ListWorkGroups", MaxResults=2, NextToken=first["NextToken"])
    assert [group["Name"] for group in first["WorkGroups"] + second["WorkGroups"]] == ["ape", "primary", "zebra"]
    assert "NextToken" not in second
    # measured: the list has an empty description where GetWorkGroup has none
    assert {group["Description"] for group in first["WorkGroups"]} == {""}


def test_updates_change_add_and_remove(athena: Any) -> None:
    athena(
        "CreateWorkGroup",
        Name="team",
        Configuration={
            "ResultConfiguration": {
                "OutputLocation": "s3://results/a/",
                "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
            },
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )
    athena(
        "UpdateWorkGroup",
        WorkGroup="team",
        State="DISABLED",
        Description="closed",
        ConfigurationUpdates={
            "EnforceWorkGroupConfiguration": False,
            "RemoveBytesScannedCutoffPerQuery": True,
            "ResultConfigurationUpdates": {
                "OutputLocation": "s3://results/b/",
                "RemoveEncryptionConfiguration": True,
            },
            "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        },
    )
    team = get(athena, "team")
    assert (team["State"], team["Description"]) == ("DISABLED", "closed")
    assert team["Configuration"]["ResultConfiguration"] == {"OutputLocation": "s3://results/b/"}
    assert "BytesScannedCutoffPerQuery" not in team["Configuration"]
    assert team["Configuration"]["EnforceWorkGroupConfiguration"] is False
    assert team["Configuration"]["EngineVersion"]["SelectedEngineVersion"] == "Athena engine version 3"


def test_managed_results_can_be_turned_on_instead_of_a_location(athena: Any) -> None:
    athena("CreateWorkGroup", Name="team", Configuration={"ResultConfiguration": {"OutputLocation": "s3://r/a/"}})
    managed = {"ManagedQueryResultsConfigurationUpdates": {"Enabled": True}}
    refused = athena.refusal("UpdateWorkGroup", WorkGroup="team", ConfigurationUpdates=managed)
    assert refused.code == "InvalidRequestException"
    athena(
        "UpdateWorkGroup",
        WorkGroup="team",
        ConfigurationUpdates=managed | {"ResultConfigurationUpdates": {"RemoveOutputLocation": True}},
    )
    assert get(athena, "team")["Configuration"]["ManagedQueryResultsConfiguration"] == {"Enabled": True}


@pytest.mark.fidelity("athena", "DeleteWorkGroup", "exact")
@pytest.mark.parametrize("content", ["executions", "named query", "prepared statement"])
def test_a_workgroup_with_content_goes_only_with_it(athena: Any, content: str) -> None:
    athena("CreateWorkGroup", Name="team", Configuration={"EnforceWorkGroupConfiguration": False})
    match content:
        case "executions":
            athena.start("select 1", WorkGroup="team")
        case "named query":
            athena("CreateNamedQuery", Name="q", Database="d", QueryString="select 1", WorkGroup="team")
        case "prepared statement":
            athena("CreatePreparedStatement", StatementName="mine", WorkGroup="team", QueryStatement="select 1")
    refused = athena.refusal("DeleteWorkGroup", WorkGroup="team")
    # the text users see from `terraform destroy`: "InvalidRequestException: WorkGroup X is not empty"
    assert (refused.code, refused.message) == ("InvalidRequestException", "WorkGroup team is not empty")

    athena("DeleteWorkGroup", WorkGroup="team", RecursiveDeleteOption=True)

    assert athena.refusal("GetWorkGroup", WorkGroup="team").message == "WorkGroup is not found."
    athena("CreateWorkGroup", Name="team")
    assert athena("ListQueryExecutions", WorkGroup="team")["QueryExecutionIds"] == []
    assert athena("ListNamedQueries", WorkGroup="team")["NamedQueryIds"] == []
    assert athena("ListPreparedStatements", WorkGroup="team")["PreparedStatements"] == []


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "GetWorkGroup", {"WorkGroup": "no"}, "InvalidRequestException", "WorkGroup is not found.", id="get"
        ),
        pytest.param(
            "UpdateWorkGroup", {"WorkGroup": "no"}, "InvalidRequestException", "WorkGroup is not found.", id="update"
        ),
        pytest.param(
            "DeleteWorkGroup", {"WorkGroup": "no"}, "InvalidRequestException", "WorkGroup is not found.", id="delete"
        ),
        pytest.param(
            "ListQueryExecutions", {"WorkGroup": "no"}, "InvalidRequestException", "WorkGroup is not found.", id="list"
        ),
        pytest.param(
            "DeleteWorkGroup",
            {"WorkGroup": "primary"},
            "InvalidRequestException",
            "The primary workgroup cannot be deleted.",
            id="delete primary",
        ),
        pytest.param(
            "CreateWorkGroup",
            {"Name": "x", "Configuration": {"ResultConfiguration": {"OutputLocation": "https://x/y"}}},
            "InvalidRequestException",
            "outputLocation is not a valid S3 path.",
            id="no S3 path",
        ),
        pytest.param(
            "CreateWorkGroup",
            {"Name": "x", "Configuration": {"EngineVersion": {"SelectedEngineVersion": "Athena engine version 9"}}},
            "InvalidRequestException",
            "Invalid engine version: Athena engine version 9",
            id="no such engine",
        ),
        pytest.param(
            "CreateWorkGroup",
            {"Name": "x", "Configuration": {"EngineVersion": {"SelectedEngineVersion": "PySpark engine version 3"}}},
            "NotImplementedException",
            "Workgroups for Apache Spark are not implemented by the local AWS.",
            id="Spark",
        ),
        pytest.param(
            "ListWorkGroups",
            {"NextToken": "x"},
            "InvalidRequestException",
            "The nextPageToken is malformed: x",
            id="token of no page",
        ),
    ],
)
def test_refusals(athena: Any, operation: str, params: dict, code: str, message: str) -> None:
    refused = athena.refusal(operation, **params)
    assert (refused.code, refused.message) == (code, message)


def test_a_name_is_taken_once(athena: Any) -> None:
    athena("CreateWorkGroup", Name="team")
    for name in ("team", "primary"):
        refused = athena.refusal("CreateWorkGroup", Name=name)
        assert (refused.code, refused.message) == ("InvalidRequestException", "WorkGroup is already created")
    # the same name in another region is another workgroup
    athena.elsewhere(region="eu-west-1")("CreateWorkGroup", Name="team")
