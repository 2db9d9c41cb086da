"""The layer catalog: databases, the contracts' tables, the crawler."""

from __future__ import annotations

import json

import pytest

CURATED = "s3://lakelab-test-curated-123456789012"


@pytest.fixture
def catalog(deployed):
    return deployed["catalog"]


def test_there_is_a_database_for_the_lake_and_one_for_the_transforms(catalog):
    names = {name: database["name"] for name, database in catalog.all("glue/catalogDatabase:CatalogDatabase").items()}
    assert names == {"lake": "lakelab_test", "analytics": "lakelab_test_analytics"}
    assert catalog.exports["database"] == "lakelab_test"
    assert catalog.exports["analytics_database"] == "lakelab_test_analytics"


@pytest.mark.parametrize(
    ("name", "location", "serde", "classification"),
    [
        pytest.param("orders", "/curated/orders/", "ParquetHiveSerDe", "parquet", id="orders"),
        pytest.param("orders_compacted", "/curated/orders_compacted/", "ParquetHiveSerDe", "parquet", id="compacted"),
        pytest.param("orders_quarantine", "/quarantine/orders/", "JsonSerDe", "json", id="orders_quarantine"),
        pytest.param("orders_ingests", "/reports/orders/", "JsonSerDe", "json", id="orders_ingests"),
    ],
)
def test_a_contract_becomes_a_table(catalog, name: str, location: str, serde: str, classification: str):
    table = catalog.one("glue/catalogTable:CatalogTable", name)
    assert table["databaseName"] == "lakelab_test"
    assert table["tableType"] == "EXTERNAL_TABLE"
    assert table["parameters"]["classification"] == classification
    assert table["storageDescriptor"]["location"] == CURATED + location
    assert table["storageDescriptor"]["serDeInfo"]["serializationLibrary"].endswith(f".{serde}")


def test_columns_keep_their_order_their_type_and_their_meaning(catalog):
    table = catalog.one("glue/catalogTable:CatalogTable", "orders")
    columns = table["storageDescriptor"]["columns"]
    assert [(column["name"], column["type"]) for column in columns] == [
        ("order_id", "string"),
        ("customer_id", "string"),
        ("order_total_cents", "bigint"),
        ("currency", "string"),
        ("status", "string"),
        ("city", "string"),
        ("source_key", "string"),
        ("source_line", "bigint"),
    ]
    assert columns[2]["comment"] == "What the customer pays, in cents of the currency."
    [key] = table["partitionKeys"]
    assert (key["name"], key["type"]) == ("order_date", "date")
    assert table["description"].endswith("Grain: one row per order_id within an order_date.")


def test_the_crawler_reads_the_raw_orders_as_its_own_role(catalog):
    crawler = catalog.one("glue/crawler:Crawler", "raw_orders")
    assert crawler["name"] == catalog.exports["raw_orders_crawler"] == "lakelab-test-raw-orders"
    assert crawler["s3Targets"] == [{"path": "s3://lakelab-test-raw-123456789012/raw/orders/"}]
    assert crawler["role"] == "arn:aws:iam::123456789012:role/lakelab-test-crawler"
    assert (crawler["databaseName"], crawler["tablePrefix"]) == ("lakelab_test", "raw_")
    assert json.loads(crawler["configuration"])["Grouping"] == {"TableGroupingPolicy": "CombineCompatibleSchemas"}
    assert crawler["schemaChangePolicy"] == {"updateBehavior": "UPDATE_IN_DATABASE", "deleteBehavior": "LOG"}


def test_the_job_runs_its_script_as_the_role_of_the_jobs(catalog):
    job = catalog.one("glue/job:Job", "compact_orders")
    assert job["name"] == catalog.exports["compact_orders_job"] == "lakelab-test-compact-orders"
    assert job["roleArn"] == "arn:aws:iam::123456789012:role/lakelab-test-jobs"
    assert job["command"] == {
        "name": "pythonshell",
        "pythonVersion": "3.9",
        "scriptLocation": "s3://lakelab-test-artifacts-123456789012/glue/compact_orders.py",
    }
    assert job["executionProperty"] == {"maxConcurrentRuns": 1}
    assert job["defaultArguments"]["--database"] == "lakelab_test"
    tables = set(catalog.all("glue/catalogTable:CatalogTable"))
    assert {job["defaultArguments"]["--table"], job["defaultArguments"]["--compacted"]} < tables
