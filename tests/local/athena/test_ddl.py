"""DDL, SHOW and DESCRIBE: their effects in Glue and the lines that they print."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

TEXT = "row format delimited fields terminated by ','"


@pytest.fixture
def parted(lake) -> str:
    """A table of three day folders, one row each, none registered."""
    name = lake.name()
    for number, day in enumerate(("2024-01-01", "2024-01-02", "2024-01-03"), 1):
        lake.put(f"{name}/dt={day}/data.csv", b"%d\n" % number)
    lake.do(f"create external table {name} (v int) partitioned by (dt date) {TEXT} location '{lake.uri}/{name}/'")
    return name


def test_a_schema_comes_and_goes(lake):
    name = f"{lake.database}_made"
    lake.do(f"create schema if not exists `{name}` comment 'hm' location '{lake.uri}/made/'")
    lake.do(f"create schema if not exists `{name}`")
    assert lake.glue.get_database(Name=name)["Database"]["Description"] == "hm"
    assert lake.failure(f"create database {name}").endswith(f"Database {name} already exists")
    lake.do(f"create external table {name}.t (a int) {TEXT} location '{lake.uri}/none/'")
    assert "is not empty" in lake.failure(f"drop schema {name}")
    lake.do(f"drop schema {name} cascade")
    lake.do(f"drop schema if exists {name}")
    assert name not in lake.lines("show databases")
    assert lake.failure(f"drop database {name}").endswith(f"Database does not exist: {name}")


def test_only_registered_partitions_are_seen(lake, parted):
    assert lake.query(f"select * from {parted}") == []
    added = lake.lines(f"msck repair table {parted}")
    assert added[0].startswith("Partitions not in metastore:")
    assert lake.query(f"select v, dt from {parted} order by v") == [
        ["1", "2024-01-01"],
        ["2", "2024-01-02"],
        ["3", "2024-01-03"],
    ]
    assert lake.lines(f"msck repair table {parted}") == []


def test_partitions_are_added_dropped_moved_and_renamed(lake, parted):
    location = f"{lake.uri}/{parted}/dt=2024-01-01/"
    lake.do(f"alter table {parted} add partition (dt='2030-01-01') location '{location}'")
    assert lake.query(f"select v, dt from {parted}") == [["1", "2030-01-01"]]
    assert "Partition already exists" in lake.failure(f"alter table {parted} add partition (dt='2030-01-01')")
    lake.do(f"alter table {parted} add if not exists partition (dt='2030-01-01') partition (dt='2024-01-02')")
    lake.do(f"alter table {parted} partition (dt='2030-01-01') rename to partition (dt='2031-01-01')")
    moved = f"{lake.uri}/{parted}/dt=2024-01-03/"
    lake.do(f"alter table {parted} partition (dt='2031-01-01') set location '{moved}'")
    assert lake.query(f"select v, dt from {parted} order by dt") == [["2", "2024-01-02"], ["3", "2031-01-01"]]
    lake.do(f"alter table {parted} drop partition (dt >= '2030-01-01')")
    assert lake.lines(f"show partitions {parted}") == ["dt=2024-01-02"]
    assert "Partition not found" in lake.failure(f"alter table {parted} drop partition (dt='1999-01-01')")
    lake.do(f"alter table {parted} drop if exists partition (dt='1999-01-01')")
    assert lake.keys(f"{parted}/dt=2024-01-03/"), "dropping a partition deletes no object"


def test_columns_and_properties_change(lake, parted):
    lake.do(f"alter table {parted} add columns (w string comment 'new')")
    assert [column["Name"] for column in lake.table(parted)["StorageDescriptor"]["Columns"]] == ["v", "w"]
    lake.do(f"alter table {parted} change column w w2 bigint after v")
    lake.do(f"alter table {parted} replace columns (v bigint, x decimal(5,2))")
    columns = lake.table(parted)["StorageDescriptor"]["Columns"]
    assert [(column["Name"], column["Type"]) for column in columns] == [("v", "bigint"), ("x", "decimal(5,2)")]
    lake.do(f"alter table `{lake.database}`.`{parted}` set tblproperties ('classification' = 'csv', 'a' = 'b')")
    assert lake.lines(f"show tblproperties {parted}('a')") == ["b"]
    lake.do(f"alter table {parted} unset tblproperties ('a')")
    assert lake.table(parted)["Parameters"] == {"EXTERNAL": "TRUE", "classification": "csv"}
    assert "Invalid column reference nope" in lake.failure(f"alter table {parted} change nope x int")


def test_describe_and_show(lake, parted):
    assert lake.lines(f"show columns in {parted}") == [f"{'v':<20}", f"{'dt':<20}"]
    assert lake.lines(f"describe {parted}")[0] == f"{'v':<20}\t{'int':<20}\t{'':<20}"
    assert lake.lines(f"describe {parted} dt") == [f"{'dt':<20}\t{'date':<20}\t{'':<20}"]
    assert parted in lake.lines("show tables")
    assert lake.lines(f"show tables '{parted[:4]}*{parted[-2:]}'") == [parted]
    assert lake.lines(f"show tables in {lake.database} '{parted}'") == [parted]
    formatted = lake.lines(f"describe formatted {parted}")
    assert any("LazySimpleSerDe" in line for line in formatted)


def test_show_create_table_makes_the_same_table_again(lake, parted):
    text = "\n".join(lake.lines(f"show create table {parted}"))
    again = lake.name()
    lake.do(text.replace(f"{lake.database}.{parted}", f"{lake.database}.{again}"))
    first, second = lake.table(parted), lake.table(again)
    for part in ("StorageDescriptor", "PartitionKeys", "Parameters"):
        assert first[part] == second[part]


def test_drop_table_keeps_the_objects(lake, parted):
    lake.do(f"drop table `{lake.database}`.`{parted}`")
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        lake.table(parted)
    assert lake.keys(f"{parted}/")
    lake.do(f"drop table if exists {parted}")
    assert lake.failure(f"drop table {parted}") == (
        f"FAILED: SemanticException [Error 10001]: Table not found {lake.database}.{parted}"
    )


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param("create external table {t} (a int)", "location is not specified", id="no location"),
        pytest.param("create external table {t} (a int) location '/etc'", "No FileSystem for scheme", id="no S3"),
        pytest.param("create table {t} (a int) location '{uri}/x/'", "use CREATE EXTERNAL TABLE", id="not external"),
        pytest.param(
            "create external table {t} (a int, a int) location '{uri}/x/'", "Duplicate column", id="duplicate"
        ),
        pytest.param(
            "create external table nodb.{t} (a int) location '{uri}/x/'", "Database does not exist", id="nodb"
        ),
        pytest.param("alter table {t} add columns (a int)", "Table not found", id="alter nothing"),
        pytest.param("msck repair table {t}", "Table not found", id="repair nothing"),
        pytest.param("show partitions {t}", "Table not found", id="show nothing"),
        pytest.param("drop view {t}", "View 'awsdatacatalog.", id="drop no view"),
    ],
)
def test_refused_ddl(lake, sql, reason):
    assert reason in lake.failure(sql.format(t=lake.name(), uri=lake.uri))


def test_statement_types(lake, parted):
    kinds = {
        sql: (execution["StatementType"], execution["SubstatementType"])
        for sql in (
            f"show tables in {lake.database}",
            f"describe {parted}",
            f"alter table {parted} add columns (z int)",
        )
        for execution in [lake.do(sql).execution]
    }
    assert list(kinds.values()) == [
        ("UTILITY", "SHOW_TABLES"),
        ("UTILITY", "DESCRIBE_TABLE"),
        ("DDL", "ALTER_TABLE_ADD_COLUMNS"),
    ]
