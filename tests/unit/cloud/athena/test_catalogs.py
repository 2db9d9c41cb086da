"""Data catalogs: the account's own Glue catalog, and the names that are added to it."""

from __future__ import annotations

from typing import Any

import pytest

OWN = {"catalog-id": "000000000000"}


@pytest.mark.parametrize("name", ["AwsDataCatalog", "awsdatacatalog", "AWSDATACATALOG"])
def test_the_glue_catalog_is_there_in_any_case(athena: Any, name: str) -> None:
    assert athena("GetDataCatalog", Name=name)["DataCatalog"] == {
        "Name": "AwsDataCatalog",
        "Type": "GLUE",
        "Parameters": OWN,
    }
    assert athena("ListDataCatalogs")["DataCatalogsSummary"] == [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]


def test_a_catalog_is_read_back_changed_and_removed(athena: Any) -> None:
    tags = [{"Key": "team", "Value": "data"}]
    athena("CreateDataCatalog", Name="Mine", Type="GLUE", Description="d", Parameters=OWN, Tags=tags)
    catalog = athena("GetDataCatalog", Name="mine")["DataCatalog"]
    assert (catalog["Name"], catalog["Type"], catalog["Description"]) == ("Mine", "GLUE", "d")
    arn = "arn:aws:athena:us-east-1:000000000000:datacatalog/Mine"
    assert athena("ListTagsForResource", ResourceARN=arn)["Tags"] == tags
    athena("UpdateDataCatalog", Name="Mine", Type="GLUE", Description="other", Parameters=OWN)
    assert athena("GetDataCatalog", Name="Mine")["DataCatalog"]["Description"] == "other"
    assert [each["CatalogName"] for each in athena("ListDataCatalogs")["DataCatalogsSummary"]] == [
        "AwsDataCatalog",
        "Mine",
    ]
    athena("DeleteDataCatalog", Name="Mine")
    refused = athena.refusal("GetDataCatalog", Name="Mine")
    # the text that users of dbt-athena report for a catalog that GetDataCatalog does not know
    assert (refused.code, refused.message) == ("InvalidRequestException", "DataCatalog Mine was not found.")


def test_a_query_may_name_the_glue_catalog_by_another_name(athena: Any) -> None:
    athena("CreateDataCatalog", Name="mine", Type="GLUE", Parameters=OWN)
    execution = athena.run("select 1", QueryExecutionContext={"Catalog": "mine"})
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert athena.engine.sessions[-1].catalog == "awsdatacatalog"


@pytest.mark.fidelity(
    "athena",
    "LAMBDA and HIVE data catalogs, other accounts' Glue catalogs",
    "absent",
    "they can be registered and not queried",
)
@pytest.mark.parametrize(
    ("type", "parameters"),
    [
        pytest.param("LAMBDA", {"function": "arn:aws:lambda:us-east-1:000000000000:function:f"}, id="lambda"),
        pytest.param("GLUE", {"catalog-id": "111111111111"}, id="another account's"),
    ],
)
def test_a_catalog_that_cannot_be_queried_says_so(athena: Any, type: str, parameters: dict) -> None:
    athena("CreateDataCatalog", Name="far", Type=type, Parameters=parameters)
    refused = athena.refusal("ListDatabases", CatalogName="far")
    assert refused.code == "NotImplementedException"
    assert refused.message.startswith(f"Data catalog far of type {type} cannot be queried")


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        pytest.param(
            "CreateDataCatalog",
            {"Name": "x", "Type": "GLUE"},
            "Parameter catalog-id is required for a data catalog of type GLUE.",
            id="GLUE without an id",
        ),
        pytest.param(
            "CreateDataCatalog",
            {"Name": "x", "Type": "LAMBDA", "Parameters": {"metadata-function": "f"}},
            "Parameters metadata-function and record-function, or function, are required for a data catalog of type "
            "LAMBDA.",
            id="LAMBDA with half its functions",
        ),
        pytest.param(
            "CreateDataCatalog",
            {"Name": "awsdatacatalog", "Type": "GLUE", "Parameters": OWN},
            "DataCatalog awsdatacatalog has already been created.",
            id="a name that is taken",
        ),
        pytest.param(
            "DeleteDataCatalog",
            {"Name": "AwsDataCatalog"},
            "DataCatalog AwsDataCatalog cannot be changed or deleted.",
            id="the Glue catalog stays",
        ),
        pytest.param("ListDatabases", {"CatalogName": "no"}, "DataCatalog no was not found.", id="unknown"),
    ],
)
def test_refusals(athena: Any, operation: str, params: dict, message: str) -> None:
    refused = athena.refusal(operation, **params)
    assert (refused.code, refused.message) == ("InvalidRequestException", message)
