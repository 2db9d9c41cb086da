"""Result reuse: the conditions of https://docs.aws.amazon.com/athena/latest/ug/reusing-query-results.html."""

from __future__ import annotations

from typing import Any

import pytest

REUSE = {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}}


@pytest.mark.fidelity(
    "athena",
    "result reuse",
    "near",
    "that the caller may read the tables is not asked again, only that it may read the result",
)
def test_the_same_query_is_answered_with_the_result_of_the_first(athena: Any) -> None:
    first = athena.run("select 1")
    second = athena.run("select 1", **REUSE)

    assert second["QueryExecutionId"] != first["QueryExecutionId"]
    assert second["Status"]["State"] == "SUCCEEDED"
    assert second["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": True}
    assert second["Statistics"]["DataScannedInBytes"] == 0
    assert second["ResultConfiguration"]["OutputLocation"] == first["ResultConfiguration"]["OutputLocation"]
    assert len(athena.engine.ran) == 1
    results = [
        athena("GetQueryResults", QueryExecutionId=each["QueryExecutionId"])["ResultSet"] for each in (first, second)
    ]
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        pytest.param("select 2", {}, id="another query"),
        pytest.param("select 1", {"ExecutionParameters": ["1"]}, id="other parameters"),
        pytest.param("select 1", {"QueryExecutionContext": {"Database": "other"}}, id="another database"),
        pytest.param(
            "select 1", {"ResultConfiguration": {"OutputLocation": "s3://results/other/"}}, id="another output"
        ),
        pytest.param("select 1", {"WorkGroup": "team"}, id="another workgroup"),
        pytest.param("select 1", {"ResultReuseConfiguration": {}}, id="not asked for"),
        pytest.param(
            "select 1",
            {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 0}}},
            id="too old",
        ),
    ],
)
def test_what_differs_is_run(athena: Any, sql: str, change: dict) -> None:
    athena("CreateWorkGroup", Name="team", Configuration={"EnforceWorkGroupConfiguration": False})
    athena.run("select 1")
    second = athena.run(sql, **(REUSE | change))
    assert second["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}
    assert len(athena.engine.ran) == 2


def test_a_result_that_cannot_be_read_is_not_reused(athena: Any) -> None:
    first = athena.run("select 1")
    (athena.s3 / first["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")).unlink()
    athena.run("select 1", **REUSE)
    assert len(athena.engine.ran) == 2
    athena.deny("s3:GetObject")
    athena.run("select 1", **REUSE)
    assert len(athena.engine.ran) == 3


def test_only_queries_are_reused(athena: Any) -> None:
    for _ in range(2):
        athena.run("show tables", **REUSE)
    assert len(athena.engine.ran) == 2
