"""dbt's basic suite: materialisations, tests, ephemeral models, seeds."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.aliases.test_aliases import BaseAliasErrors, BaseAliases, BaseSameAliasDifferentSchemas
from dbt.tests.adapter.basic.files import (
    base_view_sql,
    generic_test_table_yml,
    generic_test_view_yml,
    schema_base_yml,
)
from dbt.tests.adapter.basic.test_base import BaseSimpleMaterializations
from dbt.tests.adapter.basic.test_empty import BaseEmpty
from dbt.tests.adapter.basic.test_ephemeral import BaseEphemeral
from dbt.tests.adapter.basic.test_generic_tests import BaseGenericTests
from dbt.tests.adapter.basic.test_incremental import BaseIncremental, BaseIncrementalNotSchemaChange
from dbt.tests.adapter.basic.test_singular_tests import BaseSingularTests
from dbt.tests.adapter.basic.test_singular_tests_ephemeral import BaseSingularTestsEphemeral
from dbt.tests.adapter.basic.test_table_materialization import BaseTableMaterialization
from dbt.tests.adapter.basic.test_validate_connection import BaseValidateConnection
from dbt.tests.adapter.dbt_show.test_dbt_show import BaseShowLimit, BaseShowSqlHeader
from dbt.tests.adapter.empty.test_empty import BaseTestEmpty, BaseTestEmptyInlineSourceRef
from dbt.tests.adapter.ephemeral.test_ephemeral import BaseEphemeralMulti

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
    pass


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
    pass


class TestAliasErrors(BaseAliasErrors):
    pass


class TestSameAliasDifferentSchemas(BaseSameAliasDifferentSchemas):
    pass


class TestShowLimit(BaseShowLimit):
    pass


class TestShowSqlHeader(BaseShowSqlHeader):
    pass


class TestEmptyFlag(BaseTestEmpty):
    pass


class TestEmptyFlagInlineSourceRef(BaseTestEmptyInlineSourceRef):
    pass
