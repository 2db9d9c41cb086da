from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def functions(sales: Any) -> Any:
    for name in ("Clean", "clear"):
        sales("CreateUserDefinedFunction", DatabaseName="sales", FunctionInput={"FunctionName": name, "ClassName": "c"})
    return sales


def names(answer: dict[str, Any]) -> list[str]:
    return [function["FunctionName"] for function in answer["UserDefinedFunctions"]]


def test_functions_belong_to_a_database(functions: Any) -> None:
    found = functions("GetUserDefinedFunction", DatabaseName="sales", FunctionName="CLEAN")["UserDefinedFunction"]
    assert found.pop("CreateTime") > 1_600_000_000
    assert found == {
        "FunctionName": "clean",
        "DatabaseName": "sales",
        "ClassName": "c",
        "CatalogId": "000000000000",
    }
    assert names(functions("GetUserDefinedFunctions", DatabaseName="sales", Pattern="cl.*")) == ["clean", "clear"]
    assert names(functions("GetUserDefinedFunctions", Pattern=".*n")) == ["clean"]
    functions("DeleteDatabase", Name="sales")
    assert names(functions("GetUserDefinedFunctions", Pattern=".*")) == []


def test_update_and_delete(functions: Any) -> None:
    where = {"DatabaseName": "sales", "FunctionName": "clean"}
    functions("UpdateUserDefinedFunction", **where, FunctionInput={"ClassName": "new"})
    assert functions("GetUserDefinedFunction", **where)["UserDefinedFunction"]["ClassName"] == "new"
    functions("DeleteUserDefinedFunction", **where)
    with functions.fails("EntityNotFoundException", "Function clean not found."):
        functions("GetUserDefinedFunction", **where)


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateUserDefinedFunction",
            {"FunctionInput": {"FunctionName": "clean"}},
            "AlreadyExistsException",
            "Function already exists.",
            id="create-twice",
        ),
        pytest.param(
            "CreateUserDefinedFunction",
            {"DatabaseName": "x", "FunctionInput": {"FunctionName": "f"}},
            "EntityNotFoundException",
            "Database x not found.",
            id="create-without-database",
        ),
        pytest.param(
            "DeleteUserDefinedFunction",
            {"FunctionName": "x"},
            "EntityNotFoundException",
            "Function x not found.",
            id="delete",
        ),
        pytest.param(
            "GetUserDefinedFunctions",
            {"Pattern": "("},
            "InvalidInputException",
            "Pattern is not a regular expression: missing ), unterminated subpattern at position 0",
            id="bad-pattern",
        ),
    ],
)
def test_errors(functions: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with functions.fails(code, message):
        functions(operation, **{"DatabaseName": "sales", **params})
