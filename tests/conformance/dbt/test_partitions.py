"""dbt-athena's partitions: more than Athena writes at once, batches, empty keys, transforms, insert_overwrite."""

from __future__ import annotations

import pytest
from dbt.contracts.results import RunStatus
from dbt.tests.util import run_dbt

DAYS = 212  # Athena writes at most 100 partitions in one statement
EVERY_DAY = (
    "select {value} as value, day_of_year(day) as doy, cast(day as date) as day "
    "from unnest(sequence(date '2023-01-01', date '2023-07-31', interval '1' day)) as t (day)"
)


def run(*arguments: str) -> None:
    """A dbt run in which every model succeeds."""
    results = run_dbt(["run", *arguments])
    assert [result.status for result in results] == [RunStatus.Success] * len(results)


def model(config: str, value: str = "1") -> str:
    return "{{ config(" + config + ") }}\n" + EVERY_DAY.format(value=value)


def value(project, sql: str):
    """The one value of a query of the test's schema."""
    return project.run_sql(sql.format(schema=project.test_schema), fetch="one")[0]


AGAIN = "{% if is_incremental() %} 2 {% else %} 1 {% endif %}"
INCREMENTAL = "materialized='incremental', "
MERGE = INCREMENTAL + "table_type='iceberg', incremental_strategy='merge', "
MODELS = {
    # name: (config, value, (rows, least value, greatest value) after each of two runs)
    "hive_table": ("materialized='table', partitioned_by=['doy', 'day']", "1", [(DAYS, 1, 1)] * 2),
    "hive_forced": ("materialized='table', partitioned_by=['day'], force_batch=true", "1", [(DAYS, 1, 1)] * 2),
    "hive_append": (
        INCREMENTAL + "incremental_strategy='append', partitioned_by=['day'], force_batch=true",
        AGAIN,
        [(DAYS, 1, 1), (2 * DAYS, 1, 2)],
    ),
    "hive_overwrite": (
        INCREMENTAL + "incremental_strategy='insert_overwrite', partitioned_by=['day']",
        AGAIN,
        [(DAYS, 1, 1), (DAYS, 2, 2)],
    ),
    "hive_overwrite_without_keys": (
        INCREMENTAL + "incremental_strategy='insert_overwrite'",
        AGAIN,
        [(DAYS, 1, 1), (2 * DAYS, 1, 2)],  # this release of dbt-athena falls back to append
    ),
    "hive_bucketed": ("materialized='table', bucketed_by=['doy'], bucket_count=4", "1", [(DAYS, 1, 1)] * 2),
    "iceberg_days": (
        "materialized='table', table_type='iceberg', partitioned_by=['day(day)', 'doy']",
        "1",
        [(DAYS, 1, 1)] * 2,
    ),
    "iceberg_buckets": (
        "materialized='table', table_type='iceberg', partitioned_by=['month(day)', 'bucket(doy, 5)']",
        "1",
        [(DAYS, 1, 1)] * 2,
    ),
    "iceberg_merge": (
        MERGE + "unique_key='doy', partitioned_by=['day(day)', 'doy']",
        AGAIN,
        [(DAYS, 1, 1), (DAYS, 2, 2)],
    ),
    "iceberg_merge_forced": (
        MERGE + "unique_key=['day'], partitioned_by=['day'], force_batch=true",
        AGAIN,
        [(DAYS, 1, 1), (DAYS, 2, 2)],
    ),
}


class TestManyPartitions:
    @pytest.fixture(scope="class")
    def models(self):
        return {f"{name}.sql": model(config, shown) for name, (config, shown, _) in MODELS.items()}

    @pytest.mark.parametrize("name", MODELS)
    def test_rows(self, project, name):
        for expected in MODELS[name][2]:
            run("--select", name)
            found = project.run_sql(
                f"select count(*), min(value), max(value) from {project.test_schema}.{name}", fetch="one"
            )
            assert tuple(found) == expected


class TestOverwriteOfSomePartitions:
    """150 partitions, of which the second run replaces 91: more than one GetPartitions expression can name."""

    @pytest.fixture(scope="class")
    def models(self):
        return {
            "days.sql": model(INCREMENTAL + "incremental_strategy='insert_overwrite', partitioned_by=['day']", AGAIN)
            + " where day < date '2023-05-31' {% if is_incremental() %} and day >= date '2023-03-01' {% endif %}"
        }

    def test_rows(self, project):
        run()
        assert value(project, "select count(*) from {schema}.days") == 150
        run()
        assert value(project, "select count(*) from {schema}.days") == 150
        assert value(project, "select count(*) from {schema}.days where value = 2") == 91
        assert str(value(project, "select min(day) from {schema}.days where value = 2")) == "2023-03-01"


class TestEmptyKeys:
    """Rows without a value of the partition key are kept, in a partition of their own."""

    @pytest.fixture(scope="class")
    def models(self):
        with_nulls = "select n as value, case when n > 50 then n end as id from unnest(sequence(1, 202)) as t (n)"
        return {
            "one_key.sql": "{{ config(materialized='table', partitioned_by=['id']) }}" + with_nulls,
            "two_keys.sql": "{{ config(materialized='table', partitioned_by=['id', 'day'], s3_data_naming='table') }}"
            f"select *, case when value % 2 = 0 then date '2024-01-01' end as day from ({with_nulls})",
        }

    def test_rows(self, project):
        run()
        for name in ("one_key", "two_keys"):
            assert value(project, f"select count(*) from {{schema}}.{name}") == 202
            assert value(project, f"select count(*) from {{schema}}.{name} where id is null") == 50
        assert value(project, "select count(*) from {schema}.two_keys where day is null") == 101
        assert value(project, "select count(*) from {schema}.two_keys where id is null and day is null") == 25


class TestOverwriteAfterAFailure:
    """Objects of a partition that Glue does not know, as an INSERT that failed half-way leaves them."""

    @pytest.fixture(scope="class")
    def models(self):
        return {
            "days.sql": "{{ config(materialized='incremental', incremental_strategy='insert_overwrite', "
            "partitioned_by=['day'], s3_data_naming='table') }}"
            "select {{ var('value') }} as value, date '2024-01-01' as day"
        }

    @pytest.mark.fidelity(
        "athena", "objects of an unregistered partition", "exact", "INSERT adds to them, as Athena's does"
    )
    def test_rows(self, project):
        run("--vars", "value: 1")
        project.run_sql(f"alter table {project.test_schema}.days drop partition (day = '2024-01-01')")
        assert value(project, "select count(*) from {schema}.days") == 0
        run("--vars", "value: 2")
        # this release of dbt-athena cleans the partitions that Glue knows, and so leaves the old object where it is
        assert value(project, "select array_join(array_agg(value order by value), ',') from {schema}.days") == "1,2"


class TestUniqueTemporaryTables:
    @pytest.fixture(scope="class")
    def models(self):
        return {
            "days.sql": "{{ config(materialized='incremental', incremental_strategy='insert_overwrite', "
            "partitioned_by=['day'], unique_tmp_table_suffix=true) }}"
            "select 1 as value, cast('{{ var('day') }}' as date) as day"
        }

    def test_names(self, project, cloud):
        athena = cloud.client("athena")
        for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
            run("--vars", f"day: {day}")
        assert value(project, "select count(*) from {schema}.days") == 3
        ids = athena.list_query_executions(WorkGroup="dbt-conformance")["QueryExecutionIds"]
        texts = [
            execution["Query"]
            for execution in athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
            if project.test_schema in execution["Query"]
        ]
        made = {word for text in texts for word in text.split('"') if word.startswith("days__dbt_tmp_")}
        assert len(made) == 2
