"""dbt's cross-database macros, as dbt-athena has them on Trino's SQL."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.utils.data_types.test_type_bigint import BaseTypeBigInt
from dbt.tests.adapter.utils.data_types.test_type_boolean import BaseTypeBoolean
from dbt.tests.adapter.utils.data_types.test_type_float import BaseTypeFloat
from dbt.tests.adapter.utils.data_types.test_type_int import BaseTypeInt
from dbt.tests.adapter.utils.data_types.test_type_numeric import BaseTypeNumeric
from dbt.tests.adapter.utils.data_types.test_type_string import BaseTypeString
from dbt.tests.adapter.utils.data_types.test_type_timestamp import BaseTypeTimestamp
from dbt.tests.adapter.utils.fixture_date_spine import models__test_date_spine_sql, models__test_date_spine_yml
from dbt.tests.adapter.utils.fixture_datediff import (
    models__test_datediff_sql,
    models__test_datediff_yml,
)
from dbt.tests.adapter.utils.fixture_get_intervals_between import models__test_get_intervals_between_yml
from dbt.tests.adapter.utils.fixture_last_day import seeds__data_last_day_csv
from dbt.tests.adapter.utils.fixture_null_compare import (
    MODELS__TEST_MIXED_NULL_COMPARE_YML,
    MODELS__TEST_NULL_COMPARE_YML,
)
from dbt.tests.adapter.utils.fixture_split_part import models__test_split_part_sql, models__test_split_part_yml
from dbt.tests.adapter.utils.test_any_value import BaseAnyValue
from dbt.tests.adapter.utils.test_array_append import BaseArrayAppend
from dbt.tests.adapter.utils.test_array_concat import BaseArrayConcat
from dbt.tests.adapter.utils.test_array_construct import BaseArrayConstruct
from dbt.tests.adapter.utils.test_bool_or import BaseBoolOr
from dbt.tests.adapter.utils.test_cast import BaseCast
from dbt.tests.adapter.utils.test_cast_bool_to_text import BaseCastBoolToText
from dbt.tests.adapter.utils.test_concat import BaseConcat
from dbt.tests.adapter.utils.test_current_timestamp import BaseCurrentTimestampNaive
from dbt.tests.adapter.utils.test_date_spine import BaseDateSpine
from dbt.tests.adapter.utils.test_date_trunc import BaseDateTrunc
from dbt.tests.adapter.utils.test_dateadd import BaseDateAdd
from dbt.tests.adapter.utils.test_datediff import BaseDateDiff
from dbt.tests.adapter.utils.test_equals import BaseEquals
from dbt.tests.adapter.utils.test_escape_single_quotes import BaseEscapeSingleQuotesQuote
from dbt.tests.adapter.utils.test_except import BaseExcept
from dbt.tests.adapter.utils.test_generate_series import BaseGenerateSeries
from dbt.tests.adapter.utils.test_get_intervals_between import BaseGetIntervalsBetween
from dbt.tests.adapter.utils.test_get_powers_of_two import BaseGetPowersOfTwo
from dbt.tests.adapter.utils.test_hash import BaseHash
from dbt.tests.adapter.utils.test_intersect import BaseIntersect
from dbt.tests.adapter.utils.test_last_day import BaseLastDay
from dbt.tests.adapter.utils.test_length import BaseLength
from dbt.tests.adapter.utils.test_listagg import BaseListagg
from dbt.tests.adapter.utils.test_null_compare import BaseMixedNullCompare, BaseNullCompare
from dbt.tests.adapter.utils.test_position import BasePosition
from dbt.tests.adapter.utils.test_replace import BaseReplace
from dbt.tests.adapter.utils.test_right import BaseRight
from dbt.tests.adapter.utils.test_safe_cast import BaseSafeCast
from dbt.tests.adapter.utils.test_source_freshness_custom_info import BaseCalculateFreshnessMethod
from dbt.tests.adapter.utils.test_split_part import BaseSplitPart
from dbt.tests.adapter.utils.test_string_literal import BaseStringLiteral
from dbt.tests.adapter.utils.test_timestamps import BaseCurrentTimestamps
from dbt.tests.adapter.utils.test_validate_sql import BaseValidateSqlMethod

SIX = "array_construct([1,2,3,4,5,6])"


class TestAnyValue(BaseAnyValue):
    pass


class TestArrayAppend(BaseArrayAppend):
    pass


class TestArrayConcat(BaseArrayConcat):
    @pytest.fixture(scope="class")
    def models(self):
        """Without the empty array, whose element type Trino cannot know."""
        actual = "array_concat(array_construct([1,2,3]), array_construct([4,5,6]))"
        return {
            "actual.sql": "select 1 as id, {{ " + actual + " }} as array_col",
            "expected.sql": "select 1 as id, {{ " + SIX + " }} as array_col",
        }


class TestArrayConstruct(BaseArrayConstruct):
    pass


class TestBoolOr(BaseBoolOr):
    pass


class TestConcat(BaseConcat):
    pass


class TestCurrentTimestamp(BaseCurrentTimestampNaive):
    pass


class TestDateSpine(BaseDateSpine):
    @pytest.fixture(scope="class")
    def models(self):
        """With dates as dates: Trino's functions of dates take no texts."""
        sql = models__test_date_spine_sql.partition("{% else %}")[2].partition("{% endif %}")[0]
        expected = " union all ".join(f"select date '2023-09-0{day}' as expected" for day in range(1, 10))
        spine = sql.replace("'2023-09-01'", "cast('2023-09-01' as date)").replace(
            "'2023-09-10'", "cast('2023-09-10' as date)"
        )
        joined = models__test_date_spine_sql[models__test_date_spine_sql.index("joined as (") :]
        return {
            "test_date_spine.sql": f"with generated_dates as ({spine}), expected_dates as ({expected}), {joined}",
            "test_date_spine.yml": models__test_date_spine_yml,
        }


class TestDateTrunc(BaseDateTrunc):
    pass


class TestDateAdd(BaseDateAdd):
    @pytest.fixture(scope="class")
    def project_config_update(self):
        types = {"+column_types": {"from_time": "timestamp", "result": "timestamp"}}
        return {"name": "test", "seeds": {"test": {"data_dateadd": types}}}


class TestEquals(BaseEquals):
    pass


class TestEscapeSingleQuotes(BaseEscapeSingleQuotesQuote):
    pass


class TestExcept(BaseExcept):
    pass


class TestGenerateSeries(BaseGenerateSeries):
    pass


class TestGetIntervalsBetween(BaseGetIntervalsBetween):
    @pytest.fixture(scope="class")
    def models(self):
        """With dates as dates: Trino's functions of dates take no texts."""
        ends = "\"date '2023-09-01'\", \"date '2023-09-12'\""
        return {
            "test_get_intervals_between.sql": "select {{ get_intervals_between(" + ends + ", 'day') }} as intervals, "
            "11 as expected",
            "test_get_intervals_between.yml": models__test_get_intervals_between_yml,
        }


class TestGetPowersOfTwo(BaseGetPowersOfTwo):
    pass


class TestHash(BaseHash):
    pass


class TestIntersect(BaseIntersect):
    pass


class TestLength(BaseLength):
    pass


class TestListagg(BaseListagg):
    pass


class TestNullCompare(BaseNullCompare):
    @pytest.fixture(scope="class")
    def models(self):
        """With a type: Athena makes no view of a column of the type unknown."""
        return {
            "test_null_compare.sql": "select cast(null as integer) as actual, cast(null as integer) as expected",
            "test_null_compare.yml": MODELS__TEST_NULL_COMPARE_YML,
        }


class TestMixedNullCompare(BaseMixedNullCompare):
    @pytest.fixture(scope="class")
    def models(self):
        """With a type: Athena makes no view of a column of the type unknown."""
        return {
            "test_mixed_null_compare.sql": "select 1 as actual, cast(null as integer) as expected",
            "test_mixed_null_compare.yml": MODELS__TEST_MIXED_NULL_COMPARE_YML,
        }


class TestPosition(BasePosition):
    pass


class TestReplace(BaseReplace):
    pass


class TestRight(BaseRight):
    pass


class TestStringLiteral(BaseStringLiteral):
    pass


class TestTypeBigInt(BaseTypeBigInt):
    pass


class TestTypeBoolean(BaseTypeBoolean):
    pass


class TestValidateSql(BaseValidateSqlMethod):
    pass


class TestCast(BaseCast):
    pass


class TestCastBoolToText(BaseCastBoolToText):
    pass


class TestDateDiff(BaseDateDiff):
    """Without the cases of literals: dbt-athena has no microseconds."""

    @pytest.fixture(scope="class")
    def project_config_update(self):
        types = {"+column_types": {"first_date": "timestamp", "second_date": "timestamp"}}
        return {"name": "test", "seeds": {"test": {"data_datediff": types}}}

    @pytest.fixture(scope="class")
    def models(self):
        seeded, _, _ = models__test_datediff_sql.partition("-- Also test")
        return {"test_datediff.sql": seeded, "test_datediff.yml": models__test_datediff_yml}


class TestLastDay(BaseLastDay):
    @pytest.fixture(scope="class")
    def seeds(self):
        """Without the quarter, which dbt's macro computes with an interval that Trino has not."""
        rows = [row for row in seeds__data_last_day_csv.splitlines() if ",quarter," not in row]
        return {"data_last_day.csv": "\n".join(rows) + "\n"}


class TestSafeCast(BaseSafeCast):
    pass


class TestSplitPart(BaseSplitPart):
    @pytest.fixture(scope="class")
    def models(self):
        """Without the part from the end: Trino counts from the beginning only."""
        counted, _, _ = models__test_split_part_sql.rpartition("union all")
        return {"test_split_part.sql": counted, "test_split_part.yml": models__test_split_part_yml}


class TestTypeFloat(BaseTypeFloat):
    pass


class TestTypeInt(BaseTypeInt):
    pass


class TestTypeNumeric(BaseTypeNumeric):
    def numeric_fixture_type(self):
        return "decimal(38,6)"


class TestTypeString(BaseTypeString):
    pass


class TestTypeTimestamp(BaseTypeTimestamp):
    pass


class TestFreshnessFromSql(BaseCalculateFreshnessMethod):
    pass


class TestCurrentTimestamps(BaseCurrentTimestamps):
    @pytest.fixture(scope="class")
    def models(self):
        return {"get_current_timestamp.sql": "select {{ current_timestamp() }} as current_timestamp"}

    @pytest.fixture(scope="class")
    def expected_schema(self):
        return {"current_timestamp": "timestamp"}

    @pytest.fixture(scope="class")
    def expected_sql(self):
        return None
