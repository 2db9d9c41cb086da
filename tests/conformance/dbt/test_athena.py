"""dbt-athena's own ways: tables that are swapped, dropped by SQL, renamed, and written by several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from dbt.contracts.results import RunStatus
from dbt.tests.util import run_dbt, run_dbt_and_capture

TWO_ROWS = "select * from (values (1, 'a'), (2, 'b')) as t (id, name)"


def table(config: str, sql: str = TWO_ROWS) -> str:
    return "{{ config(" + config + ") }}\n" + sql


def rows(project, name: str) -> list[tuple]:
    found = project.run_sql(f"select id, name from {project.test_schema}.{name} order by id", fetch="all")
    return [tuple(row) for row in found]


def locations(cloud, project, name: str) -> str:
    described = cloud.client("glue").get_table(DatabaseName=project.test_schema, Name=name)
    return described["Table"]["StorageDescriptor"]["Location"]


def names(cloud, project) -> set[str]:
    tables = cloud.client("glue").get_tables(DatabaseName=project.test_schema)["TableList"]
    return {found["Name"] for found in tables}


class TestHighAvailability:
    """The new table is written beside the old one, which is then replaced in the catalog alone."""

    @pytest.fixture(scope="class")
    def models(self):
        iceberg = "table_type='iceberg', s3_data_naming='table_unique'"
        return {
            "hive_ha.sql": table("materialized='table', ha=true, s3_data_naming='table_unique'"),
            "hive_ha_by_key.sql": table(
                "materialized='table', ha=true, s3_data_naming='table_unique', partitioned_by=['name']"
            ),
            "iceberg.sql": table(f"materialized='table', {iceberg}"),
            "iceberg_refreshed.sql": table(f"materialized='incremental', incremental_strategy='append', {iceberg}"),
        }

    def test_swap(self, project, cloud):
        run_dbt(["run"])
        before = {name: locations(cloud, project, name) for name in names(cloud, project)}
        assert len(before) == 4
        results = run_dbt(["run", "--full-refresh"])
        assert {result.status for result in results} == {RunStatus.Success}
        after = {name: locations(cloud, project, name) for name in names(cloud, project)}
        assert after.keys() == before.keys(), "a temporary or backup table was left behind"
        for name, location in after.items():
            assert location != before[name]
            assert rows(project, name) == [(1, "a"), (2, "b")]


class TestIcebergNeedsUniqueNames:
    @pytest.fixture(scope="class")
    def models(self):
        return {"fixed.sql": table("materialized='table', table_type='iceberg', s3_data_naming='table'")}

    def test_fails(self, project):
        _, output = run_dbt_and_capture(["run"], expect_pass=False)
        assert "unique" in output


class TestNativeDrop:
    """Iceberg tables and views dropped by SQL, with the data of the tables."""

    @pytest.fixture(scope="class")
    def models(self):
        config = "native_drop=true, materialized="
        return {
            "iceberg.sql": table(f"{config}'incremental', table_type='iceberg', incremental_strategy='append'"),
            "changing.sql": table(f"{config}var('kind', 'view'), table_type='iceberg'"),
        }

    def test_drop(self, project, cloud, bucket):
        run_dbt(["run"])
        old = locations(cloud, project, "iceberg").removeprefix(f"s3://{bucket}/")
        results = run_dbt(["run", "--full-refresh", "--vars", "kind: table"])
        assert {result.status for result in results} == {RunStatus.Success}
        assert rows(project, "iceberg") == rows(project, "changing") == [(1, "a"), (2, "b")]
        listed = cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix=old.rstrip("/") + "/")
        assert listed["KeyCount"] == 0


class TestBatchedMerge:
    """A merge by partitions changes the rows that match, in whichever partition, and no others."""

    KEYS = {"by_day": "day(day)", "by_region": "region"}

    @pytest.fixture(scope="class")
    def models(self):
        first = "(1, 'old', 1, 'us'), (2, 'old', 2, 'eu'), (3, 'old', 1, 'us')"
        second = "(1, 'new', 1, 'us'), (2, 'new', 2, 'eu'), (5, 'new', 1, 'eu')"
        sql = (
            "select id, name, date_add('day', n, date '2024-01-01') as day, region from "
            f"(values {{% if is_incremental() %}} {second} {{% else %}} {first} {{% endif %}}) "
            "as t (id, name, n, region)"
        )
        config = (
            "materialized='incremental', table_type='iceberg', incremental_strategy='merge', unique_key='id', "
            "force_batch=true, partitioned_by=['{}']"
        )
        return {f"{name}.sql": table(config.format(key), sql) for name, key in self.KEYS.items()}

    @pytest.mark.parametrize("name", KEYS)
    def test_merge(self, project, name):
        for _ in range(2):
            run_dbt(["run", "--select", name])
        assert rows(project, name) == [(1, "new"), (2, "new"), (3, "old"), (5, "new")]


WRITERS = 10


class TestParallelInserts:
    """Ten models insert into one Iceberg table at once; dbt repeats those whose commit met another's."""

    @pytest.fixture(scope="class")
    def dbt_profile_target(self, dbt_profile_target):
        return {**dbt_profile_target, "threads": WRITERS, "num_iceberg_retries": WRITERS * 5}

    @pytest.fixture(scope="class")
    def models(self):
        target = table(
            "materialized='table', table_type='iceberg'", "select * from (values (1, 'a')) as t (id, name) limit 0"
        )
        writers = {
            f"writer_{number}.sql": table(
                f"materialized='table', tags=['writer'], pre_hook=\"insert into target values ({number}, 'w')\"",
                "select 1 as one",
            )
            for number in range(WRITERS)
        }
        return {"target.sql": target, **writers}

    def test_every_row_arrives(self, project):
        run_dbt(["run", "--select", "target"])
        results = run_dbt(["run", "--select", "tag:writer"])
        assert {result.status for result in results} == {RunStatus.Success}
        assert rows(project, "target") == [(number, "w") for number in range(WRITERS)]


class TestCommitConflict:
    """What a client sees of two commits that meet: an error that it may try again, never a lost row."""

    @pytest.fixture(scope="class")
    def models(self):
        return {"target.sql": table("materialized='table', table_type='iceberg'", "select 0 as id, 'first' as name")}

    def test_conflict(self, project, cloud):
        run_dbt(["run"])
        athena = cloud.client("athena")

        def insert(number: int) -> tuple[int, dict]:
            execution_id = athena.start_query_execution(
                QueryString=f"insert into {project.test_schema}.target values ({number}, 'w')",
                WorkGroup="dbt-conformance",
            )["QueryExecutionId"]
            while True:
                execution = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
                if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                    return number, execution["Status"]

        with ThreadPoolExecutor(WRITERS) as pool:
            ended = dict(pool.map(insert, range(1, WRITERS + 1)))
        done = {number for number, status in ended.items() if status["State"] == "SUCCEEDED"}
        assert {number for number, _ in rows(project, "target")} == done | {0}
        for number in ended.keys() - done:
            error = ended[number]["AthenaError"]
            assert error["ErrorType"] == 233
            assert error["ErrorMessage"].startswith("ICEBERG_COMMIT_ERROR: ")


class TestSchemaChanges:
    """Every value of on_schema_change, on Hive and on Iceberg tables that rows are appended to."""

    COLUMNS = {
        "sync_all_columns": ["id", "name", "updated_at"],
        "append_new_columns": ["id", "name", "updated_at"],
        "ignore": ["id", "name"],
        "fail": ["id", "name"],
    }

    @pytest.fixture(scope="class")
    def models(self):
        sql = "select 1 as id, 'a' as name {% if is_incremental() %}, date '2024-01-01' as updated_at {% endif %}"
        return {
            f"{kind}_{change}.sql": table(
                f"materialized='incremental', incremental_strategy='append', table_type='{kind}', "
                f"on_schema_change='{change}'",
                sql,
            )
            for kind in ("hive", "iceberg")
            for change in self.COLUMNS
        }

    @pytest.mark.parametrize("kind", ["hive", "iceberg"])
    @pytest.mark.parametrize("change", COLUMNS)
    def test_columns(self, project, kind, change):
        name = f"{kind}_{change}"
        run_dbt(["run", "--select", name])
        _, output = run_dbt_and_capture(["run", "--select", name], expect_pass=change != "fail")
        if change == "fail":
            assert "The source and target schemas on this incremental model are out of sync!" in output
        found = project.run_sql(f"show columns from {name}", fetch="all")
        assert [row[0].strip() for row in found] == self.COLUMNS[change]
