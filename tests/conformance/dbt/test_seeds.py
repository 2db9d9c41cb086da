"""dbt's seed suites."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from pathlib import Path

import pytest
from dbt.tests.adapter.basic.files import seeds_base_csv
from dbt.tests.adapter.simple_seed import fixtures
from dbt.tests.adapter.simple_seed import seeds as csvs
from dbt.tests.adapter.simple_seed.test_seed import (
    BaseBasicSeedTests,
    BaseSeedConfigFullRefreshOff,
    BaseSeedConfigFullRefreshOn,
    BaseSeedCustomSchema,
    BaseSeedParsing,
    BaseSeedSpecificFormats,
    BaseSeedWithEmptyDelimiter,
    BaseSeedWithUniqueDelimiter,
    BaseSeedWithWrongDelimiter,
    BaseSimpleSeedEnabledViaConfig,
    BaseSimpleSeedWithBOM,
    BaseTestEmptySeed,
)
from dbt.tests.adapter.simple_seed.test_seed_type_override import BaseSimpleSeedColumnOverride
from dbt.tests.util import check_relations_equal, run_dbt


def create_expected(project) -> None:
    """The table `seed_expected` by SQL alone; dbt's own statement for it is worded for Postgres."""
    rows = ", ".join(
        f"({row['seed_id']}, nullif('{row['first_name']}', ''), '{row['email']}', '{row['ip_address']}', "
        f"timestamp '{row['birthday']}.000')"
        for row in csv.DictReader(csvs.seed__actual_csv.splitlines())
    )
    project.run_sql(
        f"create table {project.test_schema}.seed_expected as select * from (values {rows}) "
        "as t (seed_id, first_name, email, ip_address, birthday)"
    )


class Expected:
    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project):  # dbt's name
        create_expected(project)

    def _check_relation_end_state(self, run_result, project, exists):
        """A view stays when its table is dropped: Athena has no cascade."""
        super()._check_relation_end_state(run_result=run_result, project=project, exists=True)  # type: ignore[misc]


class TestBasicSeed(Expected, BaseBasicSeedTests):
    pass


class TestFullRefreshOn(Expected, BaseSeedConfigFullRefreshOn):
    pass


class TestFullRefreshOff(Expected, BaseSeedConfigFullRefreshOff):
    pass


class TestCustomSchema(Expected, BaseSeedCustomSchema):
    pass


class TestUniqueDelimiter(Expected, BaseSeedWithUniqueDelimiter):
    pass


class TestWrongDelimiter(Expected, BaseSeedWithWrongDelimiter):
    def test_seed_with_wrong_delimiter(self, project):
        """The header becomes one column, whose name Athena refuses in words of its own."""
        results = run_dbt(["seed"], expect_pass=False)
        assert "mismatched input '|'" in results.results[0].message


class TestEmptyDelimiter(Expected, BaseSeedWithEmptyDelimiter):
    pass


class TestEnabledViaConfig(BaseSimpleSeedEnabledViaConfig):
    @pytest.fixture
    def clear_test_schema(self, project):
        yield
        with project.adapter.connection_named("__test"):
            relation = project.adapter.Relation.create(database=project.database, schema=project.test_schema)
            project.adapter.drop_schema(relation)


class TestParsing(Expected, BaseSeedParsing):
    pass


class TestByteOrderMark(BaseSimpleSeedWithBOM):
    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project):  # dbt's name
        create_expected(project)
        seed = Path(project.project_root) / "seeds" / "seed_bom.csv"
        seed.parent.mkdir(exist_ok=True)
        seed.write_bytes(BOM_UTF8 + csvs.seed__actual_csv.encode())

    def test_simple_seed(self, project):
        assert len(run_dbt(["seed"])) == 1
        check_relations_equal(project.adapter, ["seed_expected", "seed_bom"])


class TestSpecificFormats(BaseSeedSpecificFormats):
    pass


class TestEmptySeed(BaseTestEmptySeed):
    pass


class TestColumnOverride(BaseSimpleSeedColumnOverride):
    @pytest.fixture(scope="class")
    def models(self):
        names = {"text": "varchar", "integer": "int", "timestamp without time zone": "timestamp", "date": "timestamp"}
        text = fixtures.properties__schema_yml
        for postgres, athena in names.items():
            text = text.replace(f"type: {postgres}", f"type: {athena}")
        return {"schema.yml": text}

    @staticmethod
    def seed_enabled_types():
        # a birthday has a time of the day, which Athena does not cut off in a cast to a date
        return {"seed_id": "string", "birthday": "timestamp"}

    @staticmethod
    def seed_tricky_types():
        return {"seed_id_str": "string", "looks_like_a_bool": "string", "looks_like_a_date": "string"}


class SeedTwice:
    """A second run replaces the table by another without a rename, which Athena has not for Hive tables."""

    @pytest.fixture(scope="class")
    def seeds(self):
        return {"base.csv": seeds_base_csv}

    def test_seed(self, project):
        for _ in range(2):
            assert len(run_dbt(["seed"])) == 1
            assert project.run_sql(f"select count(*) from {project.test_schema}.base", fetch="one")[0] == 10


class TestSeedTwiceByUpload(SeedTwice):
    pass


class TestSeedTwiceByInsert(SeedTwice):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        return {"seeds": {"+seed_by_insert": True}}
