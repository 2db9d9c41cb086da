"""dbt's suites of documentation: docs generate, the catalog, persisted descriptions."""

from __future__ import annotations

import pytest
from dbt.adapters.athena.relation import AthenaRelation  # noqa: F401  # registers the adapter before dbt's fixtures run
from dbt.tests.adapter.basic import expected_catalog as catalogs
from dbt.tests.adapter.basic.test_docs_generate import BaseDocsGenerate, BaseDocsGenReferences
from dbt.tests.adapter.persist_docs.test_persist_docs import (
    BasePersistDocsAllColumnsMissing,
    BasePersistDocsColumnMissing,
    BasePersistDocsQuotedColumnCaseSensitive,
)
from dbt.tests.util import run_dbt

TYPES = {
    "id_type": "int",
    "text_type": "string",
    "time_type": "timestamp",
    "view_type": "view",
    "table_type": "table",
    "model_stats": catalogs.no_stats(),
}


def as_glue_has_it(catalog: dict) -> dict:
    """Athena writes a comment on every view, and dbt-athena counts columns from 0."""
    for node in (*catalog["nodes"].values(), *catalog["sources"].values()):
        if node["metadata"]["type"] == "view":
            node["metadata"]["comment"] = "Presto View"
        if all(isinstance(column["index"], int) for column in node["columns"].values()):
            node["columns"] = {
                name: column | {"index": column["index"] - 1} for name, column in node["columns"].items()
            }
    return catalog


class TestDocsGenerate(BaseDocsGenerate):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project):
        return as_glue_has_it(catalogs.base_expected_catalog(project, role=None, **TYPES))


class TestDocsGenReferences(BaseDocsGenReferences):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project):
        catalog = catalogs.expected_references_catalog(project, role=None, bigint_type="bigint", **TYPES)
        return as_glue_has_it(catalog)


class TestPersistDocsColumnMissing(BasePersistDocsColumnMissing):
    pass


class TestPersistDocsAllColumnsMissing(BasePersistDocsAllColumnsMissing):
    pass


class TestPersistDocsQuotedColumnCaseSensitive(BasePersistDocsQuotedColumnCaseSensitive):
    pass


MODELS = {
    "hive_table": "materialized='table'",
    "iceberg_table": "materialized='table', table_type='iceberg'",
    "a_view": "materialized='view'",
}


class TestPersistDocsInGlue:
    """The descriptions are in Glue: of tables, views, and of the columns of tables."""

    @pytest.fixture(scope="class")
    def project_config_update(self):
        return {"models": {"+persist_docs": {"relation": True, "columns": True}}}

    @pytest.fixture(scope="class")
    def models(self):
        described = "\n".join(
            f"  - {{name: {name}, description: 'It''s {name}', columns: [{{name: id, description: 'Key; \"id\"'}}]}}"
            for name in MODELS
        )
        return {
            "schema.yml": f"models:\n{described}",
            **{f"{name}.sql": f"{{{{ config({config}) }}}} select 1 as id" for name, config in MODELS.items()},
        }

    def test_persist(self, project, cloud):
        run_dbt(["run"])
        glue = cloud.client("glue")
        for name in MODELS:
            table = glue.get_table(DatabaseName=project.test_schema, Name=name)["Table"]
            comments = {column["Name"]: column.get("Comment") for column in table["StorageDescriptor"]["Columns"]}
            assert table["Parameters"]["comment"] == f"It's {name}"
            if name != "a_view":
                assert comments["id"] == 'Key; "id"'
