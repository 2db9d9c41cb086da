"""Iceberg tables: rows, schemas, snapshots and maintenance. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html"""

from __future__ import annotations

import threading

import pytest


@pytest.fixture
def table(lake) -> str:
    """An Iceberg table of two rows in one file."""
    name = lake.name()
    made = lake.do(
        f"create table {name} with (table_type = 'ICEBERG', is_external = false, location = '{lake.uri}/{name}/') as "
        "select * from (values (1, 'a', timestamp '2024-01-01 10:00:00'), (2, 'b', null)) t(id, s, ts)"
    )
    assert made.update_count == 2
    return name


def test_the_catalog_entry_is_icebergs(lake, table):
    entry = lake.table(table)
    assert entry["Parameters"]["table_type"] == "ICEBERG"
    assert entry["Parameters"]["metadata_location"].startswith(f"{lake.uri}/{table}/metadata/")


@pytest.mark.fidelity(
    "athena", "Iceberg UPDATE, DELETE, MERGE", "near", "touched files are written anew; Athena writes position deletes"
)
def test_rows_are_inserted_updated_deleted_and_merged(lake, table):
    assert lake.do(f"insert into {table} (id, s) values (3, 'c')").update_count == 1
    assert lake.do(f"update {table} set s = upper(s) where id < 3").update_count == 2
    assert lake.do(f"delete from {table} where id = 2").update_count == 1
    merged = lake.do(
        f"merge into {table} as target using (values (1, 'm'), (3, 'gone'), (9, 'n')) as src(id, s) "
        "on (target.id = src.id) when matched and src.s = 'gone' then delete "
        "when matched then update set s = src.s when not matched then insert (id, s) values (src.id, src.s)"
    )
    assert merged.update_count == 3
    assert lake.query(f"select id, s from {table} order by id") == [["1", "m"], ["9", "n"]]
    assert lake.do(f"delete from {table} where id = 77").update_count == 0


def test_a_merge_that_matches_a_row_twice_fails_and_changes_nothing(lake, table):
    failure = lake.failure(
        f"merge into {table} t using (values (1, 'x'), (1, 'y')) as src(id, s) on (t.id = src.id) "
        "when matched then update set s = src.s"
    )
    assert failure.startswith("MERGE_TARGET_ROW_MULTIPLE_MATCHES: ")
    assert lake.query(f"select s from {table} order by id") == [["a"], ["b"]]


@pytest.mark.fidelity("athena", "Iceberg time travel", "exact", "")
def test_snapshots_can_be_read(lake, table):
    [[first]] = lake.query(f'select snapshot_id from "{table}$snapshots"')
    lake.do(f"delete from {table}")
    assert lake.query(f"select count(*) from {table}") == [["0"]]
    assert lake.query(f"select count(*) from {table} for version as of {first}") == [["2"]]
    now = "timestamp '2999-01-01 00:00:00 UTC'"
    assert lake.query(f"select count(*) from {table} for timestamp as of {now}") == [["0"]]
    assert lake.failure(f"select * from {table} for version as of 5").startswith("INVALID_ARGUMENTS: Iceberg snapshot")
    past = "timestamp '2001-01-01 00:00:00 UTC'"
    assert lake.failure(f"select * from {table} for timestamp as of {past}").startswith("INVALID_ARGUMENTS: No version")


@pytest.mark.parametrize("name", ["snapshots", "history", "files", "manifests", "partitions", "refs"])
def test_metadata_tables(lake, table, name):
    assert len(lake.query(f'select * from "{table}${name}"')) == 1


@pytest.mark.fidelity("athena", "Iceberg schema evolution", "exact", "")
def test_the_schema_evolves(lake, table):
    lake.do(f"alter table `{lake.database}`.`{table}` add columns (`extra` int)")
    lake.do(f"alter table {table} change column extra extra bigint")
    lake.do(f"alter table {lake.database}.{table} change column s label string")
    lake.do(f"insert into {table} (id, extra) values (3, 5000000000)")
    assert lake.do(f"select * from {table} where id = 1").columns == ["id", "label", "ts", "extra"]
    assert lake.query(f"select id, label, extra from {table} order by id") == [
        ["1", "a", None],
        ["2", "b", None],
        ["3", None, "5000000000"],
    ]
    lake.do(f"alter table {table} drop column extra")
    assert lake.lines(f"show columns in {table}") == [f"{name:<20}" for name in ("id", "label", "ts")]
    assert lake.failure(f"alter table {table} drop column nope") == "COLUMN_NOT_FOUND: Column 'nope' does not exist"
    assert lake.failure(f"alter table {table} change column id id boolean").startswith("NOT_SUPPORTED: Column 'id'")


@pytest.mark.fidelity(
    "athena", "Iceberg tables in ORC or Avro", "absent", "written as Parquet only; other formats are refused"
)
def test_partition_transforms(lake):
    name = lake.name()
    lake.do(
        f"create table {name} (id bigint, ts timestamp, s string) partitioned by (day(ts), bucket(4, id)) "
        f"location '{lake.uri}/{name}/' tblproperties ('table_type'='ICEBERG', 'write_compression'='snappy')"
    )
    lake.do(
        f"insert into {name} values (1, timestamp '2024-01-01 00:00:00', 'x'), "
        "(2, timestamp '2024-01-02 00:00:00', 'y')"
    )
    assert any("ts_day=2024-01-01" in key for key in lake.keys(f"{name}/data/"))
    assert lake.query(f'select partition.ts_day, record_count from "{name}$partitions" order by 1') == [
        ["2024-01-01", "1"],
        ["2024-01-02", "1"],
    ]


def test_optimize_packs_the_files(lake, table):
    lake.do(f"insert into {table} (id) values (3)")
    lake.do(f"insert into {table} (id) values (4)")
    assert lake.query(f'select count(*) from "{table}$files"') == [["3"]]
    lake.do(f"optimize {table} rewrite data using bin_pack")
    assert lake.query(f'select count(*) from "{table}$files"') == [["1"]]
    assert lake.query(f"select count(*), sum(id) from {table}") == [["4", "10"]]


@pytest.mark.fidelity("athena", "VACUUM", "near", "expires snapshots and their files; orphan files stay")
def test_vacuum_expires_old_snapshots_and_their_files(lake, table):
    lake.do(f"update {table} set s = 'x'")
    before = lake.keys(f"{table}/data/")
    assert len(before) == 2
    lake.do(f"alter table {table} set tblproperties ('vacuum_max_snapshot_age_seconds' = '0')")
    threading.Event().wait(0.01)  # so that the snapshot is older than 0 seconds
    lake.do(f"vacuum {table}")
    assert lake.query(f'select count(*) from "{table}$snapshots"') == [["1"]]
    assert len(lake.keys(f"{table}/data/")) == 1
    assert lake.query(f"select s from {table}") == [["x"], ["x"]]


def test_rename_and_drop(lake, table):
    other = lake.name()
    lake.do(f"alter table `{lake.database}`.`{table}` rename to `{lake.database}`.`{other}`")
    assert lake.query(f"select count(*) from {other}") == [["2"]]
    assert lake.failure(f"select * from {table}").startswith("TABLE_NOT_FOUND: ")
    lake.do(f"drop table {other}")
    assert lake.keys(f"{table}/") == []


def test_a_failed_create_leaves_neither_table_nor_files(lake):
    name = lake.name()
    properties = f"table_type = 'iceberg', location = '{lake.uri}/{name}/', partitioning = array['k']"
    failure = lake.failure(
        f"create table {name} with ({properties}) as select 1 as a, x as k from unnest(sequence(1, 101)) t(x)"
    )
    assert failure.startswith("ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers")
    assert lake.keys(f"{name}/") == []
    assert name not in lake.lines("show tables")
    assert lake.failure(f"create table {name} with ({properties}) as select cast(1 as tinyint) as k").startswith(
        "NOT_SUPPORTED: Type not supported for Iceberg: tinyint"
    )


def test_writers_that_meet_lose_no_row(lake, table):
    """Each either commits or fails with ICEBERG_COMMIT_ERROR, which clients answer by sending the statement again."""
    outcomes: list[str] = []

    def add(number: int) -> None:
        ran = lake.run(f"insert into {table} (id) values ({number})")
        outcomes.append(ran.state if ran.state == "SUCCEEDED" else ran.reason)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(10, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    conflicts = [outcome for outcome in outcomes if outcome != "SUCCEEDED"]
    assert all(reason.startswith("ICEBERG_COMMIT_ERROR: ") for reason in conflicts), conflicts
    assert lake.query(f"select count(*) from {table} where id >= 10") == [[str(4 - len(conflicts))]]


def test_what_athena_refuses(lake, table):
    hive = lake.name()
    lake.do(f"create table {hive} as select 1 as a")
    assert lake.failure(f"vacuum {hive}").startswith("NOT_SUPPORTED: ")
    assert lake.failure(f"optimize {hive} rewrite data using bin_pack").startswith("NOT_SUPPORTED: ")
    assert lake.failure(f"alter table {table} set tblproperties ('nope' = '1')") == (
        "INVALID_TABLE_PROPERTY: Unsupported table property key: nope"
    )
