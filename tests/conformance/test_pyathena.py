"""PyAthena against the local AWS: its cursors, its SQLAlchemy dialect, and what they read of an execution."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pyathena
import pytest
import sqlalchemy
from pyathena.arrow.cursor import ArrowCursor
from pyathena.async_cursor import AsyncCursor, AsyncDictCursor
from pyathena.cursor import Cursor, DictCursor
from pyathena.error import DatabaseError, OperationalError
from pyathena.pandas.async_cursor import AsyncPandasCursor
from pyathena.pandas.cursor import PandasCursor
from pyathena.s3fs.cursor import S3FSCursor

from lakelab.testing import Cloud

pytestmark = pytest.mark.usefixtures("aws_environment")

PEOPLE = [
    {"id": 1, "name": "Ada", "born": dt.date(1815, 12, 10), "wage": Decimal("10.50"), "active": True},
    {"id": 2, "name": "", "born": None, "wage": Decimal("-0.01"), "active": False},
    {"id": 3, "name": None, "born": dt.date(1906, 12, 9), "wage": None, "active": None},
]
ROWS = [tuple(person.values()) for person in PEOPLE]
MANY = 2500
POLL = 0.05


@dataclass
class Lake:
    """A bucket and a database with the tables `people` and `numbers` (1 to 2500)."""

    bucket: str
    database: str
    region: str

    @property
    def staging(self) -> str:
        return f"s3://{self.bucket}/results/"

    def connect(self, **options: Any) -> Any:
        settings: dict[str, Any] = {
            "s3_staging_dir": self.staging,
            "schema_name": self.database,
            "region_name": self.region,
        }
        connect: Any = pyathena.connect
        return connect(**(settings | {"poll_interval": POLL} | options))

    @cached_property
    def shared(self) -> Any:
        """A connection for statements that are not about connections; making one takes longer than most statements."""
        return self.connect()

    def fetch(self, sql: str) -> list[tuple]:
        with self.shared.cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def name(self, kind: str) -> str:
        return f"{kind}_{uuid4().hex[:8]}"

    def location(self, table: str) -> str:
        return f"s3://{self.bucket}/{table}/"


@pytest.fixture(scope="module")
def lake(cloud: Cloud) -> Iterator[Lake]:
    made = Lake(cloud.bucket(), cloud.database(), cloud.settings.region)
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("name", pa.string()),
            ("born", pa.date32()),
            ("wage", pa.decimal128(10, 2)),
            ("active", pa.bool_()),
        ]
    )
    hive = {"int64": "bigint", "string": "string", "date32[day]": "date", "bool": "boolean"}
    tables = {
        "people": pa.Table.from_pylist(PEOPLE, schema),
        "numbers": pa.table({"n": pa.array(range(1, MANY + 1), pa.int64())}),
    }
    for name, data in tables.items():
        buffer = io.BytesIO()
        pq.write_table(data, buffer)
        cloud.client("s3").put_object(Bucket=made.bucket, Key=f"{name}/0.parquet", Body=buffer.getvalue())
        columns = [
            {"Name": field.name, "Type": hive.get(str(field.type), "decimal(10,2)"), "Comment": f"the {field.name}"}
            for field in data.schema
        ]
        cloud.client("glue").create_table(
            DatabaseName=made.database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
                "StorageDescriptor": {
                    "Columns": columns,
                    "Location": made.location(name),
                    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                    "SerdeInfo": {
                        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                    },
                },
            },
        )
    yield made
    cloud.client("glue").delete_database(Name=made.database)


# ---- Cursor and DictCursor ------------------------------------------------------------------------------------------


def test_a_cursor_fetches_what_is_in_the_table(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select * from people order by id")
        assert [column[:2] for column in cursor.description] == [
            ("id", "bigint"),
            ("name", "varchar"),
            ("born", "date"),
            ("wage", "decimal"),
            ("active", "boolean"),
        ]
        assert cursor.fetchone() == ROWS[0]
        assert cursor.fetchmany(1) == ROWS[1:2]
        assert cursor.fetchall() == ROWS[2:]
        assert cursor.fetchone() is None


def test_a_cursor_is_an_iterator(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        assert list(cursor.execute("select id from people order by id")) == [(1,), (2,), (3,)]


def test_results_come_in_pages(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select n from numbers order by n")
        assert [row[0] for row in cursor.fetchall()] == list(range(1, MANY + 1))


def test_small_pages(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.arraysize = 100
        cursor.execute("select n from numbers where n <= 250 order by n")
        assert len(cursor.fetchall()) == 250


def test_an_empty_result(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select id, name from people where id > 100")
        assert cursor.fetchall() == []
        assert [column[0] for column in cursor.description] == ["id", "name"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("true", True, id="boolean"),
        pytest.param("tinyint '7'", 7, id="tinyint"),
        pytest.param("1", 1, id="integer"),
        pytest.param("9223372036854775807", 9223372036854775807, id="bigint"),
        pytest.param("1.5e0", 1.5, id="double"),
        pytest.param("real '0.1'", 0.1, id="real"),
        pytest.param("decimal '123.450'", Decimal("123.450"), id="decimal"),
        pytest.param("'a\nb \"c\", d'", 'a\nb "c", d', id="varchar with quotes and line breaks"),
        pytest.param("''", "", id="empty varchar"),
        pytest.param("cast(null as varchar)", None, id="NULL"),
        pytest.param("date '2024-02-29'", dt.date(2024, 2, 29), id="date"),
        pytest.param(
            "timestamp '2024-02-29 12:30:00.123'", dt.datetime(2024, 2, 29, 12, 30, 0, 123000), id="timestamp"
        ),
        pytest.param("x'00ff'", b"\x00\xff", id="varbinary"),
        pytest.param("array[1, 2, null]", [1, 2, None], id="array"),
        pytest.param("map(array['a'], array[1])", {"a": "1"}, id="map: PyAthena leaves its values text"),
        pytest.param("cast(row(1, 'x') as row(a integer, b varchar))", {"a": "1", "b": "x"}, id="row: the same"),
        pytest.param("json '{\"a\": 1}'", {"a": 1}, id="json"),
    ],
)
def test_a_value_keeps_its_type(lake: Lake, expression: str, value: object) -> None:
    assert lake.fetch(f"select {expression} as v") == [(value,)]


def test_parameters_in_the_text(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select id from people where name = %(name)s or id = %(id)d", {"name": "Ada", "id": 3})
        assert sorted(cursor.fetchall()) == [(1,), (3,)]


@pytest.mark.parametrize("parameter", ["1", "'Ada'"])
def test_parameters_of_the_execution(lake: Lake, parameter: str) -> None:
    column = "id" if parameter == "1" else "name"
    with lake.connect().cursor() as cursor:
        cursor.execute(f"select id from people where {column} = ?", [parameter], paramstyle="qmark")
        assert cursor.fetchall() == [(1,)]


def test_a_dict_cursor(lake: Lake) -> None:
    with lake.connect(cursor_class=DictCursor).cursor() as cursor:
        assert cursor.execute("select id, name from people where id = 1").fetchall() == [{"id": 1, "name": "Ada"}]


def test_what_a_cursor_tells_of_its_execution(lake: Lake, cloud: Cloud) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select * from people")
        assert cursor.state == "SUCCEEDED"
        assert cursor.statement_type == "DML"
        assert cursor.work_group == "primary"
        assert cursor.database == lake.database
        assert cursor.output_location == f"{lake.staging}{cursor.query_id}.csv"
        assert cursor.data_scanned_in_bytes > 0
        assert cursor.total_execution_time_in_millis >= cursor.engine_execution_time_in_millis
        assert cursor.completion_date_time >= cursor.submission_date_time
        assert cursor.effective_engine_version == "Athena engine version 3"
        key = cursor.output_location.removeprefix(f"s3://{lake.bucket}/")
    body = cloud.client("s3").get_object(Bucket=lake.bucket, Key=key)["Body"].read().decode()
    assert body.splitlines()[:2] == ['"id","name","born","wage","active"', '"1","Ada","1815-12-10","10.50","true"']


def test_the_id_is_told_when_the_query_starts(lake: Lake) -> None:
    told: list[str] = []
    with lake.connect().cursor() as cursor:
        cursor.execute("select 1", on_start_query_execution=told.append)
        assert told == [cursor.query_id]


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        pytest.param("select * from nowhere", "TABLE_NOT_FOUND", id="no such table"),
        pytest.param("select nothing from people", "COLUMN_NOT_FOUND", id="no such column"),
        pytest.param("select 1 / 0", "DIVISION_BY_ZERO", id="division by zero"),
        pytest.param("select cast('x' as integer)", "INVALID_CAST_ARGUMENT", id="no number"),
    ],
)
def test_a_failure_is_told_with_its_name(lake: Lake, sql: str, text: str) -> None:
    with lake.connect().cursor() as cursor, pytest.raises(OperationalError, match=text):
        cursor.execute(sql)


def test_no_statement(lake: Lake) -> None:
    with lake.connect().cursor() as cursor, pytest.raises(DatabaseError, match="mismatched input"):
        cursor.execute("selec 1")


def test_a_reused_result(lake: Lake) -> None:
    sql = f"select count(*) as c_{uuid4().hex} from people"
    with lake.connect().cursor() as cursor:
        first = cursor.execute(sql).fetchall()
        assert cursor.reused_previous_result is False
        assert cursor.execute(sql, result_reuse_enable=True, result_reuse_minutes=5).fetchall() == first == [(3,)]
        assert cursor.reused_previous_result is True


def test_the_clients_own_cache_finds_the_earlier_execution(lake: Lake) -> None:
    sql = f"select count(*) as c_{uuid4().hex} from people"
    with lake.connect().cursor() as cursor:
        cursor.execute(sql)
        first = cursor.query_id
        assert cursor.execute(sql, cache_size=10, cache_expiration_time=60).fetchall() == [(3,)]
        assert cursor.query_id == first


def test_a_workgroup_with_an_output_location(lake: Lake, cloud: Cloud) -> None:
    name = lake.name("wg")
    location = f"s3://{lake.bucket}/{name}/"
    cloud.client("athena").create_work_group(
        Name=name, Configuration={"ResultConfiguration": {"OutputLocation": location}}
    )
    with lake.connect(s3_staging_dir=None, work_group=name).cursor() as cursor:
        assert cursor.execute("select 1").fetchall() == [(1,)]
        assert cursor.work_group == name
        assert cursor.output_location.startswith(location)
    cloud.client("athena").delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


@pytest.mark.parametrize("kind", [Cursor, PandasCursor, ArrowCursor])
def test_managed_results(lake: Lake, cloud: Cloud, kind: type, arrow_s3: None) -> None:
    name = lake.name("wg")
    cloud.client("athena").create_work_group(
        Name=name, Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}}
    )
    with lake.connect(s3_staging_dir=None, work_group=name, cursor_class=kind).cursor() as cursor:
        assert cursor.execute("select id from people order by id").fetchall() == [(1,), (2,), (3,)]
        assert cursor.output_location is None
    cloud.client("athena").delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


# ---- statements -----------------------------------------------------------------------------------------------------


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


# ---- metadata -------------------------------------------------------------------------------------------------------


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


# ---- cursors that read the result's object --------------------------------------------------------------------------


def test_a_pandas_cursor(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor).cursor() as cursor:
        frame = cursor.execute("select * from people order by id").as_pandas()
    assert list(frame["id"]) == [1, 2, 3]
    assert frame["name"][0] == "Ada"
    assert pd.isna(frame["born"][1])
    assert frame["wage"][0] == Decimal("10.50")


def test_a_pandas_cursor_in_chunks(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor).cursor() as cursor:
        chunks = cursor.execute("select n from numbers order by n", chunksize=1000).iter_chunks()
        assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]


def test_a_pandas_cursor_that_unloads(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor, cursor_kwargs={"unload": True}).cursor() as cursor:
        frame = cursor.execute("select id, name, wage from people order by id").as_pandas()
    assert list(frame["id"]) == [1, 2, 3]
    assert list(frame["wage"][:2]) == [Decimal("10.50"), Decimal("-0.01")]


def test_an_arrow_cursor(lake: Lake, arrow_s3: None) -> None:
    with lake.connect(cursor_class=ArrowCursor).cursor() as cursor:
        table = cursor.execute("select id, name, born from people order by id").as_arrow()
    assert table["id"].to_pylist() == [1, 2, 3]
    assert table["born"].to_pylist() == [person["born"] for person in PEOPLE] or table["born"].to_pylist()[0] == (
        dt.datetime(1815, 12, 10)
    )


def test_an_arrow_cursor_that_unloads(lake: Lake, arrow_s3: None) -> None:
    with lake.connect(cursor_class=ArrowCursor, cursor_kwargs={"unload": True}).cursor() as cursor:
        table = cursor.execute("select id, name from people order by id").as_arrow()
    assert table.to_pydict() == {"id": [1, 2, 3], "name": ["Ada", "", None]}


def test_an_s3fs_cursor(lake: Lake) -> None:
    with lake.connect(cursor_class=S3FSCursor).cursor() as cursor:
        assert cursor.execute("select id, name from people order by id").fetchall()[0] == (1, "Ada")


# ---- asynchronous cursors -------------------------------------------------------------------------------------------


def test_eight_queries_at_once(lake: Lake) -> None:
    with lake.connect(cursor_class=AsyncCursor).cursor(max_workers=8) as cursor:
        futures: list[Future] = [cursor.execute(f"select count(*) + {number} from numbers")[1] for number in range(8)]
        assert [future.result().fetchone()[0] for future in futures] == [MANY + number for number in range(8)]


def test_asynchronous_dicts_and_frames(lake: Lake) -> None:
    with lake.connect(cursor_class=AsyncDictCursor).cursor() as cursor:
        assert cursor.execute("select id from people where id = 1")[1].result().fetchall() == [{"id": 1}]
    with lake.connect(cursor_class=AsyncPandasCursor).cursor() as cursor:
        frame = cursor.execute("select id from people order by id")[1].result().as_pandas()
    assert list(frame["id"]) == [1, 2, 3]


def test_an_asyncio_cursor(lake: Lake) -> None:
    async def fetch() -> list:
        connect: Any = pyathena.aio_connect
        connection = await connect(
            s3_staging_dir=lake.staging, schema_name=lake.database, region_name=lake.region, poll_interval=POLL
        )
        async with connection, connection.cursor() as cursor:
            await cursor.execute("select id from people order by id")
            return await cursor.fetchall()

    assert asyncio.run(fetch()) == [(1,), (2,), (3,)]


def test_a_long_query_is_cancelled(lake: Lake) -> None:
    sql = "select count(*) from numbers a, numbers b, numbers c where a.n * b.n + c.n > 7"
    with lake.connect(cursor_class=AsyncCursor).cursor() as cursor:
        query_id, future = cursor.execute(sql)
        cursor.cancel(query_id).result()
        result = future.result(timeout=20)
        assert result.state == "CANCELLED"
        assert result.state_change_reason == "Query cancelled by user"


# ---- SQLAlchemy -----------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(lake: Lake) -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine(
        f"awsathena+rest://:@athena.{lake.region}.amazonaws.com:443/{lake.database}"
        f"?s3_staging_dir={lake.staging}&poll_interval={POLL}"
    )
    yield made
    made.dispose()


def test_sqlalchemy_runs_text(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("select name from people where id = :id"), {"id": 1}).fetchall()
    assert [tuple(row) for row in rows] == [("Ada",)]


def test_sqlalchemy_inspects(engine: sqlalchemy.Engine, lake: Lake) -> None:
    inspector = sqlalchemy.inspect(engine)
    assert lake.database in inspector.get_schema_names()
    assert {"people", "numbers"} <= set(inspector.get_table_names())
    assert [column["name"] for column in inspector.get_columns("people")] == list(PEOPLE[0])
    assert inspector.has_table("people")
    assert not inspector.has_table("nowhere")


def test_sqlalchemy_reflects_and_selects(engine: sqlalchemy.Engine) -> None:
    people = sqlalchemy.Table("people", sqlalchemy.MetaData(), autoload_with=engine)
    query = sqlalchemy.select(people.c.id, people.c.wage).where(people.c.id < 2)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [(1, Decimal("10.50"))]


def test_pandas_reads_through_sqlalchemy(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as connection:
        frame = pd.read_sql(sqlalchemy.text("select id, name from people order by id"), connection)
    assert list(frame["id"]) == [1, 2, 3]


def test_pandas_writes_through_sqlalchemy(engine: sqlalchemy.Engine, lake: Lake) -> None:
    table = lake.name("frame")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.to_sql(table, engine, schema=lake.database, index=False, if_exists="append", method="multi")
    assert lake.fetch(f"select a, b from {table} order by a") == [(1, "x"), (2, "y")]
    lake.fetch(f"drop table {table}")


@pytest.fixture
def arrow_s3(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint for the S3FileSystem that ArrowCursor makes without one; pyarrow reads none from the environment."""

    class LocalS3(pyarrow.fs.S3FileSystem):
        def __init__(self, **options: Any):
            super().__init__(**options, endpoint_override=cloud.endpoint)

    monkeypatch.setattr(pyarrow.fs, "S3FileSystem", LocalS3)
