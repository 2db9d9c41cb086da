"""dbt's suites of hooks around models, seeds, snapshots and runs.

Their tables of what the hooks saw are Iceberg tables here, because dbt's hooks vacuum and update them.
"""

from __future__ import annotations

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseDuplicateHooksInConfigs,
    BaseHookRefs,
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooks,
    BasePrePostModelHooksInConfig,
    BasePrePostModelHooksInConfigKwargs,
    BasePrePostModelHooksInConfigWithCount,
    BasePrePostModelHooksOnSnapshots,
    BasePrePostSnapshotHooksInConfigKwargs,
)
from dbt.tests.adapter.hooks.test_run_hooks import BaseAfterRunHooks, BasePrePostRunHooks
from dbt.tests.util import run_dbt
from dbt_common.exceptions import DbtRuntimeError

# in the order in which dbt's hooks insert them
SEEN = [
    "test_state",
    "target_dbname",
    "target_host",
    "target_name",
    "target_schema",
    "target_type",
    "target_user",
    "target_pass",
    "target_threads",
    "run_started_at",
    "invocation_id",
    "thread_id",
]


def iceberg(table: str, columns: str, bucket: str, schema: str) -> str:
    """The statement that makes an Iceberg table."""
    location = f"s3://{bucket}/hooks/{schema}/{table}/"
    return f"create table {schema}.{table} ({columns}) location '{location}' tblproperties ('table_type' = 'iceberg')"


def create_hook_table(table: str, project, bucket: str) -> None:
    columns = ", ".join(f"{name} {'int' if name == 'target_threads' else 'string'}" for name in SEEN)
    with project.adapter.connection_named("__test"):
        relation = project.adapter.Relation.create(
            database=project.database, schema=project.test_schema, identifier=table, type="table"
        )
        project.adapter.delete_from_glue_catalog(relation)
    project.run_sql(iceberg(table, columns, bucket, project.test_schema))


def check_context(context, state: str, project) -> None:
    """What a hook saw: the target of the profile, as far as Athena's has it."""
    assert context["test_state"] == state
    assert context["target_name"] == "default"
    assert context["target_schema"] == project.test_schema
    assert context["target_type"] == "athena"
    assert context["target_threads"] == 2
    assert context["run_started_at"]
    assert context["invocation_id"]
    assert context["thread_id"].startswith("Thread-") or context["thread_id"] == "MainThread"


class AroundModels:
    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project, bucket):  # dbt's name
        create_hook_table("on_model_hook", project, bucket)

    def check_hooks(self, state, project, host, count=1):
        for context in self.get_ctx_vars(state, count=count, project=project):  # type: ignore[attr-defined]
            check_context(context, state, project)


class TestModelHooks(AroundModels, BasePrePostModelHooks):
    pass


class TestHookRefs(AroundModels, BaseHookRefs):
    pass


class TestModelHooksInConfig(AroundModels, BasePrePostModelHooksInConfig):
    pass


class TestModelHooksInConfigWithCount(AroundModels, BasePrePostModelHooksInConfigWithCount):
    pass


class TestModelHooksInConfigKwargs(AroundModels, BasePrePostModelHooksInConfigKwargs):
    pass


class TestHooksRefsOnSeeds(BaseHooksRefsOnSeeds):
    pass


class OnSnapshots:
    """dbt's hooks in Athena's words, on a snapshot that can be updated."""

    paths: str

    @pytest.fixture(scope="class")
    def project_config_update(self):
        name = "{{ this.schema }}.{{ this.identifier }}"
        return {
            "snapshot-paths": [self.paths],
            "snapshots": {
                "+table_type": "iceberg",
                "post-hook": [f"alter table {name} add columns (new_col int)", f"update {name} set new_col = 1"],
            },
        }


class TestHooksOnSnapshots(OnSnapshots, BasePrePostModelHooksOnSnapshots):
    paths = "test-snapshots"


class TestSnapshotHooksInConfigKwargs(OnSnapshots, BasePrePostSnapshotHooksInConfigKwargs):
    paths = "test-kwargs-snapshots"


class TestDuplicateHooksInConfigs(BaseDuplicateHooksInConfigs):
    pass


class TestRunHooks(BasePrePostRunHooks):
    @pytest.fixture
    def setUp(self, project, bucket, monkeypatch):  # dbt's name
        create_hook_table("on_run_hook", project, bucket)
        for table in ("schemas", "db_schemas"):
            project.run_sql(f"drop table if exists {project.test_schema}.{table}")
        monkeypatch.setenv("TERM_TEST", "TESTING")

    @pytest.fixture(scope="class")
    def project_config_update(self, bucket):
        schema = "{{ target.schema }}"

        def in_order(when: str) -> list[str]:
            name = f"{when}_hook_order_test"
            return [iceberg(name, "id int", bucket, schema), f"drop table {schema}.{name}"]

        used = "{% for schema in schemas %}('{{ schema }}'){% if not loop.last %},{% endif %}{% endfor %}"
        pairs = (
            "{% for db, schema in database_schemas %}('{{ db }}', '{{ schema }}')"
            "{% if not loop.last %},{% endif %}{% endfor %}"
        )
        return {
            "on-run-start": [
                "{{ custom_run_hook('start', target, run_started_at, invocation_id) }}",
                *in_order("start"),
                "{{ log(env_var('TERM_TEST'), info=True) }}",
            ],
            "on-run-end": [
                "{{ custom_run_hook('end', target, run_started_at, invocation_id) }}",
                *in_order("end"),
                iceberg("schemas", "schema string", bucket, schema),
                f"insert into {schema}.schemas (schema) values {used}",
                iceberg("db_schemas", "db string, schema string", bucket, schema),
                f"insert into {schema}.db_schemas (db, schema) values {pairs}",
            ],
        }

    def check_hooks(self, state, project, host):
        check_context(self.get_ctx_vars(state, project), state, project)


class TestAfterRunHooks(BaseAfterRunHooks):
    def test_missing_column_pre_hook(self, project):
        """dbt-athena raises an error of its own class."""
        with pytest.raises(DbtRuntimeError, match="TABLE_NOT_FOUND"):
            run_dbt(["run"], expect_pass=False)
