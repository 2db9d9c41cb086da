"""The operations as a client calls them: what they need to be allowed, and what no handler answers."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from lakelab.cloud import wire

WORKGROUP = "arn:aws:athena:us-east-1:000000000000:workgroup/"
CATALOG = "arn:aws:athena:us-east-1:000000000000:datacatalog/"


# the resource types of https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html
@pytest.mark.parametrize(
    ("operation", "params", "resource"),
    [
        pytest.param("ListWorkGroups", {}, "*", id="lists need no resource"),
        pytest.param("ListDataCatalogs", {}, "*", id="catalogs"),
        pytest.param("ListEngineVersions", {}, "*", id="engine versions"),
        pytest.param("StartQueryExecution", {"QueryString": "select 1"}, WORKGROUP + "primary", id="default workgroup"),
        pytest.param("GetWorkGroup", {"WorkGroup": "team"}, WORKGROUP + "team", id="named workgroup"),
        pytest.param("CreateWorkGroup", {"Name": "team"}, WORKGROUP + "team", id="new workgroup"),
        pytest.param(
            "CreateNamedQuery",
            {"Name": "q", "Database": "d", "QueryString": "select 1"},
            WORKGROUP + "primary",
            id="a named query is its workgroup's",
        ),
        pytest.param(
            "CreatePreparedStatement",
            {"StatementName": "statement", "WorkGroup": "team", "QueryStatement": "select ?"},
            WORKGROUP + "team",
            id="a prepared statement is its workgroup's",
        ),
        pytest.param("GetDataCatalog", {"Name": "other"}, CATALOG + "other", id="catalog"),
        pytest.param(
            "GetTableMetadata",
            {"CatalogName": "AwsDataCatalog", "DatabaseName": "d", "TableName": "t"},
            CATALOG + "AwsDataCatalog",
            id="table",
        ),
        pytest.param(
            "TagResource", {"ResourceARN": WORKGROUP + "primary", "Tags": []}, WORKGROUP + "primary", id="tags"
        ),
    ],
)
def test_an_operation_needs_the_right_for_its_resource(
    athena: Any, operation: str, params: dict, resource: str
) -> None:
    athena.deny(f"athena:{operation}", resource)

    refused = athena.refusal(operation, **params)

    assert refused.code == "AccessDeniedException"
    assert f"athena:{operation} on resource: {resource}" in refused.message


def test_an_execution_is_read_with_the_rights_of_its_workgroup(athena: Any) -> None:
    athena("CreateWorkGroup", Name="team", Configuration={"EnforceWorkGroupConfiguration": False})
    execution_id = athena.start("select 1", WorkGroup="team")
    athena.deny("athena:GetQueryResults", WORKGROUP + "team")

    assert athena.refusal("GetQueryResults", QueryExecutionId=execution_id).code == "AccessDeniedException"
    assert athena.execution(execution_id)["Status"]["State"] == "SUCCEEDED"


def test_what_belongs_to_another_account_or_region_is_not_seen(athena: Any) -> None:
    execution_id = athena.start("select 1")
    query_id = athena("CreateNamedQuery", Name="q", Database="d", QueryString="select 1")["NamedQueryId"]
    for other in (athena.elsewhere(account="111111111111"), athena.elsewhere(region="eu-west-1")):
        missing = other.refusal("GetQueryExecution", QueryExecutionId=execution_id)
        assert missing.message == f"QueryExecution {execution_id} was not found"
        assert other("ListQueryExecutions")["QueryExecutionIds"] == []
        assert other.refusal("GetNamedQuery", NamedQueryId=query_id).code == "InvalidRequestException"


@pytest.mark.parametrize("operation", ["StartSession", "CreateNotebook", "CreateCapacityReservation"])
def test_what_is_not_implemented_says_so(athena: Any, operation: str) -> None:
    with pytest.raises(wire.AwsError) as refused:
        wire.invoke(athena.service, athena.caller, operation, {})
    assert refused.value.code == "NotImplementedException"
    assert f"athena:{operation} is not implemented" in refused.value.message


def test_a_short_query_has_ended_when_its_start_is_answered(athena: Any) -> None:
    def after_a_while(session: Any) -> Any:
        time.sleep(0.1)
        return athena.engine.run(session, "select 2")

    athena.engine.tell("select 1", after_a_while)
    assert athena.run("select 1")["Status"]["State"] == "SUCCEEDED"


def test_the_start_of_a_long_query_is_answered_while_it_runs(athena: Any) -> None:
    athena.engine.tell(
        "select 1", lambda session: session.cancelled.wait(30) and athena.engine.run(session, "select 2")
    )
    execution_id = athena.start("select 1")
    assert athena.execution(execution_id)["Status"]["State"] == "RUNNING"
    not_yet = athena.refusal("GetQueryResults", QueryExecutionId=execution_id)
    assert (not_yet.code, not_yet.message) == (
        "InvalidRequestException",
        "Query has not yet finished. Current state: RUNNING",
    )
    assert not_yet.members["AthenaErrorCode"] == "INVALID_QUERY_EXECUTION_STATE"
    athena("StopQueryExecution", QueryExecutionId=execution_id)


def test_waiting_answers_leave_workers_for_other_requests(athena: Any) -> None:
    release = threading.Event()
    athena.engine.tell("select 1", lambda session: release.wait(30) and athena.engine.run(session, "select 2"))
    starts = [threading.Thread(target=athena.start, args=("select 1",)) for _ in range(20)]
    began = time.monotonic()
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    # more starts than may wait: those beyond are answered at once, so none waits for another's turn
    assert time.monotonic() - began < 1.6
    release.set()


def test_runtime_statistics(athena: Any) -> None:
    execution_id = athena.start("select 1")
    statistics = athena("GetQueryRuntimeStatistics", QueryExecutionId=execution_id)["QueryRuntimeStatistics"]
    assert statistics["Rows"] == {"InputBytes": 10, "OutputBytes": len('"_col0"\n"select 1"\n'), "OutputRows": 1}
    assert set(statistics["Timeline"]) == {
        "QueryQueueTimeInMillis",
        "EngineExecutionTimeInMillis",
        "ServiceProcessingTimeInMillis",
        "TotalExecutionTimeInMillis",
    }


def test_engine_versions(athena: Any) -> None:
    assert athena("ListEngineVersions")["EngineVersions"] == [
        {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
        {"SelectedEngineVersion": "Athena engine version 3", "EffectiveEngineVersion": "Athena engine version 3"},
    ]


@pytest.mark.fidelity("athena", "GetQueryResults of DATA_MANIFEST", "absent")
def test_a_manifest_in_rows_is_not_implemented(athena: Any) -> None:
    execution_id = athena.start("select 1")
    refused = athena.refusal("GetQueryResults", QueryExecutionId=execution_id, QueryResultType="DATA_MANIFEST")
    assert refused.code == "NotImplementedException"
