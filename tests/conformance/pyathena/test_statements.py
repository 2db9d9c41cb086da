"""Statements through PyAthena, and the metadata that it asks for."""

from __future__ import annotations

import io

import pyarrow.parquet as pq
import pytest
from pyathena.error import OperationalError
from pyathena_lake import Lake

from lakelab.testing import Cloud

pytestmark = pytest.mark.usefixtures("aws_environment")


def test_a_database_comes_and_goes(lake: Lake, cloud: Cloud) -> None:
    name = lake.name("db")
    lake.fetch(f"create schema {name}")
    assert cloud.client("glue").get_database(Name=name)["Database"]["Name"] == name
    assert (name,) in lake.fetch("show databases")
    lake.fetch(f"drop schema {name}")
    assert (name,) not in lake.fetch("show databases")


def test_an_external_table_over_csv(lake: Lake, cloud: Cloud) -> None:
    table = lake.name("csv")
    cloud.client("s3").put_object(Bucket=lake.bucket, Key=f"{table}/a.csv", Body=b"id,name\n1,x\n2,y\n")
    lake.fetch(
        f"create external table {table} (id int, name string) row format delimited fields terminated by ',' "
        f"location '{lake.location(table)}' tblproperties ('skip.header.line.count'='1')"
    )
    assert lake.fetch(f"select * from {table} order by id") == [(1, "x"), (2, "y")]
    assert (table,) in lake.fetch("show tables")
    described = [row[0] for row in lake.fetch(f"describe {table}")]
    assert [line.split("\t")[0].strip() for line in described] == ["id", "name"]
    assert "LOCATION" in "\n".join(row[0] for row in lake.fetch(f"show create table {table}"))
    lake.fetch(f"drop table {table}")
    assert (table,) not in lake.fetch("show tables")


def test_a_table_made_of_a_query(lake: Lake, cloud: Cloud) -> None:
    table = lake.name("ctas")
    with lake.connect().cursor() as cursor:
        cursor.execute(
            f"create table {table} with (format = 'PARQUET', external_location = '{lake.location(table)}', "
            "partitioned_by = array['active']) as select id, name, active from people where active is not null"
        )
        assert cursor.statement_type == "DDL"
        assert cursor.substatement_type == "CREATE_TABLE_AS_SELECT"
        assert cursor.rowcount == 2
        assert cursor.output_location == f"{lake.staging}tables/{cursor.query_id}"
        manifest = cursor.data_manifest_location
        cursor.execute(f"select id, name, active from {table} order by id")
        assert cursor.fetchall() == [(1, "Ada", True), (2, "", False)]
    key = manifest.removeprefix(f"s3://{lake.bucket}/")
    files = cloud.client("s3").get_object(Bucket=lake.bucket, Key=key)["Body"].read().decode().split()
    assert len(files) == 2
    assert all(file.startswith(lake.location(table)) for file in files)
    assert lake.fetch(f"show partitions {table}") in (
        [("active=true",), ("active=false",)],
        [("active=false",), ("active=true",)],
    )
    lake.fetch(f"drop table {table}")


def test_rows_are_inserted(lake: Lake) -> None:
    table = lake.name("ins")
    lake.fetch(f"create external table {table} (a int, b string) stored as parquet location '{lake.location(table)}'")
    with lake.connect().cursor() as cursor:
        cursor.execute(f"insert into {table} values (1, 'one'), (2, null)")
        assert cursor.rowcount == 2
        assert cursor.substatement_type == "INSERT"
        cursor.executemany(
            f"insert into {table} (a, b) values (%(a)d, %(b)s)", [{"a": 3, "b": "three"}, {"a": 4, "b": "it's"}]
        )
        cursor.execute(f"select a, b from {table} order by a")
        assert cursor.fetchall() == [(1, "one"), (2, None), (3, "three"), (4, "it's")]
    lake.fetch(f"drop table {table}")


def test_a_view(lake: Lake) -> None:
    view = lake.name("v")
    lake.fetch(f"create or replace view {view} as select id, upper(name) as name from people where id = 1")
    assert lake.fetch(f"select * from {view}") == [(1, "ADA")]
    assert (view,) in lake.fetch("show views")
    lake.fetch(f"drop view {view}")
    with pytest.raises(OperationalError, match="TABLE_NOT_FOUND"):
        lake.fetch(f"select * from {view}")


def test_partitions_are_added_and_dropped(lake: Lake, cloud: Cloud) -> None:
    table = lake.name("part")
    lake.fetch(
        f"create external table {table} (a int) partitioned by (d string) "
        f"row format delimited fields terminated by ',' location '{lake.location(table)}'"
    )
    for day in ("1", "2"):
        cloud.client("s3").put_object(Bucket=lake.bucket, Key=f"{table}/d={day}/x.csv", Body=f"{day}\n".encode())
    assert lake.fetch(f"select * from {table}") == []
    lake.fetch(f"alter table {table} add partition (d = '1')")
    assert lake.fetch(f"select * from {table}") == [(1, "1")]
    lake.fetch(f"msck repair table {table}")
    assert lake.fetch(f"select a, d from {table} order by a") == [(1, "1"), (2, "2")]
    lake.fetch(f"alter table {table} drop partition (d = '1')")
    assert lake.fetch(f"select a, d from {table}") == [(2, "2")]
    lake.fetch(f"drop table {table}")


def test_unload(lake: Lake, cloud: Cloud) -> None:
    prefix = lake.name("unload")
    lake.fetch(f"unload (select id from people) to '{lake.location(prefix)}' with (format = 'PARQUET')")
    found = cloud.client("s3").list_objects_v2(Bucket=lake.bucket, Prefix=f"{prefix}/")["Contents"]
    ids: list[int] = []
    for item in found:
        body = cloud.client("s3").get_object(Bucket=lake.bucket, Key=item["Key"])["Body"].read()
        ids += pq.read_table(io.BytesIO(body))["id"].to_pylist()
    assert sorted(ids) == [1, 2, 3]


def test_a_prepared_statement(lake: Lake, cloud: Cloud) -> None:
    name = lake.name("stmt")
    lake.fetch(f"prepare {name} from select name from people where id = ?")
    assert lake.fetch(f"execute {name} using 1") == [("Ada",)]
    lake.fetch(f"deallocate prepare {name}")
    listed = cloud.client("athena").list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
    assert name not in [statement["StatementName"] for statement in listed]


def test_explain(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("explain select count(*) from people")
        assert [column[0] for column in cursor.description] == ["Query Plan"]
        assert cursor.fetchall()


def test_an_iceberg_table(lake: Lake) -> None:
    table = lake.name("ice")
    lake.fetch(
        f"create table {table} (id int, name string) location '{lake.location(table)}' "
        "tblproperties ('table_type' = 'ICEBERG')"
    )
    lake.fetch(f"insert into {table} values (1, 'a'), (2, 'b'), (3, 'c')")
    lake.fetch(f"update {table} set name = 'B' where id = 2")
    lake.fetch(f"delete from {table} where id = 3")
    lake.fetch(
        f"merge into {table} t using (select 1 as id, 'A' as name union all select 4, 'd') s on t.id = s.id "
        "when matched then update set name = s.name when not matched then insert (id, name) values (s.id, s.name)"
    )
    assert lake.fetch(f"select id, name from {table} order by id") == [(1, "A"), (2, "B"), (4, "d")]
    assert lake.fetch(f'select count(*) from "{table}$snapshots"')[0][0] >= 4
    lake.fetch(f"drop table {table}")


def test_metadata_of_databases_and_tables(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        assert lake.database in [database.name for database in cursor.list_databases("awsdatacatalog")]
        assert {"people", "numbers"} <= {table.name for table in cursor.list_table_metadata()}
        table = cursor.get_table_metadata("people")
    assert [(column.name, column.type, column.comment) for column in table.columns][:2] == [
        ("id", "bigint", "the id"),
        ("name", "string", "the name"),
    ]
    assert table.location == lake.location("people")
    assert table.serde_serialization_lib == "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    assert table.table_type == "EXTERNAL_TABLE"


def test_metadata_of_a_table_that_is_not_there(lake: Lake) -> None:
    with lake.connect().cursor() as cursor, pytest.raises(OperationalError, match="MetadataException"):
        cursor.get_table_metadata("nowhere", logging_=False)
