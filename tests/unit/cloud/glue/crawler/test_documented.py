"""The folder examples of AWS's crawler documentation, each with the tables that it promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

ROW = b'{"id": 1, "name": "a", "price": 1.5}\n'
OTHER = b'{"who": "x", "since": "2020", "age": 5}\n'
COMBINE = json.dumps({"Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}})


@pytest.mark.fidelity(
    "glue",
    "crawlers: tables and partitions",
    "near",
    "the documented examples give the documented tables; schemas are similar when they share 70 % of their columns",
)
def test_partitions_of_similar_folders(lake: Any) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html, the first example."""
    folders = ("month=Jan/day=1", "month=Jan/day=2", "month=Feb/day=1", "month=Feb/day=2")
    lake.crawl({f"sales/year=2019/{folder}/f{i}.json": ROW for folder in folders for i in (1, 2)}, "s3://bucket/sales/")
    assert list(lake.tables()) == ["sales"]
    assert lake.keys("sales") == ["year", "month", "day"]
    assert lake.partitions("sales") == [
        ["2019", "Feb", "1"],
        ["2019", "Feb", "2"],
        ["2019", "Jan", "1"],
        ["2019", "Jan", "2"],
    ]


TWO_TABLES = {
    "folder1/table1/partition1/file.txt": ROW,
    "folder1/table1/partition2/file.txt": ROW,
    "folder1/table1/partition3/file.txt": ROW,
    "folder1/table2/partition4/file.txt": ROW,
    "folder1/table2/partition5/file.txt": ROW,
}


def test_plain_folders_become_partition_columns(lake: Any) -> None:
    """The same page, the second example: similar schemas make a single table with two partition key columns."""
    lake.crawl(TWO_TABLES, "s3://bucket01/folder1/")
    assert list(lake.tables()) == ["folder1"]
    assert lake.keys("folder1") == ["partition_0", "partition_1"]
    assert lake.partitions("folder1") == [
        ["table1", "partition1"],
        ["table1", "partition2"],
        ["table1", "partition3"],
        ["table2", "partition4"],
        ["table2", "partition5"],
    ]


def test_two_include_paths_make_two_tables(lake: Any) -> None:
    """The same page: two data stores, and so two tables."""
    paths = ("s3://bucket01/folder1/table1/", "s3://bucket01/folder1/table2")
    lake.crawl(TWO_TABLES, Targets={"S3Targets": [{"Path": path} for path in paths]})
    assert list(lake.tables()) == ["table1", "table2"]
    assert lake.partitions("table2") == [["partition4"], ["partition5"]]


def test_different_schemas_become_tables(lake: Any) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html, "a single schema for each S3 path"."""
    files = {
        "table1/year=2017/data1.json": b'{"A": 1, "B": 2}',
        "table1/year=2018/data2.json": b'{"C": 3, "D": 4}',
    }
    lake.crawl(files, "s3://bucket/table1/")
    assert list(lake.tables()) == ["year_2017", "year_2018"]
    assert lake.columns("year_2018") == {"c": "int", "d": "int"}


def test_a_single_schema_for_each_path(lake: Any) -> None:
    """The same example with CombineCompatibleSchemas."""
    files = {
        "table1/year=2017/data1.json": b'{"A": 1, "B": 2}',
        "table1/year=2018/data2.json": b'{"C": 3, "D": 4}',
    }
    lake.crawl(files, "s3://bucket/table1/", Configuration=COMBINE)
    assert lake.columns("table1") == {"a": "int", "b": "int", "c": "int", "d": "int"}
    assert [(key["Name"], key["Type"]) for key in lake.tables()["table1"]["PartitionKeys"]] == [("year", "string")]


def test_the_table_level(lake: Any) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/crawler-table-level.html: level 3 of mydataset/year/month/day/hour."""
    files = {f"2024/{month}/{day}/00/f.json": ROW for month in ("01", "02") for day in ("1", "2")}
    configuration = json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}})
    lake.crawl(files, "s3://mydataset/", Configuration=configuration)
    locations = [table["StorageDescriptor"]["Location"] for table in lake.tables().values()]
    assert locations == ["s3://mydataset/2024/01/", "s3://mydataset/2024/02/"]
    assert lake.keys(next(iter(lake.tables()))) == ["partition_0", "partition_1"]


EXCLUDED = {
    "myfolder/departments/finance.json": ROW,
    "myfolder/departments/market-us.json": ROW,
    "myfolder/departments/market-emea.json": ROW,
    "myfolder/departments/market-ap.json": ROW,
    "myfolder/employees/hr.json": ROW,
    "myfolder/employees/john.csv": b"a,b\n1,2\n",
    "myfolder/employees/jane.csv": b"a,b\n1,2\n",
    "myfolder/employees/juan.txt": b"x",
}


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        pytest.param(
            "departments/**", ["finance.json", "market-ap.json", "market-emea.json", "market-us.json"], id="**"
        ),
        pytest.param("departments/market*", ["market-ap.json", "market-emea.json", "market-us.json"], id="prefix"),
        pytest.param("**.csv", ["jane.csv", "john.csv"], id="ending-anywhere"),
        pytest.param("employees/*.csv", ["jane.csv", "john.csv"], id="ending-in-a-folder"),
    ],
)
def test_exclude_patterns(lake: Any, pattern: str, gone: list[str]) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html, "Example of Amazon S3 Exclude Patterns"."""
    lake.crawl(EXCLUDED, "s3://mybucket/myfolder/", target={"Exclusions": [pattern]})
    assert sorted(key.rpartition("/")[2] for key in EXCLUDED.keys() - set(lake.folder.read)) == gone


def test_excluding_a_subset_of_partitions(lake: Any) -> None:
    """The same page: only the first week of January."""
    days = [f"2015/{month:02}/{day:02}" for month in range(1, 13) for day in range(1, 29)]
    exclusions = ["2015/01/{[!0],0[8-9]}**", "2015/0[2-9]/**", "2015/1[0-2]/**"]
    files = {f"data/{day}/f.json": ROW for day in days}
    lake.crawl(files, "s3://bucket/data/", target={"Exclusions": exclusions})
    assert lake.partitions("data") == [["2015", "01", f"{day:02}"] for day in range(1, 8)]


def test_an_incremental_crawl_adds_the_new_month(lake: Any) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/incremental-crawls.html: month=March is new, and it alone is read."""
    months = {f"sales/month={month}/f.json": ROW for month in ("Jan", "Feb")}
    policies: dict[str, Any] = {
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
        "SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    }
    lake.crawl(months, "s3://bucket/sales/", **policies)
    known = frozenset(f"s3://bucket/sales/month={month}/" for month in ("Jan", "Feb"))
    lake.crawl({**months, "sales/month=March/f.json": ROW}, "s3://bucket/sales/", known_folders=known, **policies)
    assert lake.folder.read == ["sales/month=March/f.json"]
    assert lake.partitions("sales") == [["Feb"], ["Jan"], ["March"]]


@pytest.mark.parametrize(
    ("configuration", "indexes"),
    [
        pytest.param('{"Version": 1.0}', [("crawler_partition_index", ["year", "month"])], id="by-default"),
        pytest.param('{"Version": 1.0, "CreatePartitionIndex": false}', [], id="switched-off"),
    ],
)
def test_a_partitioned_table_gets_an_index(lake: Any, configuration: str, indexes: list[Any]) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/crawler-configure-partition-indexes.html"""
    files = {f"sales/year=2024/month={month}/f.json": ROW for month in (1, 2)}
    lake.crawl(files, "s3://bucket/sales/", Configuration=configuration)
    found = lake.glue("GetPartitionIndexes", DatabaseName="lake", TableName="sales")["PartitionIndexDescriptorList"]
    assert [(index["IndexName"], [key["Name"] for key in index["Keys"]]) for index in found] == indexes
    assert "partition_filtering.enabled" not in lake.tables()["sales"]["Parameters"]


def test_the_table_threshold(lake: Any) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/crawler-maximum-number-of-tables.html: nothing is written."""
    configuration = json.dumps({"Version": 1.0, "CrawlerOutput": {"Tables": {"TableThreshold": 1}}})
    message = (
        "The number of tables detected by crawler: 2 is greater than the table threshold value provided: 1. "
        "Failing crawler without writing to Data Catalog."
    )
    with lake.glue.fails("InternalFailure", message):
        lake.crawl({"a/f.json": ROW, "b/f.json": OTHER}, Configuration=configuration)
    assert lake.tables() == {}
