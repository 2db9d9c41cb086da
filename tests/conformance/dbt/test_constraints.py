"""dbt's suites of contracts. Athena has no constraints to enforce, so only the columns of a contract are checked."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.constraints import fixtures
from dbt.tests.adapter.constraints.test_constraints import (
    BaseIncrementalConstraintsColumnsEqual,
    BaseTableConstraintsColumnsEqual,
    BaseViewConstraintsColumnsEqual,
)


class AthenaTypes:
    @pytest.fixture
    def string_type(self):
        return "varchar"

    @pytest.fixture
    def int_type(self):
        return "integer"

    @pytest.fixture
    def data_types(self):
        """A value, its type in the contract, and its type in the error message."""
        return [
            ["1", "integer", "integer"],
            ["'1'", "varchar", "varchar"],
            ["true", "boolean", "boolean"],
            ["date '2013-11-03'", "date", "date"],
            ["timestamp '2013-11-03 00:00:00'", "timestamp", "timestamp"],
            ["cast(1 as bigint)", "bigint", "bigint"],
            ["cast(1 as double)", "double", "double"],
        ]


class TestTable(AthenaTypes, BaseTableConstraintsColumnsEqual):
    pass


class TestView(AthenaTypes, BaseViewConstraintsColumnsEqual):
    pass


class TestIncremental(AthenaTypes, BaseIncrementalConstraintsColumnsEqual):
    pass


class TestIcebergTable(AthenaTypes, BaseTableConstraintsColumnsEqual):
    @pytest.fixture(scope="class")
    def models(self):
        iceberg = 'materialized = "table",\n    table_type = "iceberg"'
        return {
            "my_model_wrong_order.sql": fixtures.my_model_wrong_order_sql.replace('materialized = "table"', iceberg),
            "my_model_wrong_name.sql": fixtures.my_model_wrong_name_sql.replace('materialized = "table"', iceberg),
            "constraints_schema.yml": fixtures.model_schema_yml,
        }
