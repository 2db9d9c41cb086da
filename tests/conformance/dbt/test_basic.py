"""dbt's basic suite: materialisations, tests, ephemeral models, seeds."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.aliases.fixtures import MACROS__CAST_SQL, MACROS__EXPECT_VALUE_SQL
from dbt.tests.adapter.aliases.test_aliases import BaseAliasErrors, BaseAliases, BaseSameAliasDifferentSchemas
from dbt.tests.adapter.basic.files import (
    base_ephemeral_sql,
    base_view_sql,
    ephemeral_view_sql,
    generic_test_table_yml,
    generic_test_view_yml,
    schema_base_yml,
)
from dbt.tests.adapter.basic.test_base import BaseSimpleMaterializations
from dbt.tests.adapter.basic.test_empty import BaseEmpty
from dbt.tests.adapter.basic.test_ephemeral import BaseEphemeral
from dbt.tests.adapter.basic.test_generic_tests import BaseGenericTests
from dbt.tests.adapter.basic.test_incremental import (
    BaseIncremental,
    BaseIncrementalBadStrategy,
    BaseIncrementalNotSchemaChange,
)
from dbt.tests.adapter.basic.test_singular_tests import BaseSingularTests
from dbt.tests.adapter.basic.test_singular_tests_ephemeral import BaseSingularTestsEphemeral
from dbt.tests.adapter.basic.test_table_materialization import BaseTableMaterialization
from dbt.tests.adapter.basic.test_validate_connection import BaseValidateConnection
from dbt.tests.adapter.dbt_show.test_dbt_show import BaseShowLimit, BaseShowSqlHeader
from dbt.tests.adapter.empty.test_empty import BaseTestEmpty, BaseTestEmptyInlineSourceRef
from dbt.tests.adapter.ephemeral.test_ephemeral import (
    BaseEphemeralErrorHandling,
    BaseEphemeralMulti,
    BaseEphemeralNested,
)
from dbt.tests.adapter.sample_mode.test_sample_mode import BaseSampleModeTest
from dbt.tests.util import check_relations_equal, run_dbt

ALIAS_MACROS = {
    "cast.sql": MACROS__CAST_SQL.replace("'{{ s }}'::text", "cast('{{ s }}' as varchar)"),
    "expect_value.sql": MACROS__EXPECT_VALUE_SQL,
}
# Iceberg on Athena has timestamps of six digits only, and a table's type is set in its config
ICEBERG_TABLE = "{{ config(materialized='table', table_type='iceberg') }}\n"
COLUMNS = "select id, name, cast(some_date as timestamp(6)) as some_date from {{ source('raw', 'seed') }}\n"
ICEBERG_INCREMENTAL = (
    "{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='merge', unique_key='id') }}\n"
    + COLUMNS
    + "{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}\n"
)


class TestSimpleMaterializations(BaseSimpleMaterializations):
    pass


class TestTableMaterialization(BaseTableMaterialization):
    pass


class TestSingularTests(BaseSingularTests):
    pass


class TestSingularTestsEphemeral(BaseSingularTestsEphemeral):
    pass


class TestEmpty(BaseEmpty):
    pass


class TestEphemeral(BaseEphemeral):
    pass


class TestEphemeralMulti(BaseEphemeralMulti):
    def test_ephemeral_multi(self, project):
        """Without the last step, which compares the SQL that Postgres is sent."""
        run_dbt(["seed"])
        assert len(run_dbt(["run"])) == 3
        for model in ("dependent", "double_dependent", "super_dependent"):
            check_relations_equal(project.adapter, ["seed", model])


class TestEphemeralNested(BaseEphemeralNested):
    def test_ephemeral_nested(self, project):
        """Without the last step, which compares the SQL that Postgres is sent."""
        assert len(run_dbt(["run"])) == 2


class TestEphemeralErrorHandling(BaseEphemeralErrorHandling):
    pass


class TestEphemeralIceberg(BaseEphemeral):
    @pytest.fixture(scope="class")
    def models(self):
        table = ICEBERG_TABLE + COLUMNS.replace("source('raw', 'seed')", "ref('ephemeral')")
        return {
            "ephemeral.sql": base_ephemeral_sql,
            "view_model.sql": ephemeral_view_sql,
            "table_model.sql": table,
            "schema.yml": schema_base_yml,
        }


class TestIncremental(BaseIncremental):
    pass


class TestIncrementalIceberg(BaseIncremental):
    @pytest.fixture(scope="class")
    def models(self):
        return {"incremental.sql": ICEBERG_INCREMENTAL, "schema.yml": schema_base_yml}


class TestIncrementalNotSchemaChange(BaseIncrementalNotSchemaChange):
    @pytest.fixture(scope="class")
    def models(self):
        iceberg = "materialized='incremental', table_type='iceberg', unique_key='user_id_current_time',"
        sql = (
            "{{ config(" + iceberg + " incremental_strategy='merge', on_schema_change='sync_all_columns') }}\n"
            "select '1' || '-' || cast(current_timestamp as varchar) as user_id_current_time,\n"
            "{% if is_incremental() %} 'thisis18characters' {% else %} 'hello' {% endif %} as a"
        )
        return {"incremental_not_schema_change.sql": sql}


class TestIncrementalBadStrategy(BaseIncrementalBadStrategy):
    def test_incremental_invalid_strategy(self, project):
        """dbt-athena words this error itself."""
        run_dbt(["seed"])
        results = run_dbt(["run", "--select", "incremental"], expect_pass=False)
        assert "Invalid incremental strategy provided: bad_strategy" in results.results[0].message


class TestGenericTests(BaseGenericTests):
    pass


class TestGenericTestsIceberg(BaseGenericTests):
    @pytest.fixture(scope="class")
    def models(self):
        return {
            "view_model.sql": base_view_sql,
            "table_model.sql": ICEBERG_TABLE + COLUMNS,
            "schema.yml": schema_base_yml,
            "schema_view.yml": generic_test_view_yml,
            "schema_table.yml": generic_test_table_yml,
        }


class TestValidateConnection(BaseValidateConnection):
    pass


class TestAliases(BaseAliases):
    @pytest.fixture(scope="class")
    def macros(self):
        return ALIAS_MACROS


class TestAliasErrors(BaseAliasErrors):
    pass


class TestSameAliasDifferentSchemas(BaseSameAliasDifferentSchemas):
    @pytest.fixture(scope="class")
    def macros(self):
        return ALIAS_MACROS


class TestShowLimit(BaseShowLimit):
    pass


class TestShowSqlHeader(BaseShowSqlHeader):
    pass


class TestEmptyFlag(BaseTestEmpty):
    pass


class TestEmptyFlagInlineSourceRef(BaseTestEmptyInlineSourceRef):
    pass


class TestSampleMode(BaseSampleModeTest):
    @pytest.fixture(scope="class")
    def input_model_sql(self):
        """Timestamps without an offset: a Hive table has no others."""
        rows = ((1, "2025-01-01 01:25:00"), (2, "2025-01-02 13:47:00"), (3, "2025-01-03 01:32:00"))
        return "{{ config(materialized='table', event_time='event_time') }}\n" + " union all ".join(
            f"select {number} as id, timestamp '{moment}' as event_time" for number, moment in rows
        )
