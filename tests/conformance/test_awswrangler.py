"""AWS SDK for pandas (awswrangler) against the local AWS: datasets, catalog, queries and Iceberg."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import awswrangler
import pandas as pd
import pytest

from lakelab.testing import Cloud

pytestmark = pytest.mark.usefixtures("aws_environment")

wr: Any = awswrangler  # its type hints describe each call's every mode; what is checked here is what it returns
FAST: dict[str, Any] = {"athena_query_wait_polling_delay": 0.05}


@dataclass(frozen=True)
class Lake:
    """A bucket and a Glue database, with helpers to query it."""

    cloud: Cloud
    bucket: str
    database: str

    @property
    def output(self) -> str:
        return f"s3://{self.bucket}/results/"

    def path(self, name: str) -> str:
        return f"s3://{self.bucket}/{name}/"

    def name(self, kind: str) -> str:
        return f"{kind}_{uuid4().hex[:8]}"

    def options(self, **more: Any) -> dict[str, Any]:
        # with unload_approach the data goes into the output folder itself, which must be empty
        output = self.path(self.name("results")) if more.get("unload_approach") else self.output
        return {"database": self.database, "s3_output": output, **FAST} | more

    def read(self, sql: str, **more: Any) -> pd.DataFrame:
        return wr.athena.read_sql_query(sql, **self.options(ctas_approach=False, **more))

    def write(self, table: str, frame: pd.DataFrame, **more: Any) -> dict[str, Any]:
        options = {"dataset": True, "database": self.database, "table": table, "mode": "overwrite"}
        return wr.s3.to_parquet(frame, path=self.path(table), **(options | more))


@pytest.fixture(scope="module")
def lake(cloud: Cloud) -> Iterator[Lake]:
    made = Lake(cloud, cloud.bucket(), cloud.database())
    yield made
    cloud.client("glue").delete_database(Name=made.database)


ORDERS = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "item": ["pen", None, "ink"],
        "price": [Decimal("1.50"), Decimal("2.25"), None],
        "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
    }
)


@pytest.fixture
def orders(lake: Lake) -> Iterator[str]:
    """A partitioned table with ORDERS in it."""
    table = lake.name("orders")
    lake.write(table, ORDERS, partition_cols=["day"], dtype={"price": "decimal(10,2)", "day": "date"})
    yield table
    wr.catalog.delete_table_if_exists(lake.database, table)
    wr.s3.delete_objects(lake.path(table))


def rows(frame: pd.DataFrame) -> list[tuple]:
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]


# ---- queries --------------------------------------------------------------------------------------------------------

APPROACHES = [
    pytest.param({"ctas_approach": True}, id="ctas"),
    pytest.param({"ctas_approach": False, "unload_approach": True}, id="unload"),
    pytest.param({"ctas_approach": False}, id="csv"),
]


@pytest.mark.parametrize("approach", APPROACHES)
def test_a_query_reads_what_was_written(lake: Lake, orders: str, approach: dict) -> None:
    frame = wr.athena.read_sql_query(
        f"select id, item, price, day from {orders} order by id", **lake.options(**approach)
    )
    assert rows(frame) == rows(ORDERS)
    assert str(frame["id"].dtype) == "Int64"
    metadata = frame.query_metadata
    assert metadata["Status"]["State"] == "SUCCEEDED"
    assert metadata["Statistics"]["DataScannedInBytes"] > 0


@pytest.mark.parametrize("approach", APPROACHES)
def test_a_query_without_rows(lake: Lake, orders: str, approach: dict) -> None:
    frame = wr.athena.read_sql_query(f"select id, item from {orders} where id > 100", **lake.options(**approach))
    assert len(frame) == 0


@pytest.mark.parametrize("approach", APPROACHES)
def test_a_query_in_chunks(lake: Lake, orders: str, approach: dict) -> None:
    chunks = wr.athena.read_sql_query(f"select id from {orders}", chunksize=2, **lake.options(**approach))
    assert sorted(value for chunk in chunks for value in chunk["id"]) == [1, 2, 3]


def test_a_whole_table(lake: Lake, orders: str) -> None:
    frame = wr.athena.read_sql_table(orders, database=lake.database, s3_output=lake.output)
    assert sorted(frame["id"]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("where", "params", "style"),
    [
        pytest.param("id = ? and item = ?", ["1", "'pen'"], "qmark", id="qmark"),
        pytest.param("id = :id and item = :item", {"id": 1, "item": "pen"}, "named", id="named"),
        pytest.param("day = :day and id = 1", {"day": dt.date(2024, 1, 1)}, "named", id="named date"),
    ],
)
def test_parameters(lake: Lake, orders: str, where: str, params: Any, style: Any) -> None:
    frame = lake.read(f"select id from {orders} where {where}", params=params, paramstyle=style)
    assert list(frame["id"]) == [1]


def test_types_come_back(lake: Lake) -> None:
    frame = pd.DataFrame(
        {
            "b": pd.array([True, None], "boolean"),
            "i": pd.array([1, None], "Int32"),
            "l": pd.array([2**40, None], "Int64"),
            "f": [1.5, None],
            "s": pd.array(["x", ""], "string"),
            "t": pd.to_datetime(["2024-02-29 12:30:00.123", None]),
            "d": [dt.date(2024, 2, 29), None],
            "n": [Decimal("1.10"), None],
            "y": [b"\x00\x01", None],
            "a": [[1, 2], None],
        }
    )
    table = lake.name("types")
    lake.write(table, frame, dtype={"n": "decimal(5,2)"})
    back = wr.athena.read_sql_query(f"select * from {table} order by b nulls last", **lake.options())
    first = back.iloc[0]
    assert (first["b"], first["i"], first["l"], first["f"], first["s"]) == (True, 1, 2**40, 1.5, "x")
    assert first["t"] == pd.Timestamp("2024-02-29 12:30:00.123")
    assert (first["d"], first["n"], first["y"]) == (dt.date(2024, 2, 29), Decimal("1.10"), b"\x00\x01")
    assert list(first["a"]) == [1, 2]
    assert back.iloc[1][["b", "i", "l", "f", "t", "d", "n", "y", "a"]].isna().all()
    assert back.iloc[1]["s"] == ""
    wr.catalog.delete_table_if_exists(lake.database, table)


def test_the_clients_cache_finds_the_earlier_query(lake: Lake, orders: str) -> None:
    sql = f"select count(*) as c from {orders}"
    first = lake.read(sql)
    cached = lake.read(sql, athena_cache_settings={"max_cache_seconds": 60, "max_cache_query_inspections": 20})
    assert rows(first) == rows(cached) == [(3,)]
    assert cached.query_metadata["QueryExecutionId"] == first.query_metadata["QueryExecutionId"]


def test_a_query_that_fails(lake: Lake) -> None:
    with pytest.raises(wr.exceptions.QueryFailed, match="TABLE_NOT_FOUND"):
        lake.read("select * from nowhere")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        pytest.param("select 1 as a, 2 as a", wr.exceptions.InvalidCtasApproachQuery, id="two columns of one name"),
        pytest.param("select 1", wr.exceptions.InvalidArgumentValue, id="a column without a name"),
        pytest.param("select null as a", wr.exceptions.InvalidArgumentValue, id="a column without a type"),
    ],
)
def test_a_query_that_cannot_be_a_table(lake: Lake, sql: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        wr.athena.read_sql_query(sql, **lake.options(ctas_approach=True))


def test_a_default_bucket_is_made_for_results(lake: Lake) -> None:
    frame = wr.athena.read_sql_query("select 1 as one", database=lake.database, ctas_approach=False, **FAST)
    assert rows(frame) == [(1,)]
    account, region = lake.cloud.settings.account, lake.cloud.settings.region
    assert wr.athena.create_athena_bucket() == f"s3://aws-athena-query-results-{account}-{region}/"


def test_managed_results(lake: Lake, orders: str) -> None:
    name = lake.name("wg")
    athena = lake.cloud.client("athena")
    athena.create_work_group(Name=name, Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}})
    frame = wr.athena.read_sql_query(
        f"select id from {orders} order by id", database=lake.database, workgroup=name, ctas_approach=False, **FAST
    )
    assert list(frame["id"]) == [1, 2, 3]
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


def test_an_enforced_workgroup(lake: Lake, orders: str) -> None:
    name = lake.name("wg")
    athena = lake.cloud.client("athena")
    location = lake.path(name)
    athena.create_work_group(Name=name, Configuration={"ResultConfiguration": {"OutputLocation": location}})
    frame = wr.athena.read_sql_query(
        f"select id from {orders}", database=lake.database, workgroup=name, ctas_approach=False, **FAST
    )
    assert sorted(frame["id"]) == [1, 2, 3]
    assert frame.query_metadata["ResultConfiguration"]["OutputLocation"].startswith(location)
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


# ---- executions -----------------------------------------------------------------------------------------------------


def test_an_execution_is_started_waited_for_and_read(lake: Lake, orders: str) -> None:
    started = wr.athena.start_query_execution(
        f"select id from {orders} order by id", database=lake.database, s3_output=lake.output
    )
    assert isinstance(started, str)
    ended = wr.athena.wait_query(started, athena_query_wait_polling_delay=0.05)
    assert ended["Status"]["State"] == "SUCCEEDED"
    assert wr.athena.get_query_execution(started)["QueryExecutionId"] == started
    assert wr.athena.get_query_columns_types(started) == {"id": "bigint"}
    assert list(wr.athena.get_query_results(started)["id"]) == [1, 2, 3]
    assert started in wr.athena.list_query_executions()
    frame = wr.athena.get_query_executions([started])
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["QueryExecutionId"]) == [started]


def test_an_execution_is_stopped(lake: Lake) -> None:
    numbers = "unnest(sequence(1, 10000))"
    sql = f"select count(*) from {numbers} a(x), {numbers} b(y), {numbers} c(z) where x * y + z > 7"
    started = wr.athena.start_query_execution(sql, database=lake.database, s3_output=lake.output)
    assert isinstance(started, str)
    wr.athena.stop_query_execution(started)
    with pytest.raises(wr.exceptions.QueryCancelled, match="Query cancelled by user"):
        wr.athena.wait_query(started, athena_query_wait_polling_delay=0.05)


def test_a_named_query_is_read(lake: Lake) -> None:
    athena = lake.cloud.client("athena")
    query_id = athena.create_named_query(Name="one", Database=lake.database, QueryString="select 1 as one")[
        "NamedQueryId"
    ]
    statement = wr.athena.get_named_query_statement(query_id)
    assert rows(lake.read(statement)) == [(1,)]
    athena.delete_named_query(NamedQueryId=query_id)


def test_a_prepared_statement(lake: Lake, orders: str) -> None:
    name = lake.name("stmt")
    wr.athena.create_prepared_statement(f"select item from {orders} where id = ?", statement_name=name)
    assert name in [statement["StatementName"] for statement in wr.athena.list_prepared_statements()]
    assert rows(lake.read(f'execute "{name}" using 1')) == [("pen",)]
    wr.athena.create_prepared_statement(f"select id from {orders} where item = ?", statement_name=name, mode="update")
    assert rows(lake.read(f'execute "{name}"', params=["'ink'"], paramstyle="qmark")) == [(3,)]
    wr.athena.delete_prepared_statement(statement_name=name)
    assert name not in [statement["StatementName"] for statement in wr.athena.list_prepared_statements()]


def test_the_workgroup_is_read() -> None:
    group = wr.athena.get_work_group("primary")["WorkGroup"]
    assert group["Configuration"]["EnforceWorkGroupConfiguration"] is False


# ---- tables by SQL --------------------------------------------------------------------------------------------------


def test_a_table_is_described(lake: Lake, orders: str) -> None:
    frame = wr.athena.describe_table(orders, **lake.options())
    assert [tuple(row) for row in frame[["Column Name", "Type", "Partition"]].itertuples(index=False)] == [
        ("id", "bigint", False),
        ("item", "string", False),
        ("price", "decimal(10,2)", False),
        ("day", "date", True),
    ]


def test_how_a_table_was_created(lake: Lake, orders: str) -> None:
    text = wr.athena.show_create_table(orders, **lake.options())
    assert text.startswith("CREATE EXTERNAL TABLE `")
    assert orders in text.partition("(")[0]
    assert "PARTITIONED BY" in text


def test_a_table_is_made_of_a_query(lake: Lake, orders: str) -> None:
    table = lake.name("ctas")
    made = wr.athena.create_ctas_table(
        f"select id, item, day from {orders}",
        ctas_table=table,
        partitioning_info=["day"],
        storage_format="parquet",
        write_compression="snappy",
        wait=True,
        **lake.options(),
    )
    assert made["ctas_table"] == table
    assert sorted(lake.read(f"select id from {table}")["id"]) == [1, 2, 3]
    assert len(wr.catalog.get_partitions(lake.database, table)) == 2
    wr.catalog.delete_table_if_exists(lake.database, table)


def test_a_create_statement_is_generated_from_the_catalog(lake: Lake, orders: str) -> None:
    sql = wr.athena.generate_create_query(orders, database=lake.database)
    assert f"CREATE EXTERNAL TABLE `{orders}`" in sql


def test_partitions_are_found_by_repair(lake: Lake, orders: str) -> None:
    wr.catalog.delete_all_partitions(orders, lake.database)
    assert rows(lake.read(f"select count(*) as c from {orders}")) == [(0,)]
    assert wr.athena.repair_table(orders, **lake.options()) == "SUCCEEDED"
    assert rows(lake.read(f"select count(*) as c from {orders}")) == [(3,)]


def test_a_query_is_unloaded(lake: Lake, orders: str) -> None:
    path = lake.path(lake.name("unload"))
    metadata = wr.athena.unload(
        f"select id, item from {orders}", path=path, database=lake.database, file_format="PARQUET", **FAST
    )
    assert metadata is not None
    assert sorted(wr.s3.read_parquet(path, path_ignore_suffix=[".csv", ".metadata"])["id"]) == [1, 2, 3]


# ---- datasets -------------------------------------------------------------------------------------------------------


def test_rows_and_a_column_are_appended(lake: Lake, orders: str) -> None:
    more = pd.DataFrame({"id": [4], "item": ["cup"], "note": ["new"], "day": [dt.date(2024, 1, 3)]})
    lake.write(orders, more, mode="append", partition_cols=["day"], dtype={"day": "date"})
    frame = lake.read(f"select id, note from {orders} order by id")
    assert rows(frame) == [(1, None), (2, None), (3, None), (4, "new")]


def test_only_the_written_partitions_are_replaced(lake: Lake, orders: str) -> None:
    other = ORDERS.head(1).assign(item="chalk")
    lake.write(
        orders,
        other,
        mode="overwrite_partitions",
        partition_cols=["day"],
        dtype={"price": "decimal(10,2)", "day": "date"},
    )
    assert rows(lake.read(f"select id, item from {orders} order by id")) == [(1, "chalk"), (3, "ink")]


def test_a_csv_dataset(lake: Lake) -> None:
    table = lake.name("csv")
    frame = pd.DataFrame({"id": [1, 2], "text": ["a b", 'say "hi", twice']})
    wr.s3.to_csv(
        frame,
        path=lake.path(table),
        dataset=True,
        database=lake.database,
        table=table,
        index=False,
        serde_library="org.apache.hadoop.hive.serde2.OpenCSVSerde",
    )
    assert rows(lake.read(f"select text from {table} order by id"))[0] == ("a b",)
    wr.catalog.delete_table_if_exists(lake.database, table)


def test_a_json_dataset(lake: Lake) -> None:
    table = lake.name("json")
    frame = pd.DataFrame({"id": [1, 2], "text": ["a", None]})
    wr.s3.to_json(
        frame,
        path=lake.path(table),
        dataset=True,
        database=lake.database,
        table=table,
        orient="records",
        lines=True,
        index=False,
    )
    assert rows(lake.read(f"select id, text from {table} order by id")) == [(1, "a"), (2, None)]
    wr.catalog.delete_table_if_exists(lake.database, table)


def test_an_orc_dataset(lake: Lake) -> None:
    table = lake.name("orc")
    frame = pd.DataFrame({"id": [1, 2], "text": ["a", None]})
    wr.s3.to_orc(frame, path=lake.path(table), dataset=True, database=lake.database, table=table)
    assert rows(lake.read(f"select id, text from {table} order by id")) == [(1, "a"), (2, None)]
    wr.catalog.delete_table_if_exists(lake.database, table)


def test_a_projected_table_needs_no_partitions(lake: Lake) -> None:
    table = lake.name("projected")
    frame = pd.DataFrame({"id": [1, 2, 3], "part": [1, 2, 3]})
    lake.write(
        table,
        frame,
        partition_cols=["part"],
        dtype={"part": "int"},
        athena_partition_projection_settings={
            "projection_types": {"part": "integer"},
            "projection_ranges": {"part": "1,2"},
        },
    )
    assert rows(lake.read(f"select id, part from {table} order by id")) == [(1, 1), (2, 2)]
    wr.catalog.delete_table_if_exists(lake.database, table)


# ---- the catalog ----------------------------------------------------------------------------------------------------


def test_databases_come_and_go(lake: Lake) -> None:
    name = lake.name("db")
    wr.catalog.create_database(name, description="a test")
    assert name in list(wr.catalog.databases(limit=1000)["Database"])
    assert name in [database["Name"] for database in wr.catalog.get_databases()]
    wr.catalog.delete_database(name)
    assert name not in [database["Name"] for database in wr.catalog.get_databases()]


def test_what_the_catalog_tells_of_a_table(lake: Lake, orders: str) -> None:
    database = lake.database
    assert wr.catalog.does_table_exist(database, orders)
    assert orders in list(wr.catalog.tables(database=database)["Table"])
    assert orders in [table["Name"] for table in wr.catalog.get_tables(database=database, name_prefix="orders")]
    assert orders in [table["Name"] for table in wr.catalog.search_tables(text=orders)]
    assert list(wr.catalog.table(database=database, table=orders)["Column Name"]) == ["id", "item", "price", "day"]
    assert wr.catalog.get_table_types(database, orders) == {
        "id": "bigint",
        "item": "string",
        "price": "decimal(10,2)",
        "day": "date",
    }
    assert wr.catalog.get_table_location(database, orders) == lake.path(orders)
    assert wr.catalog.get_table_parameters(database, orders)["classification"] == "parquet"
    assert wr.catalog.get_table_number_of_versions(database, orders) >= 1
    assert {version["Table"]["Name"] for version in wr.catalog.get_table_versions(database, orders)} == {orders}
    assert wr.catalog.get_parquet_partitions(database, orders) == {
        f"{lake.path(orders)}day=2024-01-01/": ["2024-01-01"],
        f"{lake.path(orders)}day=2024-01-02/": ["2024-01-02"],
    }


def test_partitions_by_expression(lake: Lake, orders: str) -> None:
    found = wr.catalog.get_partitions(lake.database, orders, expression="day = '2024-01-02'")
    assert list(found.values()) == [["2024-01-02"]]


def test_the_catalog_changes_a_table(lake: Lake, orders: str) -> None:
    database = lake.database
    wr.catalog.upsert_table_parameters({"owner": "me"}, database, orders)
    assert wr.catalog.get_table_parameters(database, orders)["owner"] == "me"
    wr.catalog.add_column(database, orders, "extra", column_type="int", column_comment="more")
    assert wr.catalog.get_table_types(database, orders)["extra"] == "int"
    assert wr.catalog.get_columns_comments(database, orders)["extra"] == "more"
    assert rows(lake.read(f"select extra from {orders} where id = 1")) == [(None,)]
    wr.catalog.delete_column(database, orders, "extra")
    assert "extra" not in wr.catalog.get_table_types(database, orders)
    wr.catalog.delete_partitions(orders, database, [["2024-01-02"]])
    assert sorted(lake.read(f"select id from {orders}")["id"]) == [1, 2]
    wr.catalog.add_parquet_partitions(database, orders, {f"{lake.path(orders)}day=2024-01-02/": ["2024-01-02"]})
    assert sorted(lake.read(f"select id from {orders}")["id"]) == [1, 2, 3]
    assert wr.catalog.delete_table_if_exists(database, orders)
    assert not wr.catalog.does_table_exist(database, orders)


# ---- Iceberg --------------------------------------------------------------------------------------------------------


@pytest.fixture
def iceberg(lake: Lake) -> Iterator[str]:
    """The name of an Iceberg table with two rows."""
    table = lake.name("ice")
    write_iceberg(lake, table, pd.DataFrame({"id": [1, 2], "text": ["a", "b"]}))
    yield table
    wr.catalog.delete_table_if_exists(lake.database, table)


def write_iceberg(lake: Lake, table: str, frame: pd.DataFrame, **more: Any) -> None:
    wr.athena.to_iceberg(
        df=frame,
        database=lake.database,
        table=table,
        table_location=lake.path(table),
        temp_path=lake.path(f"{table}_temp"),
        s3_output=lake.output,
        keep_files=False,
        **more,
    )


def read_iceberg(lake: Lake, table: str, columns: str = "id, text") -> list[tuple]:
    return rows(lake.read(f"select {columns} from {table} order by id"))


def test_iceberg_is_created_and_appended_to(lake: Lake, iceberg: str) -> None:
    assert read_iceberg(lake, iceberg) == [(1, "a"), (2, "b")]
    write_iceberg(
        lake, iceberg, pd.DataFrame({"id": [3], "text": [None]}, dtype=object), dtype={"text": "string", "id": "bigint"}
    )
    assert read_iceberg(lake, iceberg) == [(1, "a"), (2, "b"), (3, None)]


def test_iceberg_is_merged_into(lake: Lake, iceberg: str) -> None:
    write_iceberg(lake, iceberg, pd.DataFrame({"id": [2, 3], "text": ["B", "c"]}), merge_cols=["id"])
    assert read_iceberg(lake, iceberg) == [(1, "a"), (2, "B"), (3, "c")]


def test_iceberg_is_overwritten(lake: Lake, iceberg: str) -> None:
    write_iceberg(lake, iceberg, pd.DataFrame({"id": [9], "text": ["z"]}), mode="overwrite")
    assert read_iceberg(lake, iceberg) == [(9, "z")]


def test_iceberg_gets_a_column(lake: Lake, iceberg: str) -> None:
    write_iceberg(lake, iceberg, pd.DataFrame({"id": [3], "text": ["c"], "more": [1.5]}), schema_evolution=True)
    assert read_iceberg(lake, iceberg, "id, more") == [(1, None), (2, None), (3, 1.5)]


def test_iceberg_partitions_are_overwritten(lake: Lake) -> None:
    table = lake.name("ice")
    write_iceberg(lake, table, pd.DataFrame({"id": [1, 2], "text": ["a", "b"]}), partition_cols=["text"])
    write_iceberg(
        lake,
        table,
        pd.DataFrame({"id": [7], "text": ["b"]}),
        partition_cols=["text"],
        mode="overwrite_partitions",
    )
    assert read_iceberg(lake, table) == [(1, "a"), (7, "b")]
    wr.catalog.delete_table_if_exists(lake.database, table)


def test_rows_are_deleted_from_iceberg(lake: Lake, iceberg: str) -> None:
    wr.athena.delete_from_iceberg_table(
        df=pd.DataFrame({"id": [1]}),
        database=lake.database,
        table=iceberg,
        merge_cols=["id"],
        temp_path=lake.path(f"{iceberg}_temp"),
        s3_output=lake.output,
        keep_files=False,
    )
    assert read_iceberg(lake, iceberg) == [(2, "b")]
