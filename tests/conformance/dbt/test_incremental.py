"""dbt's incremental suites: strategies, unique keys, predicates, microbatches and changes of the schema."""

from __future__ import annotations

import re

import pytest
from dbt.tests.adapter.incremental.test_incremental_merge_exclude_columns import BaseMergeExcludeColumns
from dbt.tests.adapter.incremental.test_incremental_microbatch import BaseMicrobatch, patch_microbatch_end_time
from dbt.tests.adapter.incremental.test_incremental_on_schema_change import BaseIncrementalOnSchemaChange
from dbt.tests.adapter.incremental.test_incremental_predicates import BaseIncrementalPredicates
from dbt.tests.adapter.incremental.test_incremental_unique_id import (
    BaseIncrementalUniqueKey,
    models__duplicated_unary_unique_key_list_sql,
    models__expected__one_str__overwrite_sql,
    models__expected__unique_key_list__inplace_overwrite_sql,
    models__nontyped_trinary_unique_key_list_sql,
    models__not_found_unique_key_list_sql,
    models__not_found_unique_key_sql,
    models__str_unique_key_sql,
    models__trinary_unique_key_list_sql,
    models__unary_unique_key_list_sql,
    seeds__add_new_rows_sql,
    seeds__duplicate_insert_sql,
    seeds__seed_csv,
)
from dbt.tests.util import run_dbt, run_dbt_and_capture

ICEBERG_MERGE = {"models": {"+table_type": "iceberg", "+incremental_strategy": "merge"}}
# Athena refuses a string where a date is due
_DATE = re.compile(r"'\d{4}-\d\d-\d\d'")


def with_dates(sql: str) -> str:
    """A fixture of dbt's with its dates as dates."""
    return _DATE.sub(r"cast(\g<0> as date)", sql)


class TestUniqueKeyIceberg(BaseIncrementalUniqueKey):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_MERGE

    @pytest.fixture(scope="class")
    def models(self):
        return {
            "trinary_unique_key_list.sql": models__trinary_unique_key_list_sql,
            "nontyped_trinary_unique_key_list.sql": models__nontyped_trinary_unique_key_list_sql,
            "unary_unique_key_list.sql": models__unary_unique_key_list_sql,
            "not_found_unique_key.sql": models__not_found_unique_key_sql,
            "str_unique_key.sql": models__str_unique_key_sql,
            "duplicated_unary_unique_key_list.sql": models__duplicated_unary_unique_key_list_sql,
            "not_found_unique_key_list.sql": models__not_found_unique_key_list_sql,
            "expected": {
                "one_str__overwrite.sql": with_dates(models__expected__one_str__overwrite_sql),
                "unique_key_list__inplace_overwrite.sql": with_dates(
                    models__expected__unique_key_list__inplace_overwrite_sql
                ),
            },
        }

    @pytest.fixture(scope="class")
    def seeds(self):
        return {
            "duplicate_insert.sql": with_dates(seeds__duplicate_insert_sql),
            "seed.csv": seeds__seed_csv,
            "add_new_rows.sql": with_dates(seeds__add_new_rows_sql),
        }

    @pytest.mark.skip(reason="dbt-athena's merge refuses a model without a unique key")
    def test__no_unique_keys(self, project):
        pass

    @pytest.mark.skip(reason="dbt-athena makes a merge without a join condition of it")
    def test__empty_str_unique_key(self, project):
        pass

    @pytest.mark.skip(reason="dbt-athena makes a merge without a join condition of it")
    def test__empty_unique_key_list(self, project):
        pass


class OneModel(BaseIncrementalPredicates):
    """dbt's model of two runs, with the rows that the configuration of a subclass should leave."""

    config: dict[str, object]
    rows: str

    @pytest.fixture(scope="class")
    def project_config_update(self):
        return {"models": ICEBERG_MERGE["models"] | self.config}

    @pytest.fixture(scope="class")
    def seeds(self):
        return {"expected_delete_insert_incremental_predicates.csv": f"id,msg,color\n{self.rows}"}

    def test__incremental_predicates(self, project):
        name = "delete_insert_incremental_predicates"
        expected = self.get_expected_fields(relation=f"expected_{name}", seed_rows=self.rows.count("\n"))
        found = self.get_test_fields(project, seed=f"expected_{name}", incremental_model=name, update_sql_file=None)
        self.check_scenario_correctness(expected, found, project)


class TestPredicatesIceberg(OneModel):
    config = {"+incremental_predicates": ["src.id <> 3", "target.id <> 2"]}
    rows = "1,hey,blue\n2,goodbye,red\n2,yo,green\n3,anyway,purple\n"


class TestDeleteConditionIceberg(OneModel):
    config = {"+delete_condition": "src.id = 2 and target.color = 'red'"}
    rows = "1,hey,blue\n3,anyway,purple\n"


class TestPredicatesAndDeleteConditionIceberg(OneModel):
    config = {
        "+incremental_predicates": ["src.id <> 1"],
        "+delete_condition": "src.msg = 'yo' and target.color = 'red'",
    }
    rows = "1,hello,blue\n1,hey,blue\n3,anyway,purple\n"


class TestMergeExcludeColumnsIceberg(BaseMergeExcludeColumns):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_MERGE


class TestOnSchemaChangeHive(BaseIncrementalOnSchemaChange):
    pass


class TestOnSchemaChangeIceberg(BaseIncrementalOnSchemaChange):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_MERGE


DAYS = ("2020-01-01", "2020-01-02", "2020-01-03")


def days(kind: str) -> str:
    """Three rows, one a day, with an event_time of this type."""
    return "\nunion all\n".join(
        f"select {number} as id, cast(timestamp '{day} 00:00:00' as {kind}) as event_time"
        for number, day in enumerate(DAYS, 1)
    )


def microbatch(table: str) -> str:
    """A model by daily batches; `table` is its configuration."""
    return (
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='event_time', "
        f"batch_size='day', begin=modules.datetime.datetime(2020, 1, 1), {table}) }}}}\n"
        "select * from {{ ref('input_model') }}"
    )


def input_model(table: str, kind: str) -> str:
    return "{{ config(materialized='table', event_time='event_time', " + table + ") }}\n" + days(kind)


HIVE_INPUT = input_model("table_type='hive'", "timestamp(3)")
ICEBERG_INPUT = input_model("table_type='iceberg'", "timestamp(6)")


class Microbatch(BaseMicrobatch):
    """With the two rows that dbt inserts as timestamps without an offset, which is what the column is."""

    @pytest.fixture(scope="class")
    def insert_two_rows_sql(self, project):
        rows = ", ".join(f"({number}, timestamp '2020-01-0{number} 00:00:00')" for number in (4, 5))
        return f"insert into {project.test_schema}.input_model (id, event_time) values {rows}"


class TestMicrobatchHive(Microbatch):
    @pytest.fixture(scope="class")
    def models(self):
        return {
            "input_model.sql": HIVE_INPUT,
            "microbatch_model.sql": microbatch("table_type='hive', partitioned_by=['event_time']"),
        }


class TestMicrobatchIceberg(Microbatch):
    @pytest.fixture(scope="class")
    def models(self):
        return {
            "input_model.sql": ICEBERG_INPUT,
            "microbatch_model.sql": microbatch("table_type='iceberg', unique_key='id'"),
        }


class TestMicrobatchWithoutPartitionsHive:
    @pytest.fixture(scope="class")
    def models(self):
        return {"input_model.sql": HIVE_INPUT, "microbatch.sql": microbatch("table_type='hive'")}

    def test_fails(self, project):
        with patch_microbatch_end_time("2020-01-03 13:57:00"):
            _, output = run_dbt_and_capture(["run"], expect_pass=False)
        assert "strategy for hive tables requires a `partitioned_by` config." in output


class TestMicrobatchWithoutUniqueKeyIceberg:
    @pytest.fixture(scope="class")
    def models(self):
        return {"input_model.sql": ICEBERG_INPUT, "microbatch.sql": microbatch("table_type='iceberg'")}

    def test_fails(self, project):
        with patch_microbatch_end_time("2020-01-03 13:57:00"):
            _, output = run_dbt_and_capture(["run"], expect_pass=False)
        assert "strategy for iceberg tables must implement unique_key" in output


CONDITIONS = {
    "update_condition": (
        "target.id > 1",
        "(1, 'new'), (2, 'new'), (3, 'new')",
        [(0, "old"), (1, "old"), (2, "new"), (3, "new")],
    ),
    "insert_condition": (
        "src.id > 3",
        "(1, 'new'), (3, 'new'), (4, 'new')",
        [(0, "old"), (1, "new"), (2, "old"), (4, "new")],
    ),
}


class TestMergeConditionsIceberg:
    @pytest.fixture(scope="class")
    def models(self):
        return {
            f"{name}.sql": "{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='merge', "
            f'unique_key=["id"], {name}="{condition}") }}}}\n'
            f"select * from (values {{% if is_incremental() %}} {rows} {{% else %}} (0, 'old'), (1, 'old'), (2, 'old') "
            "{% endif %}) as t (id, value)"
            for name, (condition, rows, _) in CONDITIONS.items()
        }

    @pytest.mark.parametrize("name", CONDITIONS)
    def test_merge(self, project, name):
        for _ in range(2):
            run_dbt(["run", "--select", name])
        found = project.run_sql(f"select id, value from {project.test_schema}.{name} order by id", fetch="all")
        assert [tuple(row) for row in found] == CONDITIONS[name][2]
