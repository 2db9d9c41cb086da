"""dbt's suites of relations: the cache, types of relations and columns, clones, copies, concurrency, query comments."""

from __future__ import annotations

from collections import Counter

import pytest
from dbt.adapters.contracts.relation import RelationType
from dbt.tests.adapter.basic.test_adapter_methods import BaseAdapterMethod
from dbt.tests.adapter.caching.test_caching import (
    BaseCachingLowercaseModel,
    BaseCachingSelectedSchemaOnly,
    BaseCachingUppercaseModel,
    BaseNoPopulateCache,
)
from dbt.tests.adapter.column_types.test_column_types import BaseColumnTypes
from dbt.tests.adapter.concurrency.test_concurrency import BaseConcurrency
from dbt.tests.adapter.dbt_clone.test_dbt_clone import (
    BaseCloneNotPossible,
    BaseCloneSameTargetAndState,
)
from dbt.tests.adapter.dbt_show.test_dbt_show import BaseShowDoesNotHandleDoubleLimit
from dbt.tests.adapter.empty.test_empty import MetadataWithEmptyFlag
from dbt.tests.adapter.query_comment.test_query_comment import (
    BaseEmptyQueryComments,
    BaseMacroArgsQueryComments,
    BaseMacroInvalidQueryComments,
    BaseMacroQueryComments,
    BaseNullQueryComments,
    BaseQueryComments,
)
from dbt.tests.adapter.relations.test_changing_relation_type import BaseChangeRelationTypeValidator
from dbt.tests.adapter.relations.test_dropping_schema_named import BaseDropSchemaNamed
from dbt.tests.adapter.simple_copy.test_simple_copy import EmptyModelsArentRunBase, SimpleCopyBase
from dbt.tests.util import run_dbt


class TestAdapterMethod(BaseAdapterMethod):
    pass


class TestCachingLowercaseModel(BaseCachingLowercaseModel):
    pass


class TestCachingUppercaseModel(BaseCachingUppercaseModel):
    pass


class TestCachingSelectedSchemaOnly(BaseCachingSelectedSchemaOnly):
    pass


class TestNoPopulateCache(BaseNoPopulateCache):
    pass


COLUMN_TYPES = {
    # the type of the query: the type in Glue, and what dbt's Column says of it
    "smallint": ("smallint", "is_integer"),
    "bigint": ("bigint", "is_integer"),
    "decimal(12, 2)": ("decimal(12,2)", None),
    "real": ("float", "is_float"),
    "double": ("double", "is_float"),
    "varchar": ("varchar", "is_string"),
    "varchar(20)": ("varchar(20)", None),
}


class TestColumnTypes(BaseColumnTypes):
    @pytest.fixture(scope="class")
    def models(self):
        columns = ", ".join(f"cast(1 as {kind}) as c{number}" for number, kind in enumerate(COLUMN_TYPES))
        return {"model.sql": f"{{{{ config(materialized='table') }}}} select {columns}"}

    def test_types(self, project):
        run_dbt(["run"])
        with project.adapter.connection_named("__test"):
            relation = project.adapter.Relation.create(
                database=project.database, schema=project.test_schema, identifier="model"
            )
            columns = project.adapter.get_columns_in_relation(relation)
        for column, (name, group) in zip(columns, COLUMN_TYPES.values(), strict=True):
            assert column.data_type.replace(" ", "") == name
            assert group is None or getattr(column, group)(), column


class TestConcurrency(BaseConcurrency):
    pass


class TestCloneNotPossible(BaseCloneNotPossible):
    pass


class TestCloneSameTargetAndState(BaseCloneSameTargetAndState):
    pass


class TestShowDoesNotHandleDoubleLimit(BaseShowDoesNotHandleDoubleLimit):
    DATABASE_ERROR_MESSAGE = "mismatched input 'limit'"


class TestMetadataWithEmptyFlag(MetadataWithEmptyFlag):
    @pytest.mark.parametrize(
        "model", ["control", "get_columns_in_relation", "alter_relation_comment", "alter_column_comment"]
    )
    def test_run(self, project, model):
        """Without truncate and the changes of columns, whose macros dbt-athena has not."""
        run_dbt(["run", "--empty", "--select", model])


class TestQueryComments(BaseQueryComments):
    def test_matches_comment(self, project):
        """dbt-athena puts a comment on one line."""
        assert "/* dbt rules! */" in self.run_get_json()


class TestMacroQueryComments(BaseMacroQueryComments):
    def test_matches_comment(self, project):
        """dbt-athena puts a comment on one line."""
        assert "/* dbt macros are pretty cool */" in self.run_get_json()


class TestMacroArgsQueryComments(BaseMacroArgsQueryComments):
    pass


class TestMacroInvalidQueryComments(BaseMacroInvalidQueryComments):
    pass


class TestNullQueryComments(BaseNullQueryComments):
    pass


class TestEmptyQueryComments(BaseEmptyQueryComments):
    pass


class TestChangeRelationTypes(BaseChangeRelationTypeValidator):
    pass


class TestDropSchemaNamed(BaseDropSchemaNamed):
    pass


class TestSimpleCopy(SimpleCopyBase):
    def test_simple_copy_with_materialized_views(self, project):
        pytest.skip("Athena has no materialized views")


class TestEmptyModelsArentRun(EmptyModelsArentRunBase):
    def test_dbt_doesnt_run_empty_models(self, project, cloud):
        """dbt's list of the tables of a schema is a query for Postgres; Glue has it here."""
        assert len(run_dbt(["seed"])) == 1
        assert len(run_dbt()) == 7
        tables = cloud.client("glue").get_tables(DatabaseName=project.test_schema)["TableList"]
        assert {"empty", "disabled"}.isdisjoint(table["Name"] for table in tables)


class TestRelationTypes:
    """Tables, views and Iceberg tables as the adapter lists them."""

    @pytest.fixture(scope="class")
    def models(self):
        return {
            "hive_table.sql": "{{ config(materialized='table') }} select 1 as a",
            "iceberg_table.sql": "{{ config(materialized='table', table_type='iceberg') }} select 1 as a",
            "a_view.sql": "{{ config(materialized='view') }} select 1 as a",
        }

    def test_list(self, project):
        run_dbt(["run"])
        with project.adapter.connection_named("__test"):
            relations = project.adapter.list_relations_without_caching(
                project.adapter.Relation.create(database=project.database, schema=project.test_schema)
            )
        assert Counter(relation.type for relation in relations) == {RelationType.Table: 2, RelationType.View: 1}
