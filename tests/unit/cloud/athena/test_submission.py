"""StartQueryExecution: tokens, workgroups, where results go, what the execution shows."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from lakelab.cloud.athena.submission import NO_OUTPUT, database_name, destination_of
from lakelab.cloud.errors import AwsError

# Texts and codes: recorded answers of AWS in aoyagikouhei/athena-local, docs/dev/measurements (client-request-token.md,
# work-groups.md, errors.md).


def test_an_execution_shows_what_was_asked(athena: Any) -> None:
    context = {"Catalog": "AwsDataCatalog", "Database": "Sales"}
    execution = athena.run("select ?", QueryExecutionContext=context, ExecutionParameters=["1"])

    assert execution["Query"] == "select ?"
    assert (execution["StatementType"], execution["SubstatementType"]) == ("DML", "SELECT")
    # measured: the catalog comes back in lower case, the database as sent
    assert execution["QueryExecutionContext"] == {"Catalog": "awsdatacatalog", "Database": "Sales"}
    assert execution["ExecutionParameters"] == ["1"]
    assert execution["WorkGroup"] == "primary"
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    assert execution["ResultReuseConfiguration"] == {"ResultReuseByAgeConfiguration": {"Enabled": False}}
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["Status"]["SubmissionDateTime"] <= execution["Status"]["CompletionDateTime"]
    statistics = execution["Statistics"]
    assert statistics["DataScannedInBytes"] == 10
    assert statistics["ResultReuseInformation"] == {"ReusedPreviousResult": False}
    assert statistics["TotalExecutionTimeInMillis"] >= statistics["EngineExecutionTimeInMillis"] >= 0


@pytest.mark.parametrize(
    ("sql", "end"),
    [
        pytest.param("select 1", "{id}.csv", id="query"),
        pytest.param("show tables", "{id}.txt", id="show"),
        pytest.param("create schema if not exists `db`", "{id}.txt", id="ddl"),
        pytest.param("create table t as select 1 a", "tables/{id}", id="ctas"),
        pytest.param("insert into t values (1)", "{id}", id="insert"),
        pytest.param("unload (select 1) to 's3://b/x' with (format = 'PARQUET')", "{id}", id="unload"),
        pytest.param("delete from t where a = 1", "{id}.csv", id="delete"),
        pytest.param("explain select 1", "{id}.txt", id="explain"),
    ],
)
def test_the_output_location_is_that_of_the_final_object(athena: Any, sql: str, end: str) -> None:
    execution = athena.run(sql)
    expected = "s3://results/out/" + end.format(id=execution["QueryExecutionId"])
    assert execution["ResultConfiguration"]["OutputLocation"] == expected


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        pytest.param("sales", "sales", id="plain"),
        pytest.param("`Sales`", "sales", id="backticks, as awswrangler sends"),
        pytest.param('"sales"', "sales", id="double quotes"),
    ],
)
def test_the_database_of_the_context(athena: Any, sent: str, name: str) -> None:
    assert database_name(sent) == name
    athena.run("select 1", QueryExecutionContext={"Database": sent})
    assert athena.engine.sessions[-1].database == name


def test_a_repeated_token_starts_nothing(athena: Any) -> None:
    token = str(uuid4())
    first = athena.start("select 1", ClientRequestToken=token)
    # measured: neither the parameters nor the workgroup count
    assert athena.start("select 1", ClientRequestToken=token, ExecutionParameters=["2"]) == first
    assert len(athena.engine.ran) == 1


@pytest.mark.fidelity("athena", "ClientRequestToken", "exact")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"QueryString": "select 2"}, id="query"),
        pytest.param({"QueryExecutionContext": {"Database": "other"}}, id="database"),
        pytest.param({"QueryExecutionContext": {"Catalog": "AWSDATACATALOG"}}, id="catalog, in its case"),
        pytest.param({"ResultConfiguration": {"OutputLocation": "s3://results/other/"}}, id="output"),
    ],
)
def test_a_token_with_another_request_is_refused(athena: Any, change: dict) -> None:
    request = {
        "QueryString": "select 1",
        "ClientRequestToken": str(uuid4()),
        "ResultConfiguration": {"OutputLocation": "s3://results/out/"},
        "QueryExecutionContext": {"Catalog": "AwsDataCatalog"},
    }
    athena("StartQueryExecution", **request)

    refused = athena.refusal("StartQueryExecution", **(request | change))

    assert (refused.code, refused.message) == ("InvalidRequestException", "Idempotent parameters do not match")
    assert refused.members["AthenaErrorCode"] == "IDEMPOTENT_PARAMETER_MISMATCH"


def test_a_refused_request_does_not_use_up_its_token(athena: Any) -> None:
    token = str(uuid4())
    output = {"OutputLocation": "s3://results/out/"}
    refused = athena.refusal(
        "StartQueryExecution", QueryString="selec 1", ClientRequestToken=token, ResultConfiguration=output
    )
    assert refused.members["AthenaErrorCode"] == "MALFORMED_QUERY"
    assert refused.message.startswith("line 1:1: mismatched input 'selec'")
    assert athena.start("select 1", ClientRequestToken=token)


@pytest.mark.fidelity(
    "athena", "syntax errors at StartQueryExecution", "near", "the list of what was expected is shorter"
)
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{}", id="query"),
        pytest.param("create table t as {}", id="ctas"),
        pytest.param("insert into t {}", id="insert"),
        pytest.param("unload ({}) to 's3://b/x' with (format = 'PARQUET')", id="unload"),
        pytest.param("create view v as {}", id="view"),
        pytest.param("explain {}", id="explain"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_at_once(athena: Any, query: str) -> None:
    refused = athena.refusal(
        "StartQueryExecution",
        QueryString=query.format("select a b c"),
        ClientRequestToken=str(uuid4()),
        ResultConfiguration={"OutputLocation": "s3://results/out/"},
    )
    assert (refused.code, refused.members["AthenaErrorCode"]) == ("InvalidRequestException", "MALFORMED_QUERY")
    assert refused.message.startswith("line 1:")
    assert athena.engine.ran == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({}, NO_OUTPUT, id="no output location"),
        pytest.param(
            {"ResultConfiguration": {"OutputLocation": "results/out"}},
            "outputLocation is not a valid S3 path.",
            id="no S3 path",
        ),
        pytest.param(
            {"ResultConfiguration": {"OutputLocation": "s3://"}},
            "outputLocation is not a valid S3 path.",
            id="no bucket",
        ),
        pytest.param({"WorkGroup": "nowhere"}, "WorkGroup is not found.", id="no such workgroup"),
        pytest.param({"ClientRequestToken": ""}, None, id="short token"),
        pytest.param({"ClientRequestToken": None}, "clientRequestToken is null or empty", id="no token"),
        pytest.param(
            {
                "ResultConfiguration": {"OutputLocation": "s3://results/"},
                "QueryExecutionContext": {"Catalog": "nowhere"},
            },
            "Catalog 'nowhere' does not exist",
            id="no such catalog",
        ),
    ],
)
def test_a_request_that_cannot_start(athena: Any, params: dict, message: str | None) -> None:
    request = {"QueryString": "select 1", "ClientRequestToken": str(uuid4())} | params
    refused = athena.refusal("StartQueryExecution", **request)
    assert refused.code == "InvalidRequestException"
    if message is not None:
        assert refused.message == message
    assert athena("ListQueryExecutions")["QueryExecutionIds"] == []


def test_nothing_runs_in_a_disabled_workgroup(athena: Any) -> None:
    athena("UpdateWorkGroup", WorkGroup="primary", State="DISABLED")
    refused = athena.refusal("StartQueryExecution", QueryString="select 1", ClientRequestToken=str(uuid4()))
    assert (refused.code, refused.message) == ("InvalidRequestException", "WorkGroup primary is disabled.")
    refused = athena.refusal("CreateNamedQuery", Name="q", Database="d", QueryString="select 1")
    assert refused.message == "WorkGroup primary is disabled."


WITH_LOCATION = {"ResultConfiguration": {"OutputLocation": "s3://team/wg"}}


@pytest.mark.parametrize(
    ("workgroup", "request_location", "folder", "enforced"),
    [
        pytest.param(WITH_LOCATION, None, "s3://team/wg/", False, id="the workgroup's, when the client gives none"),
        pytest.param(WITH_LOCATION, "s3://own/x", "s3://own/x/", False, id="the client's goes first"),
        pytest.param(
            WITH_LOCATION | {"EnforceWorkGroupConfiguration": True},
            "s3://own/x",
            "s3://team/wg/",
            True,
            id="an enforced workgroup's goes first",
        ),
        pytest.param(
            {"ResultConfiguration": {}, "EnforceWorkGroupConfiguration": True},
            "s3://own/x/",
            "s3://own/x/",
            False,
            id="enforced, but there is nothing to enforce",
        ),
        pytest.param(
            {"ResultConfiguration": {}, "ManagedQueryResultsConfiguration": {"Enabled": True}},
            None,
            None,
            True,
            id="managed results",
        ),
    ],
)
def test_where_results_go(workgroup: dict, request_location: str | None, folder: str | None, enforced: bool) -> None:
    request = {"OutputLocation": request_location} if request_location else {}
    destination = destination_of(workgroup, request)
    assert (destination.folder, destination.enforced) == (folder, enforced)


def test_without_a_place_for_results_there_is_no_destination() -> None:
    with pytest.raises(AwsError, match="No output location provided"):
        destination_of({"ResultConfiguration": {}}, {})


def test_the_settings_of_an_enforced_workgroup_reach_the_statement(athena: Any) -> None:
    athena(
        "CreateWorkGroup",
        Name="team",
        Configuration={
            "ResultConfiguration": {
                "OutputLocation": "s3://results/team",
                "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
            },
            "BytesScannedCutoffPerQuery": 20_000_000,
        },
    )
    execution = athena.run("select 1", WorkGroup="team")
    session = athena.engine.sessions[-1]
    assert (session.output, session.enforced_output, session.bytes_scanned_cutoff) == (
        "s3://results/team/",
        True,
        20_000_000,
    )
    configuration = execution["ResultConfiguration"]
    assert configuration["OutputLocation"] == f"s3://results/team/{execution['QueryExecutionId']}.csv"
    assert configuration["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}


@pytest.mark.fidelity("athena", "prepared statements", "exact")
def test_prepare_execute_and_deallocate(athena: Any) -> None:
    assert athena.run("prepare mine from select ? + ?")["Status"]["State"] == "SUCCEEDED"
    stored = athena("GetPreparedStatement", StatementName="mine", WorkGroup="primary")["PreparedStatement"]
    assert stored["QueryStatement"] == "select ? + ?"

    execution = athena.run("execute mine using 1, 2")
    assert execution["ResultConfiguration"]["OutputLocation"].endswith(".csv")
    assert athena.engine.ran[-1] == ("select ? + ?", ["1", "2"])
    athena.run("execute mine", ExecutionParameters=["3", "4"])
    assert athena.engine.ran[-1] == ("select ? + ?", ["3", "4"])

    assert athena.run("deallocate prepare mine")["Status"]["State"] == "SUCCEEDED"
    missing = athena.run("execute mine using 1, 2")["Status"]
    assert missing["State"] == "FAILED"
    assert missing["StateChangeReason"] == "PreparedStatement mine was not found in workGroup primary"


def test_prepare_needs_the_right_of_the_operation_that_it_is(athena: Any) -> None:
    athena.deny("athena:CreatePreparedStatement")
    status = athena.run("prepare mine from select 1")["Status"]
    assert status["State"] == "FAILED"
    assert "athena:CreatePreparedStatement" in status["StateChangeReason"]
    assert athena("ListPreparedStatements", WorkGroup="primary")["PreparedStatements"] == []


@pytest.mark.fidelity("athena", "capacity reservations", "absent")
def test_capacity_reservations_are_not_here(athena: Any) -> None:
    refused = athena.refusal(
        "StartQueryExecution",
        QueryString="select 1",
        ClientRequestToken=str(uuid4()),
        EngineConfiguration={"MaxConcurrentDpus": 24},
    )
    assert refused.code == "NotImplementedException"
