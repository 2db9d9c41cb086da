"""Every suite of dbt-tests-adapter is run here, or stands in the table of those that are not, with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import dbt.tests.adapter
import pytest

HERE = Path(__file__).parent
SUITES = Path(dbt.tests.adapter.__path__[0])

NO_MATERIALIZED_VIEWS = "Athena has no materialized views"
NO_FUNCTIONS = "Athena has no functions that a user defines in SQL, Python or JavaScript"
NO_GRANTS = "dbt-athena has no grants: rights on tables are IAM's or Lake Formation's"
NO_SPARK = "Python models run on Athena for Spark, which the local AWS has not"
NO_CONSTRAINTS = "Athena has no constraints: dbt-athena ignores them, and its DDL names none"
FIXED_SQL = "its SQL in Postgres' words (update of a seed, ::text, md5 of a text) is fixed in the test"
NO_META_NAMES = "dbt-athena 1.11.1 does not know snapshot_meta_column_names"
NO_VALID_TO = "the merge of dbt-athena 1.11.1 does not honour dbt_valid_to_current"
TWO_KEYS = (
    "the merge of dbt-athena 1.11.1 adds dbt_unique_key_1 to the snapshot, and its next run finds that name twice"
)
NEW_RECORD = FIXED_SQL + "; test_snapshots.TestNewRecordIceberg does the same"

EXCLUDED = {
    # a folder, a module or a class of dbt.tests.adapter: the reason
    "functions": NO_FUNCTIONS,
    "grants": NO_GRANTS,
    "materialized_view": NO_MATERIALIZED_VIEWS,
    "catalog/relation_types.py": NO_MATERIALIZED_VIEWS + "; test_relations.TestRelationTypes lists the other types",
    "python_model": NO_SPARK,
    "dbt_debug": "checks dbt's own command line with a profile of Postgres",
    "catalog_integrations": "an empty base: what catalogs it tests is the adapter's",
    "BaseSameAliasDifferentDatabases": "needs a second data catalog, of another account",
    "BaseSnapshotCheckCols": "updates its seed; test_snapshots.TestCheckColsHive and -Iceberg take another seed",
    "BaseSnapshotTimestamp": "updates its seed; test_snapshots.TestTimestampHive and -Iceberg take another seed",
    "BaseGetCatalogForSingleRelation": "dbt-athena does not implement get_catalog_for_single_relation",
    "BaseCachingTest": "a base without models",
    "BasePostgresColumnTypes": "columns by Postgres' casts; test_relations.TestColumnTypes has Athena's types",
    "BaseConstraintsColumnsEqual": "a base without models; its three materialisations are run",
    "BaseConstraintsRuntimeDdlEnforcement": NO_CONSTRAINTS,
    "BaseConstraintsRollback": NO_CONSTRAINTS,
    "BaseIncrementalConstraintsRuntimeDdlEnforcement": NO_CONSTRAINTS,
    "BaseIncrementalConstraintsRollback": NO_CONSTRAINTS,
    "BaseModelConstraintsRuntimeEnforcement": NO_CONSTRAINTS,
    "BaseConstraintQuotedColumn": NO_CONSTRAINTS,
    "BaseIncrementalForeignKeyConstraint": NO_CONSTRAINTS,
    "BaseContractSqlHeader": "a header before the statement is a second statement, which Athena refuses",
    "BaseTableContractSqlHeader": "a header before the statement is a second statement, which Athena refuses",
    "BaseIncrementalContractSqlHeader": "a header before the statement is a second statement, which Athena refuses",
    "BaseCloneSameSourceAndTarget": "makes its source table by Postgres' DDL",
    "BaseSimpleCopyUppercase": "writes a profile of Postgres",
    "BaseClonePossible": "dbt-athena cannot clone a table; BaseCloneNotPossible is run",
    "BaseTestEmptySeedFlag": "`dbt seed --empty` is an option of a later dbt-core",
    "BasePrePostModelHooksOnSeeds": "its hooks update a seed, which is a Hive table",
    "BasePrePostModelHooksOnSeedsPlusPrefixed": "its hooks update a seed, which is a Hive table",
    "BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace": "its hooks update a seed, which is a Hive table",
    "BasePersistDocs": "wants line breaks in comments, which Glue does not keep; test_docs.TestPersistDocsInGlue",
    "BasePersistDocsCommentOnQuotedColumn": "a column name with a space, which Athena refuses",
    "BasePersistDocsQuotedDescriptionNotAppliedOnMismatch": "names of columns that differ only in case: Glue has one",
    "BaseSnapshotColumnNames": NO_META_NAMES,
    "BaseSnapshotColumnNamesFromDbtProject": NO_META_NAMES,
    "BaseSnapshotInvalidColumnNames": NO_META_NAMES,
    "BaseSnapshotDbtValidToCurrent": NO_VALID_TO,
    "BaseSnapshotNewRecordDbtValidToCurrent": NO_VALID_TO,
    "BaseSnapshotMultiUniqueKey": TWO_KEYS,
    "BaseSnapshotNewRecordTimestampMode": NEW_RECORD,
    "BaseSnapshotNewRecordCheckMode": NEW_RECORD,
    "BaseUnitTestingVarcharFixtureNoTruncation": "dbt-athena casts a fixture to the varchar(5) that Glue has",
    "BaseDate": "its macro calls to_date, which Trino has not; BaseDateSpine is run",
    "BaseCurrentTimestampAware": "dbt-athena's current_timestamp is naive; BaseCurrentTimestampNaive is run",
    "BaseCurrentTimestamp": "a base without the type",
    "BaseEscapeSingleQuotesBackslash": "Athena escapes quotes by doubling them; BaseEscapeSingleQuotesQuote is run",
}
# configurations of dbt-athena's own that came after the release that is installed
LATER = {
    "force_batch without partition keys": "1.11.1 fails on it: 'NoneType' object is not iterable",
    "tmp_relation_type": "1.11.1 stages every merge as a table",
    "build_strategy, build_with_subquery": "1.11.1 has no such config",
    "merge_exclude_source_columns": "1.11.1 has no such config",
    "target filter of a batched merge": "1.11.1 writes none; test_athena.TestBatchedMerge checks the rows",
    "insert_overwrite of an unpartitioned table": "1.11.1 falls back to append; test_partitions checks the rows",
    "backfill of snapshots": "neither dbt-athena 1.11.1 nor dbt-tests-adapter 1.20.0 has it",
    "sessions of Spark, S3 table buckets, Lake Formation": "services that the local AWS has not",
}


def _classes(file: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)}


def _suites() -> Iterator[tuple[str, str]]:
    """(module, class) of every class of dbt's that holds or inherits tests and is no example for Postgres."""
    for file in sorted(SUITES.rglob("*.py")):
        classes = _classes(file)

        def tests(node: ast.ClassDef, classes: dict[str, ast.ClassDef] = classes) -> bool:
            own = any(isinstance(part, ast.FunctionDef) and part.name.startswith("test") for part in node.body)
            bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            return own or any(base not in classes or tests(classes[base]) for base in bases if base != "object")

        for name, node in classes.items():
            if not name.startswith(("Test", "_")) and tests(node):
                yield file.relative_to(SUITES).as_posix(), name


def _imported() -> set[tuple[str, str]]:
    found = set()
    for file in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dbt.tests.adapter."):
                module = (node.module or "").removeprefix("dbt.tests.adapter.").replace(".", "/") + ".py"
                found |= {(module, alias.name) for alias in node.names}
    return found


RUN = _imported()


@pytest.mark.parametrize(("module", "name"), _suites())
def test_suite_is_run_or_excluded(module: str, name: str):
    reasons = {key for key in EXCLUDED if key == name or module == key or module.startswith(f"{key}/")}
    if (module, name) in RUN:
        assert name not in reasons, f"{name} is run and yet excluded"
    elif name not in ("BaseUtils", "BaseArrayUtils", "BaseDataTypeMacro", "StoreTestFailuresBase"):  # without a case
        assert reasons, f"{module}: {name} is neither run nor excluded"
