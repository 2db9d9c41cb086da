from __future__ import annotations

from typing import Any

import pytest

GROK = {"Name": "logs", "Classification": "logs", "GrokPattern": "%{INT:code} %{GREEDYDATA:text}"}
CSV = {"Name": "csv", "Delimiter": ":", "ContainsHeader": "PRESENT"}


@pytest.fixture
def classifiers(glue: Any) -> Any:
    glue("CreateClassifier", GrokClassifier=GROK)
    glue("CreateClassifier", CsvClassifier=CSV)
    return glue


@pytest.mark.fidelity("glue", "custom classifiers", "near", "CSV, JSON and Grok; no XML")
def test_a_classifier_comes_back_as_it_was_made(classifiers: Any) -> None:
    found = classifiers("GetClassifier", Name="logs")["Classifier"]["GrokClassifier"]
    assert found.pop("CreationTime") == found.pop("LastUpdated")
    assert found == {**GROK, "Version": 1}


def test_update_and_delete(classifiers: Any) -> None:
    classifiers("UpdateClassifier", CsvClassifier={"Name": "csv", "Delimiter": ";"})
    found = classifiers("GetClassifier", Name="csv")["Classifier"]["CsvClassifier"]
    assert (found["Delimiter"], found["ContainsHeader"], found["Version"]) == (";", "PRESENT", 2)
    classifiers("DeleteClassifier", Name="csv")
    assert [next(iter(found)) for found in classifiers("GetClassifiers")["Classifiers"]] == ["GrokClassifier"]


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateClassifier",
            {"GrokClassifier": GROK},
            "AlreadyExistsException",
            "Classifier already exists.",
            id="twice",
        ),
        pytest.param(
            "CreateClassifier", {}, "InvalidInputException", "Exactly one classifier must be given.", id="nothing"
        ),
        pytest.param(
            "CreateClassifier",
            {"XMLClassifier": {"Name": "x", "Classification": "xml", "RowTag": "r"}},
            "NotImplementedException",
            "XMLClassifier: crawlers of the local AWS do not read XML.",
            id="xml",
        ),
        pytest.param(
            "CreateClassifier",
            {"JsonClassifier": {"Name": "j", "JsonPath": "x"}},
            "InvalidInputException",
            "Invalid JSON path: x",
            id="json-path",
        ),
        pytest.param(
            "CreateClassifier",
            {"CsvClassifier": {"Name": "c", "Delimiter": '"'}},
            "InvalidInputException",
            "The quote symbol must be different from the delimiter.",
            id="csv-quote",
        ),
        pytest.param(
            "UpdateClassifier",
            {"GrokClassifier": {"Name": "none"}},
            "EntityNotFoundException",
            "Classifier none not found.",
            id="update",
        ),
        pytest.param(
            "UpdateClassifier",
            {"GrokClassifier": {"Name": "csv"}},
            "InvalidInputException",
            "Classifier csv is no GrokClassifier.",
            id="update-other-kind",
        ),
        pytest.param("GetClassifier", {"Name": "x"}, "EntityNotFoundException", "Classifier x not found.", id="get"),
        pytest.param(
            "DeleteClassifier", {"Name": "x"}, "EntityNotFoundException", "Classifier x not found.", id="delete"
        ),
    ],
)
def test_errors(classifiers: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with classifiers.fails(code, message):
        classifiers(operation, **params)
