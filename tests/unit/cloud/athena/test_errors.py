"""How the errors of other libraries reach the client."""

from __future__ import annotations

import duckdb
import pytest

from lakelab.cloud.athena.errors import Category, of_aws, of_duckdb, of_sql
from lakelab.cloud.athena.sql import SqlError
from lakelab.cloud.errors import AccessDenied, AwsError


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        pytest.param("select error('HIVE_BAD_DATA: no good')", "HIVE_BAD_DATA", id="our own"),
        pytest.param("select cast('x' as int)", "INVALID_CAST_ARGUMENT", id="cast"),
        pytest.param(
            "select 170141183460469231731687303715884105727::hugeint + 1", "NUMERIC_VALUE_OUT_OF_RANGE", id="range"
        ),
        pytest.param("select nope()", "FUNCTION_NOT_FOUND", id="function"),
        pytest.param("select * from nope", "TABLE_NOT_FOUND", id="table"),
        pytest.param("selec", "SYNTAX_ERROR", id="syntax"),
        pytest.param("select nope from (select 1 as a)", "COLUMN_NOT_FOUND", id="column"),
        pytest.param("select (select unnest([1, 2]))", "SUBQUERY_MULTIPLE_ROWS", id="subquery"),
    ],
)
def test_duckdb(sql, name):
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute(sql).fetchall()
    error = of_duckdb(caught.value)
    assert error.name == name
    assert "Error: " not in error.message
    assert "\n" not in error.message


def test_memory_is_the_fault_of_no_user():
    error = of_duckdb(duckdb.OutOfMemoryException("Out of Memory Error: x"))
    assert error.reason == "EXCEEDED_MEMORY_LIMIT: Query exhausted resources at this scale factor"
    assert error.category == Category.OTHER


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(AccessDenied("no"), "PERMISSION_DENIED: no", id="denied"),
        pytest.param(AwsError("x", code="NoSuchBucket"), "NO_SUCH_BUCKET: Amazon S3 bucket not found: x", id="bucket"),
        pytest.param(AwsError("x", code="Other"), "GENERIC_USER_ERROR: Other: x", id="other"),
    ],
)
def test_aws(error, reason):
    assert of_aws(error).reason == reason


def test_an_unknown_column_is_told_as_athena_does():
    error = of_sql(SqlError("COLUMN_NOT_FOUND", "Column 'x' cannot be resolved", 1, 8))
    assert error.reason == (
        "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access requested "
        "resources"
    )
    assert (error.category, error.type) == (Category.USER, 1006)
