"""dbt's snapshot suites, on Hive and on Iceberg tables.

Athena cannot update a Hive table, and a seed is one. So in the basic suites the changed data come from another seed,
and in the others the table that is watched is an Iceberg table, whose statements are worded for Athena.
"""

from __future__ import annotations

import pytest
from dbt.tests.adapter.basic.files import (
    cc_all_snapshot_sql,
    cc_date_snapshot_sql,
    cc_name_snapshot_sql,
    seeds_added_csv,
    seeds_base_csv,
    ts_snapshot_sql,
)
from dbt.tests.adapter.simple_snapshot.test_ephemeral_snapshot_hard_deletes import (
    BaseSnapshotEphemeralHardDeletes,
    BaseSnapshotNewColumnSpecificCheckCols,
    BaseSnapshotNewColumnTimestampStrategy,
    BaseSnapshotNewColumnWithDeletes,
)
from dbt.tests.adapter.simple_snapshot.test_snapshot import BaseSimpleSnapshot, BaseSnapshotCheck
from dbt.tests.util import relation_from_name, run_dbt

ICEBERG_SNAPSHOTS = {"snapshots": {"+table_type": "iceberg"}}
SIX_DIGITS = "select id, name, cast(some_date as timestamp(6)) as some_date from {{ ref(var('seed_name', 'base')) }}"


def _rows(csv: str, **changes: str) -> str:
    """The CSV with a text put at the end of each name, and another year of each date."""
    head, *rows = csv.strip().splitlines()
    changed = []
    for row in rows:
        number, name, moment = row.split(",")
        moment = f"{int(moment[:4]) + int(changes.get('years', 0))}{moment[4:]}"
        changed.append(f"{number},{name}{changes.get('suffix', '')},{moment}")
    return "\n".join([head, *changed]) + "\n"


NEW = "\n".join(seeds_added_csv.strip().splitlines()[11:])
LATER = _rows("id,name,some_date\n" + NEW, years="1").partition("\n")[2]
SEEDS = {
    "base.csv": seeds_base_csv,
    "added.csv": seeds_added_csv,
    "later.csv": seeds_base_csv.strip() + "\n" + LATER,
    "renamed.csv": _rows(seeds_base_csv, suffix="_updated") + LATER,
}
"""Ten rows; ten more; those ten a year later; and then the first ten under other names."""


class ByAnotherSeed:
    """A snapshot after each of the seeds: the number of rows that it should then have."""

    counts: dict[str, list[int]]

    @pytest.fixture(scope="class")
    def seeds(self):
        return SEEDS

    def test_snapshot(self, project):
        run_dbt(["seed"])
        for number, seed in enumerate(("base", "added", "later", "renamed")):
            results = run_dbt(["snapshot", "--vars", f"seed_name: {seed}"])
            assert {str(result.status) for result in results} == {"success"}
            for name, counts in self.counts.items():
                relation = relation_from_name(project.adapter, name)
                assert project.run_sql(f"select count(*) from {relation}", fetch="one")[0] == counts[number], (
                    name,
                    seed,
                )
                open_rows = f"select count(*), count(distinct id) from {relation} where dbt_valid_to is null"
                found = project.run_sql(open_rows, fetch="one")
                assert found[0] == found[1] == (10 if seed == "base" else 20), (name, seed)


def _iceberg(snapshot: str) -> str:
    return snapshot.replace("select * from {{ ref(var('seed_name', 'base')) }}", SIX_DIGITS)


CHECKED = {
    "cc_all_snapshot.sql": cc_all_snapshot_sql,
    "cc_date_snapshot.sql": cc_date_snapshot_sql,
    "cc_name_snapshot.sql": cc_name_snapshot_sql,
}


class TestCheckColsHive(ByAnotherSeed):
    counts = {
        "cc_all_snapshot": [10, 20, 30, 40],
        "cc_date_snapshot": [10, 20, 30, 30],
        "cc_name_snapshot": [10, 20, 20, 30],
    }

    @pytest.fixture(scope="class")
    def snapshots(self):
        return CHECKED


class TestCheckColsIceberg(TestCheckColsHive):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_SNAPSHOTS

    @pytest.fixture(scope="class")
    def snapshots(self):
        return {name: _iceberg(sql) for name, sql in CHECKED.items()}


class TestTimestampHive(ByAnotherSeed):
    counts = {"ts_snapshot": [10, 20, 30, 30]}

    @pytest.fixture(scope="class")
    def snapshots(self):
        return {"ts_snapshot.sql": ts_snapshot_sql}


class TestTimestampIceberg(TestTimestampHive):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_SNAPSHOTS

    @pytest.fixture(scope="class")
    def snapshots(self):
        return {"ts_snapshot.sql": _iceberg(ts_snapshot_sql)}


# ---- a watched table that is changed by SQL ------------------------------------------------------------------------


class WatchedIceberg:
    """`fact` as an Iceberg table, and statements on it as Athena words them."""

    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_SNAPSHOTS

    @pytest.fixture(scope="class")
    def models(self):
        columns = "id, first_name, last_name, email, gender, ip_address, cast(updated_at as timestamp(6)) as updated_at"
        return {
            "fact.sql": "{{ config(materialized='table', table_type='iceberg') }}\n"
            f"select {columns} from {{{{ ref('seed') }}}} where id between 1 and 20"
        }

    def create_fact_from_seed(self, where=None):
        run_dbt(["run", "--full-refresh"])

    def insert_fact_records(self, where=None):
        seed, fact = (relation_from_name(self.project.adapter, name) for name in ("seed", "fact"))
        self.project.run_sql(f"insert into {fact} select * from {seed} where {where}")

    def update_fact_records(self, updates, where=None):
        worded = {
            column: value.replace("interval '1 day'", "interval '1' day")
            .replace("left(", "substr(")
            .replace(", 3)", ", 1, 3)")
            for column, value in updates.items()
        }
        super().update_fact_records(worded, where)  # type: ignore[misc]

    def add_fact_column(self, column=None, definition=None):
        self.project.run_sql(f"alter table {self.project.test_schema}.fact add columns ({column} string)")


class TestSimpleSnapshotIceberg(WatchedIceberg, BaseSimpleSnapshot):
    pass


class TestSnapshotCheckIceberg(WatchedIceberg, BaseSnapshotCheck):
    pass


class Customers:
    """dbt's source table `src_customers` as an Iceberg table."""

    @pytest.fixture(scope="class")
    def project_config_update(self):
        return ICEBERG_SNAPSHOTS

    @pytest.fixture(scope="class")
    def source_create_sql(self, bucket, unique_schema):
        return (
            f"create table {unique_schema}.src_customers "
            "(id int, first_name string, last_name string, email string, updated_at timestamp) "
            f"location 's3://{bucket}/sources/{unique_schema}/' tblproperties ('table_type' = 'iceberg')"
        )

    @pytest.fixture(scope="class")
    def source_insert_sql(self, unique_schema):
        names = {1: ("John", "Doe"), 2: ("Jane", "Smith"), 3: ("Bob", "Johnson")}
        rows = ", ".join(
            f"({number}, '{first}', '{last}', '{first}@example.com', timestamp '2023-01-0{number} 10:00:00.000000')"
            for number, (first, last) in names.items()
        )
        return f"insert into {unique_schema}.src_customers values {rows}"

    @pytest.fixture(scope="class")
    def source_alter_sql(self, unique_schema):
        return f"alter table {unique_schema}.src_customers add columns (dummy_column string)"

    @pytest.fixture(scope="class")
    def source_delete_sql(self, unique_schema):
        return f"delete from {unique_schema}.src_customers where id = 3"


class TestEphemeralHardDeletes(Customers, BaseSnapshotEphemeralHardDeletes):
    pass


class TestNewColumnTimestampStrategy(Customers, BaseSnapshotNewColumnTimestampStrategy):
    pass


class TestNewColumnSpecificCheckCols(Customers, BaseSnapshotNewColumnSpecificCheckCols):
    pass


class TestNewColumnWithDeletes(Customers, BaseSnapshotNewColumnWithDeletes):
    pass


SAME = "(1, 'a', '{{ var('name', 'old') }}'), (1, 'b', 'same')"
NEW_RECORD = "{strategy: check, check_cols: [name], unique_key: part, table_type: iceberg, hard_deletes: new_record}"


class TestNewRecordIceberg:
    """A row that is deleted, kept as a record of its own, and comes back."""

    @pytest.fixture(scope="class")
    def models(self):
        without = "part <> '{{ var('without', '') }}'"
        return {
            "watched.sql": f"select * from (values {SAME}) as t (id, part, name) where {without}",
            "snapshots.yml": f"snapshots: [{{name: history, relation: \"ref('watched')\", config: {NEW_RECORD}}}]",
        }

    def test_snapshot(self, project):
        for variables in ("name: old", "name: new", "{name: new, without: b}", "name: new"):
            run_dbt(["run", "--vars", variables])
            run_dbt(["snapshot"])
        rows = project.run_sql(
            "select part, name, dbt_is_deleted, dbt_valid_to is null as is_open "
            f"from {project.test_schema}.history order by part, dbt_valid_from",
            fetch="all",
        )
        assert [tuple(row) for row in rows] == [
            ("a", "old", "False", False),
            ("a", "new", "False", True),
            ("b", "same", "False", False),
            ("b", "same", "True", False),
            ("b", "same", "False", True),
        ]
