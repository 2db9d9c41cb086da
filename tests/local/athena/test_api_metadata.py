"""Databases and tables through Athena's API: what Glue has, with the caller's Glue permissions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lakelab.testing import Cloud

CATALOG = {"CatalogName": "AwsDataCatalog"}


@pytest.fixture
def database(cloud: Cloud) -> Iterator[str]:
    name = cloud.database()
    glue = cloud.client("glue")
    for table in ("orders", "order_lines", "rides"):
        glue.create_table(
            DatabaseName=name,
            TableInput={
                "Name": table,
                "Description": f"all {table}",
                "TableType": "EXTERNAL_TABLE",
                "PartitionKeys": [{"Name": "dt", "Type": "date"}],
                "StorageDescriptor": {
                    "Columns": [{"Name": "id", "Type": "bigint", "Comment": "key"}],
                    "Location": f"s3://lake/{table}/",
                    "SerdeInfo": {"SerializationLibrary": "serde", "Parameters": {"a": "b"}},
                },
            },
        )
    yield name
    glue.delete_database(Name=name)


@pytest.mark.fidelity("athena", "GetTableMetadata", "near", "the parameters of the SerDe and the location as on AWS")
def test_a_table_as_glue_has_it(cloud: Cloud, database: str) -> None:
    athena = cloud.client("athena")
    table = athena.get_table_metadata(**CATALOG, DatabaseName=database, TableName="orders")["TableMetadata"]
    assert table["Columns"] == [{"Name": "id", "Type": "bigint", "Comment": "key"}]
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "date"}]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert {
        "comment": "all orders",
        "location": "s3://lake/orders/",
        "serde.serialization.lib": "serde",
        "serde.param.a": "b",
    }.items() <= table["Parameters"].items()


def test_lists_in_pages(cloud: Cloud, database: str) -> None:
    athena = cloud.client("athena")
    pages = athena.get_paginator("list_table_metadata").paginate(
        **CATALOG, DatabaseName=database, PaginationConfig={"PageSize": 2}
    )
    names = [[table["Name"] for table in page["TableMetadataList"]] for page in pages]
    assert names == [["order_lines", "orders"], ["rides"]]
    chosen = athena.list_table_metadata(**CATALOG, DatabaseName=database, Expression="order.*")["TableMetadataList"]
    assert [table["Name"] for table in chosen] == ["order_lines", "orders"]
    databases = athena.get_paginator("list_databases").paginate(**CATALOG, PaginationConfig={"PageSize": 1})
    assert database in [each["Name"] for page in databases for each in page["DatabaseList"]]
    assert athena.get_database(**CATALOG, DatabaseName=database)["Database"]["Name"] == database


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        pytest.param("get_database", {"DatabaseName": "nowhere"}, id="database"),
        pytest.param("list_table_metadata", {"DatabaseName": "nowhere"}, id="tables of no database"),
        pytest.param("get_table_metadata", {"DatabaseName": "nowhere", "TableName": "t"}, id="table"),
    ],
)
def test_what_is_not_there(cloud: Cloud, operation: str, names: dict[str, str]) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(cloud.client("athena"), operation)(**CATALOG, **names)
    error: Any = refused.value.response["Error"]  # type: ignore[typeddict-item]
    assert error["Code"] == "MetadataException"
    assert error["Message"].startswith(
        "Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException;"
    )


def test_the_callers_glue_permissions_count(cloud: Cloud, database: str) -> None:
    iam = cloud.client("iam")
    name = f"user-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "athena:*", "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    athena = cloud.client("athena", (key["AccessKeyId"], key["SecretAccessKey"]))
    with pytest.raises(ClientError) as refused:
        athena.get_table_metadata(**CATALOG, DatabaseName=database, TableName="orders")
    error: Any = refused.value.response["Error"]  # type: ignore[typeddict-item]
    assert error["Code"] == "MetadataException"
    assert "glue:GetTable" in error["Message"]
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="p")
    iam.delete_user(UserName=name)
