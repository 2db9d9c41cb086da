from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def tables(glue: Any, table_input: Any) -> Any:
    for database in ("sales", "hr"):
        glue("CreateDatabase", DatabaseInput={"Name": database})
    for database, name, members in (
        ("sales", "customer-link", {"Description": "who buys"}),
        ("sales", "customerlink", {"Parameters": {"team": "blue"}}),
        ("hr", "people", {"Description": "who works"}),
    ):
        glue("CreateTable", DatabaseName=database, TableInput=table_input(name, **members))
    return glue


@pytest.mark.fidelity("glue", "SearchTables", "near", "words and exact texts as documented; no ranking")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        pytest.param({}, ["people", "customer-link", "customerlink"], id="all"),
        pytest.param({"SearchText": "who"}, ["people", "customer-link"], id="text-in-the-description"),
        pytest.param({"SearchText": "BLUE"}, ["customerlink"], id="text-in-a-parameter"),
        pytest.param({"SearchText": '"who works"'}, ["people"], id="exact-text"),
        pytest.param({"SearchText": '"who"'}, [], id="exact-text-is-the-whole"),
        pytest.param({"Filters": [{"Key": "Name", "Value": "link"}]}, ["customer-link"], id="a-word-of-the-name"),
        pytest.param({"Filters": [{"Key": "DatabaseName", "Value": "hr"}]}, ["people"], id="database"),
        pytest.param({"Filters": [{"Key": "team", "Value": "blue"}]}, ["customerlink"], id="parameter"),
        pytest.param(
            {"Filters": [{"Key": "CreateTime", "Value": "2020-01-01", "Comparator": "LESS_THAN"}]}, [], id="before"
        ),
        pytest.param(
            {"Filters": [{"Key": "UpdateTime", "Value": "2020-01-01T00:00:00", "Comparator": "GREATER_THAN"}]},
            ["people", "customer-link", "customerlink"],
            id="after",
        ),
        pytest.param(
            {"SortCriteria": [{"FieldName": "Name", "Sort": "DESC"}]},
            ["people", "customerlink", "customer-link"],
            id="sorted",
        ),
        pytest.param({"ResourceShareType": "FOREIGN"}, [], id="of-other-accounts"),
    ],
)
def test_finds(tables: Any, params: dict[str, Any], found: list[str]) -> None:
    assert [table["Name"] for table in tables("SearchTables", **params)["TableList"]] == found


def test_pages(tables: Any) -> None:
    first = tables("SearchTables", MaxResults=2)
    second = tables("SearchTables", MaxResults=2, NextToken=first["NextToken"])
    assert [len(first["TableList"]), len(second["TableList"])] == [2, 1]
    assert "NextToken" not in second


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({"SortCriteria": [{"FieldName": "x"}]}, "Tables cannot be sorted by x.", id="sort"),
        pytest.param({"Filters": [{"Key": "CreateTime", "Value": "then"}]}, "then is not a time.", id="time"),
    ],
)
def test_errors(tables: Any, params: dict[str, Any], message: str) -> None:
    with tables.fails("InvalidInputException", message):
        tables("SearchTables", **params)
