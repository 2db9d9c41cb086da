"""dbt's suites of unit tests of models."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.unit_testing.test_case_insensitivity import BaseUnitTestCaseInsensivity
from dbt.tests.adapter.unit_testing.test_invalid_input import BaseUnitTestInvalidInput
from dbt.tests.adapter.unit_testing.test_quoted_reserved_word_column_names import (
    BaseUnitTestQuotedReservedWordColumnNames,
)
from dbt.tests.adapter.unit_testing.test_types import BaseUnitTestingTypes


class TestCaseInsensitivity(BaseUnitTestCaseInsensivity):
    pass


class TestInvalidInput(BaseUnitTestInvalidInput):
    pass


class TestQuotedReservedWords(BaseUnitTestQuotedReservedWordColumnNames):
    pass


class TestTypes(BaseUnitTestingTypes):
    @pytest.fixture
    def data_types(self):
        """SQL, and the value in YAML."""
        return [
            ["1", "1"],
            ["cast(1 as bigint)", "1"],
            ["'12345'", "12345"],
            ["'string'", "string"],
            ["true", "true"],
            ["date '2011-11-11'", "2011-11-11"],
            ["timestamp '2013-11-03 00:00:00'", "2013-11-03 00:00:00"],
            ["cast('1.5' as decimal(5, 2))", "1.5"],
            ["cast(1.5 as double)", "1.5"],
        ]
