from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.glue.crawler.types import UNKNOWN, Array, Map, Struct, settled, widen


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        pytest.param("int", "int", "int", id="equal"),
        pytest.param(UNKNOWN, "int", "int", id="unknown"),
        pytest.param("int", "bigint", "bigint", id="wider-int"),
        pytest.param("bigint", "double", "double", id="int-and-double"),
        pytest.param("smallint", "float", "float", id="short-and-float"),
        pytest.param("int", "float", "double", id="int-does-not-fit-in-a-float"),
        pytest.param("int", "string", "string", id="nothing-in-common"),
        pytest.param("boolean", "int", "string", id="boolean-and-int"),
        pytest.param("date", "timestamp", "timestamp", id="date-and-timestamp"),
        pytest.param("decimal(5,2)", "decimal(4,3)", "decimal(6,3)", id="decimals"),
        pytest.param("decimal(5,2)", "int", "decimal(12,2)", id="decimal-and-int"),
        pytest.param("decimal(38,0)", "decimal(38,38)", "double", id="decimals-that-fit-in-none"),
        pytest.param("decimal(5,2)", "double", "double", id="decimal-and-double"),
        pytest.param(Array("int"), Array("double"), Array("double"), id="arrays"),
        pytest.param(Array("int"), "int", "string", id="array-and-scalar"),
        pytest.param(Map("string", "int"), Map("string", "bigint"), Map("string", "bigint"), id="maps"),
        pytest.param(
            Struct((("a", "int"),)),
            Struct((("b", "string"), ("a", "double"))),
            Struct((("a", "double"), ("b", "string"))),
            id="structs",
        ),
    ],
)
def test_widen(one: Any, other: Any, both: Any) -> None:
    assert widen(one, other) == both
    if not isinstance(one, Struct):
        assert widen(other, one) == both


def test_unknown_parts_become_strings() -> None:
    assert str(settled(Struct((("a", Array(UNKNOWN)), ("b", UNKNOWN))))) == "struct<a:array<string>,b:string>"
