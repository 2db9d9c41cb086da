"""CREATE TABLE AS, INSERT and UNLOAD: what they leave in S3 and in the catalog, and what a failure leaves."""

from __future__ import annotations

import csv
import io

import pytest
from botocore.exceptions import ClientError

ROWS = "(values (1, 'a', 10.5), (2, 'b', 20.0), (3, null, null)) t(id, s, x)"


@pytest.mark.parametrize("form", ["parquet", "orc", "avro", "json", "textfile"])
def test_a_table_of_each_format_reads_back(lake, form):
    name = lake.name()
    made = lake.do(
        f"create table {name} with (format = '{form}', external_location = '{lake.uri}/{name}/') as "
        f"select id, s, x, date '2024-01-31' as d, timestamp '2024-01-31 10:11:12.345' as ts, array[1, 2] as a, "
        f"map(array['k'], array[1]) as m, cast(row(1, 'z') as row(p integer, q varchar)) as r, true as f from {ROWS}"
    )
    assert made.update_count == 3
    assert made.execution["StatementType"] == "DDL"
    assert made.execution["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    tail = ["2024-01-31", "2024-01-31 10:11:12.345", "[1, 2]", "{k=1}", "{p=1, q=z}", "true"]
    assert lake.query(f"select * from {name} order by id") == [
        ["1", "a", "10.5", *tail],
        ["2", "b", "20.0", *tail],
        ["3", None, None, *tail],
    ]
    assert lake.do(f"insert into {name} select * from {name} where id = 1").update_count == 1
    assert lake.query(f"select count(*) from {name}") == [["4"]]


@pytest.mark.parametrize(
    ("form", "compression", "codec"),
    [
        pytest.param("parquet", "snappy", "SNAPPY", id="parquet snappy"),
        pytest.param("parquet", "zstd", "ZSTD", id="parquet zstd"),
        pytest.param("parquet", None, "GZIP", id="parquet default"),
    ],
)
def test_the_compression_of_parquet_files(lake, form, compression, codec):
    import pyarrow.parquet as parquet

    name = lake.name()
    given = f", write_compression = '{compression}'" if compression else ""
    location = f"{lake.uri}/{name}/"
    lake.do(f"create table {name} with (format = '{form}'{given}, external_location = '{location}') as select 1 as a")
    body = lake.s3.get_object(Bucket=lake.bucket, Key=lake.keys(f"{name}/")[0])["Body"].read()
    assert parquet.read_metadata(io.BytesIO(body)).row_group(0).column(0).compression == codec


def test_partitions_are_folders_and_catalog_entries(lake):
    name = lake.name()
    lake.do(
        f"create table {name} with (partitioned_by = array['k'], external_location = '{lake.uri}/{name}/') as "
        "select * from (values (1, 'x/y'), (2, null), (3, 'z'), (4, '')) t(a, k)"
    )
    assert lake.lines(f"show partitions {name}") == ["k=__HIVE_DEFAULT_PARTITION__", "k=x%2Fy", "k=z"]
    assert {key.split("/")[1] for key in lake.keys(f"{name}/")} == {
        "k=x%2Fy",
        "k=z",
        "k=__HIVE_DEFAULT_PARTITION__",
    }
    assert lake.query(f"select a, k from {name} order by a") == [["1", "x/y"], ["2", None], ["3", "z"], ["4", None]]
    lake.do(f"insert into {name} values (5, 'z'), (6, 'new')")
    assert lake.query(f"select k, count(*) from {name} where k in ('z', 'new') group by 1 order by 1") == [
        ["new", "1"],
        ["z", "2"],
    ]


def test_insert_with_columns_leaves_the_others_null(lake):
    name = lake.name()
    lake.do(f"create table {name} as select 1 as a, 'x' as b, 2.5 as c")
    lake.do(f"insert into {name} (c, a) values (7.5, 9)")
    assert lake.query(f"select * from {name} where a = 9") == [["9", None, "7.5"]]


@pytest.mark.fidelity("athena", "bucketed tables", "near", "rows are spread over the files by another hash than Hive's")
def test_bucketed_tables_have_files_by_bucket(lake):
    name = lake.name()
    lake.do(
        f"create table {name} with (bucketed_by = array['a'], bucket_count = 3, external_location = "
        f"'{lake.uri}/{name}/') as select x as a from unnest(sequence(1, 100)) t(x)"
    )
    assert 1 < len(lake.keys(f"{name}/")) <= 3
    assert lake.table(name)["StorageDescriptor"]["NumberOfBuckets"] == 3
    assert lake.query(f"select count(*), sum(a) from {name}") == [["100", "5050"]]


def test_the_manifest_lists_the_files(lake):
    name = lake.name()
    ran = lake.do(f"create table {name} with (external_location = '{lake.uri}/{name}/') as select 1 as a")
    bucket, _, key = ran.execution["Statistics"]["DataManifestLocation"].removeprefix("s3://").partition("/")
    listed = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().split()
    assert listed == [f"{lake.uri}/{key}" for key in lake.keys(f"{name}/")]


@pytest.mark.parametrize(
    ("properties", "body"),
    [
        pytest.param("format = 'JSON', compression = 'none'", '{"a":1,"b":"x"}\n', id="json"),
        pytest.param("format = 'TEXTFILE', compression = 'none', field_delimiter = '|'", "1|x\n", id="text"),
        pytest.param("format = 'TEXTFILE', compression = 'none'", "1,x\n", id="text with the default delimiter"),
    ],
)
def test_unload(lake, properties, body):
    folder = lake.name()
    ran = lake.do(f"unload (select 1 as a, 'x' as b) to '{lake.uri}/{folder}/' with ({properties})")
    assert (ran.execution["StatementType"], ran.execution["SubstatementType"]) == ("DML", "UNLOAD")
    [key] = lake.keys(f"{folder}/")
    assert lake.s3.get_object(Bucket=lake.bucket, Key=key)["Body"].read().decode() == body
    failure = lake.failure(f"unload (select 1 as a) to '{lake.uri}/{folder}/' with ({properties})")
    assert failure.startswith("HIVE_PATH_ALREADY_EXISTS: ")


def test_the_result_file_quotes_every_value_and_leaves_null_empty(lake):
    ran = lake.do("""select 1 as a, null as b, '' as c, 'q"uo,te' as a""")
    bucket, _, key = ran.execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    body = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert body == '"a","b","c","a"\n"1",,"","q""uo,te"\n'
    assert next(csv.reader(io.StringIO(body))) == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param("create table {old} as select 1 as a", "TABLE_ALREADY_EXISTS: line 1:1: Destination", id="exists"),
        pytest.param("create table {new} as select 1", "MISSING_COLUMN_NAME: line 1:1: Column name not", id="no name"),
        pytest.param(
            "create table {new} as select 1 as a, 2 as a",
            "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a'",
            id="same name twice",
        ),
        pytest.param(
            "create table {new} as select null as a",
            "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown",
            id="no type",
        ),
        pytest.param(
            "create table {new} as select current_timestamp as a",
            "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone",
            id="no Hive type",
        ),
        pytest.param(
            "create table {new} with (nope = 1) as select 1 as a",
            "INVALID_TABLE_PROPERTY: line 1:1: Catalog 'awsdatacatalog' table property 'nope' does not exist",
            id="unknown property",
        ),
        pytest.param(
            "create table {new} with (partitioned_by = array['a']) as select 1 as a, 2 as b",
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns",
            id="keys first",
        ),
        pytest.param(
            "create table {new} with (external_location = '{uri}/{old}/') as select 1 as a",
            "HIVE_PATH_ALREADY_EXISTS: Target directory for table",
            id="path exists",
        ),
        pytest.param(
            "create table {new} with (partitioned_by = array['k'], external_location = '{uri}/{new}/') as "
            "select 1 as a, x as k from unnest(sequence(1, 101)) t(x)",
            "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers",
            id="too many partitions",
        ),
        pytest.param(
            "create table {new} with (external_location = '{uri}/{new}/') as select 1 / (x - 5) as a "
            "from unnest(sequence(1, 10)) t(x)",
            "DIVISION_BY_ZERO: ",
            id="the query fails",
        ),
        pytest.param(
            "create table {new} with (external_location = 'file:///tmp/x') as select 1 as a",
            "HIVE_INVALID_METADATA: Invalid location: file:///tmp/x",
            id="no S3 location",
        ),
        pytest.param("insert into {old} values ('x', 1)", "TYPE_MISMATCH: line 1:1: Insert query has", id="types"),
        pytest.param("insert into {old} (nope) values (1)", "COLUMN_NOT_FOUND: line 1:1: Insert column", id="column"),
        pytest.param("insert into {new} values (1)", "TABLE_NOT_FOUND: line 1:1: Table", id="insert into nothing"),
        pytest.param("update {old} set a = 1", "NOT_SUPPORTED: Modifying Hive table rows is only supp", id="update"),
    ],
)
def test_a_failed_statement_leaves_nothing(lake, sql, reason):
    old, new = lake.name(), lake.name()
    lake.do(f"create table {old} with (external_location = '{lake.uri}/{old}/') as select 1 as a, 'x' as b")
    before = lake.keys("t_")
    failure = lake.failure(sql.format(old=old, new=new, uri=lake.uri))
    assert failure.startswith(reason), failure
    assert lake.keys("t_") == before
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        lake.table(new)
    assert lake.query(f"select * from {old}") == [["1", "x"]]


@pytest.mark.parametrize(
    ("kind", "location"),
    [
        pytest.param("is_external = true", "external_location", id="hive"),
        pytest.param("table_type = 'ICEBERG', is_external = false", "location", id="iceberg"),
    ],
)
def test_a_table_made_where_athena_manages_the_results_names_its_location(lake, kind, location):
    workgroup, name = lake.name(), lake.name()
    lake.athena.create_work_group(Name=workgroup, Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}})
    try:
        failure = lake.failure(f"create table {name} with ({kind}) as select 1 as a", workgroup=workgroup)
        assert failure.startswith("INVALID_TABLE_PROPERTY: The results of this workgroup are managed by Athena")
        assert f"'{location}'" in failure
        with pytest.raises(ClientError, match="EntityNotFoundException"):
            lake.table(name)
        where = f"{location} = '{lake.uri}/{name}/'"
        lake.do(f"create table {name} with ({kind}, {where}) as select 1 as a", workgroup=workgroup)
        assert lake.query(f"select a from {name}", workgroup=workgroup) == [["1"]]
    finally:
        lake.athena.delete_work_group(WorkGroup=workgroup, RecursiveDeleteOption=True)


def test_decimals_beyond_18_digits(lake):
    """DuckDB computes them in 64 bits first: the second attempt has to find nothing of the first."""
    name = lake.name()
    value = "decimal '9999999999999.99' * decimal '99999.00'"
    assert lake.query(f"select {value} as x") == [["999989999999999000.0100"]]
    made = lake.do(f"create table {name} with (external_location = '{lake.uri}/{name}/') as select {value} as x")
    assert made.update_count == 1
    assert lake.do(f"insert into {name} select {value}").update_count == 1
    assert lake.query(f"select x from {name}") == [["999989999999999000.0100"]] * 2
