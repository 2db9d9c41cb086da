from __future__ import annotations

import json
from typing import Any

import pytest

CSV = b"id,name\n1,ann\n2,bob\n"
MORE = b"id,name,city\n1,ann,rome\n2,bob,oslo\n"


def test_the_table_is_as_aws_writes_it(lake: Any) -> None:
    lake.crawl({"orders/a.csv": CSV, "orders/b.csv": CSV}, "s3://bucket/orders", TablePrefix="raw_")
    table = lake.tables()["raw_orders"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Parameters"] == {
        "CrawlerSchemaSerializerVersion": "1.0",
        "CrawlerSchemaDeserializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": "crawler",
        "classification": "csv",
        "compressionType": "none",
        "typeOfData": "file",
        "objectCount": "2",
        "recordCount": "4",
        "sizeKey": "40",
        "averageRecordSize": "10",
        "areColumnsQuoted": "false",
        "columnsOrdered": "true",
        "delimiter": ",",
        "skip.header.line.count": "1",
    }
    storage = table["StorageDescriptor"]
    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": ","},
    }
    assert storage["InputFormat"] == "org.apache.hadoop.mapred.TextInputFormat"
    assert storage["Parameters"] == table["Parameters"]


def test_json_paths_keep_the_case_of_the_file(lake: Any) -> None:
    lake.crawl({"t/a.json": b'{"Name": "x", "age": {"Years": 1}}'}, "s3://bucket/t/")
    assert lake.columns("t") == {"name": "string", "age": "struct<Years:int>"}
    assert lake.tables()["t"]["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"paths": "Name,age"}


def test_markers_and_helper_files_are_passed_over(lake: Any) -> None:
    lake.crawl({"t/": b"", "t/_SUCCESS": b"x", "t/.crc": b"x", "t/a.csv": CSV, "t/empty.csv": b""}, "s3://bucket/t/")
    assert lake.folder.read == ["t/a.csv"]


def test_an_object_that_goes_during_the_crawl_is_passed_over(lake: Any) -> None:
    lake.crawl({"t/day=1/a.csv": CSV, "t/day=2/a.csv": b"gone"}, "s3://bucket/t/")
    assert lake.partitions("t") == [["1"]]


def test_a_prefix_is_a_folder(lake: Any) -> None:
    lake.crawl({"orders/a.csv": CSV, "orders_old/a.csv": CSV}, "s3://bucket/orders")
    assert lake.folder.read == ["orders/a.csv"]


def test_one_object_is_a_table(lake: Any) -> None:
    lake.crawl({"t/a.csv": CSV, "t/b.csv": CSV}, "s3://bucket/t/a.csv")
    assert lake.tables()["a_csv"]["StorageDescriptor"]["Location"] == "s3://bucket/t/a.csv"


def test_a_sample_size_limits_what_is_read(lake: Any) -> None:
    files = {f"t/day={day}/{number}.csv": CSV for day in (1, 2) for number in range(5)}
    lake.crawl(files, "s3://bucket/t/", target={"SampleSize": 2})
    assert len(lake.folder.read) == 4
    assert lake.partitions("t") == [["1"], ["2"]]


def test_a_second_crawl_without_changes_changes_nothing(lake: Any) -> None:
    files = {f"t/day={day}/a.csv": CSV for day in (1, 2)}
    lake.crawl(files, "s3://bucket/t/")
    before = lake.tables()
    assert lake.crawl(files, "s3://bucket/t/").document() == {}
    assert lake.tables() == before


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        pytest.param({}, {"id": "bigint", "name": "string", "city": "string"}, id="update"),
        pytest.param({"SchemaChangePolicy": {"UpdateBehavior": "LOG"}}, {"id": "bigint", "name": "string"}, id="log"),
        pytest.param(
            {"Configuration": {"CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}},
            {"id": "string", "name": "string", "city": "string"},
            id="merge-new-columns",
        ),
    ],
)
def test_a_new_column(lake: Any, options: dict[str, Any], columns: dict[str, str]) -> None:
    lake.crawl({"t/a.csv": CSV}, "s3://bucket/t/")
    if "Configuration" in options:  # a person's own type stays
        table = lake.tables()["t"]
        table["StorageDescriptor"]["Columns"][0]["Type"] = "string"
        own = {name: table[name] for name in ("Name", "Parameters", "StorageDescriptor", "TableType")}
        lake.glue("UpdateTable", DatabaseName="lake", TableInput=own)
        options = {"Configuration": json.dumps({"Version": 1.0, **options["Configuration"]})}
    lake.crawl({"t/a.csv": MORE}, "s3://bucket/t/", **options)
    assert lake.columns("t") == columns


def test_partitions_have_their_own_schema_or_the_tables(lake: Any) -> None:
    files = {"t/day=1/a.csv": CSV, "t/day=2/a.csv": MORE}
    inherit = json.dumps({"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}})

    def columns() -> list[int]:
        found = lake.glue("GetPartitions", DatabaseName="lake", TableName="t")["Partitions"]
        return [len(partition["StorageDescriptor"]["Columns"]) for partition in found]

    lake.crawl(files, "s3://bucket/t/")
    assert columns() == [2, 3]
    lake.crawl(files, "s3://bucket/t/", Configuration=inherit)
    assert columns() == [3, 3]


@pytest.mark.fidelity("glue", "crawlers: SchemaChangePolicy, RecrawlPolicy", "exact")
@pytest.mark.parametrize(
    ("behaviour", "tables", "partitions"),
    [
        pytest.param("DELETE_FROM_DATABASE", ["kept"], [["1"]], id="delete"),
        pytest.param("DEPRECATE_IN_DATABASE", ["gone", "kept"], [["1"], ["2"]], id="deprecate"),
        pytest.param("LOG", ["gone", "kept"], [["1"], ["2"]], id="log"),
    ],
)
def test_what_has_gone_from_s3(lake: Any, behaviour: str, tables: list[str], partitions: list[list[str]]) -> None:
    paths = {"S3Targets": [{"Path": "s3://bucket/kept/"}, {"Path": "s3://bucket/gone/"}]}
    kept = {"kept/day=1/a.csv": CSV}
    lake.crawl({**kept, "kept/day=2/a.csv": CSV, "gone/a.csv": CSV}, Targets=paths)
    lake.crawl(kept, Targets=paths, SchemaChangePolicy={"DeleteBehavior": behaviour})
    assert list(lake.tables()) == tables
    assert lake.partitions("kept") == partitions
    deprecated = "DEPRECATED_BY_CRAWLER" in lake.tables().get("gone", {"Parameters": {}})["Parameters"]
    assert deprecated == (behaviour == "DEPRECATE_IN_DATABASE")


def folders(*days: int) -> frozenset[str]:
    return frozenset(f"s3://bucket/t/day={day}/" for day in days)


def test_an_incremental_crawl_reads_only_new_folders(lake: Any) -> None:
    files = {f"t/day={day}/a.csv": CSV for day in (1, 2)}
    lake.crawl(files, "s3://bucket/t/")
    options = {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}, "known_folders": folders(1, 2)}
    files = {**files, "t/day=1/b.csv": CSV, "t/day=3/a.csv": MORE, "t/day=4/a.json": b'{"x": 1}'}
    lake.crawl(files, "s3://bucket/t/", **options)
    assert lake.folder.read == ["t/day=3/a.csv", "t/day=4/a.json"]
    assert lake.partitions("t") == [["1"], ["2"], ["3"]]
    assert lake.columns("t") == {"id": "bigint", "name": "string"}  # an incremental crawl leaves the table as it is


def test_a_crawl_by_events_looks_only_where_there_were_any(lake: Any) -> None:
    files = {f"t/day={day}/a.csv": CSV for day in (1, 2, 3)}
    lake.crawl(files, "s3://bucket/t/")
    lake.crawl(
        {"t/day=1/a.csv": CSV, "t/day=4/a.csv": CSV, "t/day=5/a.csv": CSV},
        "s3://bucket/t/",
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_EVENT_MODE"},
        SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"},
        changed_folders=folders(2, 4),
    )
    assert lake.folder.read == ["t/day=4/a.csv"]
    assert lake.partitions("t") == [["1"], ["3"], ["4"]]


def test_a_table_that_comes_back_is_no_longer_deprecated(lake: Any) -> None:
    lake.crawl({"t/a.csv": CSV}, "s3://bucket/t/")
    lake.crawl({}, "s3://bucket/t/")
    assert "DEPRECATED_BY_CRAWLER" in lake.tables()["t"]["Parameters"]
    lake.crawl({"t/a.csv": CSV}, "s3://bucket/t/")
    assert "DEPRECATED_BY_CRAWLER" not in lake.tables()["t"]["Parameters"]


def test_a_name_that_is_taken_gets_a_hash(lake: Any) -> None:
    paths = {"S3Targets": [{"Path": "s3://bucket/a/t/"}, {"Path": "s3://bucket/b/t/"}]}
    lake.crawl({"a/t/f.csv": CSV, "b/t/f.csv": CSV}, Targets=paths)
    first, second = sorted(lake.tables())
    assert first == "t"
    assert second.startswith("t_")
    assert len(second) == len("t_") + 32


def test_tables_of_the_catalog_as_targets(lake: Any) -> None:
    """A table that a person has made gets its partitions, and nothing else is made."""
    lake.glue(
        "CreateTable",
        DatabaseName="lake",
        TableInput={
            "Name": "orders",
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int"}], "Location": "s3://bucket/orders"},
            "PartitionKeys": [{"Name": "order_day", "Type": "date"}],
        },
    )
    lake.crawl(
        {"orders/2024-01-01/a.csv": CSV, "other/a.csv": CSV},
        Targets={"CatalogTargets": [{"DatabaseName": "lake", "Tables": ["orders"]}]},
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    )
    assert list(lake.tables()) == ["orders"]
    assert lake.keys("orders") == ["order_day"]
    assert lake.columns("orders") == {"id": "int"}
    assert lake.partitions("orders") == [["2024-01-01"]]


@pytest.mark.parametrize(
    ("definition", "code", "message"),
    [
        pytest.param(
            {"Configuration": "{"}, "InvalidInputException", "Crawler configuration is not valid JSON.", id="no-json"
        ),
        pytest.param(
            {"Configuration": "{}"},
            "InvalidInputException",
            "Crawler configuration needs a Version, which is 1.0.",
            id="no-version",
        ),
        pytest.param(
            {"Configuration": '{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 0}}'},
            "InvalidInputException",
            "TableLevelConfiguration must be a positive integer.",
            id="level-0",
        ),
        pytest.param(
            {"DatabaseName": "none"}, "EntityNotFoundException", "Database none not found.", id="missing-database"
        ),
    ],
)
def test_errors(lake: Any, definition: dict[str, Any], code: str, message: str) -> None:
    with lake.glue.fails(code, message):
        lake.crawl({"t/a.csv": CSV}, **definition)
