from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.glue.crawler.grouping import Grouping, group
from lakelab.cloud.glue.crawler.schema import Format, Schema

JSON, CSV = Format("json"), Format("csv")
A = Schema(JSON, {"a": "int", "b": "int", "c": "int"}, records=1)
A_MORE = Schema(JSON, {"a": "bigint", "b": "int", "c": "int", "d": "string"}, records=1)
B = Schema(JSON, {"x": "int", "y": "int", "z": "int"}, records=1)
C = Schema(CSV, {"a": "int", "b": "int", "c": "int"}, records=1)


def found(objects: dict[str, Schema], **grouping: Any) -> dict[str, Any]:
    """Location -> partition values, of each table."""
    tables = group(objects.items(), "", Grouping(**grouping))
    return {table.location: [values for values, _, _ in table.partitions()[1]] for table in tables}


@pytest.mark.parametrize(
    ("objects", "tables"),
    [
        pytest.param({"f1": A, "f2": A_MORE}, {"": [[]]}, id="files-of-one-folder"),
        pytest.param({"f1": A, "f2": B}, {"f1": [[]], "f2": [[]]}, id="files-that-differ"),
        pytest.param({"f1": A, "f2": A, "f3": A, "f4": C}, {"": [[]], "f4": [[]]}, id="one-odd-format-stands-alone"),
        pytest.param({"f1": A, "f2": A, "f3": A, "f4": B}, {"": [[]]}, id="one-odd-schema-joins"),
        pytest.param({"t/f": A}, {"": [["t"]]}, id="a-single-folder-is-a-partition"),
        pytest.param({"p/f": A, "q/f": A}, {"": [["p"], ["q"]]}, id="similar-folders"),
        pytest.param({"p/f": A, "q/f": B}, {"p/": [[]], "q/": [[]]}, id="folders-that-differ"),
        pytest.param(
            {"p/f": A, "q/f": A, "r/f": B}, {"p/": [[]], "q/": [[]], "r/": [[]]}, id="two-of-three-are-not-enough"
        ),
        pytest.param(
            {"p/f": A, "q/f": A, "r/f": A, "s/f": B}, {"": [["p"], ["q"], ["r"], ["s"]]}, id="three-of-four-are"
        ),
        pytest.param(
            {"p/f": A, "q/f": A, "r/f": A, "s/f": C}, {"": [["p"], ["q"], ["r"]], "s/": [[]]}, id="but-not-its-format"
        ),
        pytest.param({"f": A, "p/f": A, "q/f": A}, {"": [[]], "p/": [[]], "q/": [[]]}, id="files-beside-folders"),
        pytest.param({"p/1/f": A, "q/f": A}, {"p/": [["1"]], "q/": [[]]}, id="folders-of-different-depth"),
        pytest.param(
            {f"k={number}/f": A for number in (1, 2)} | {"k=2/readme": C},
            {"k=1/": [[]], "k=2/f": [[]], "k=2/readme": [[]]},
            id="half-a-folder-of-another-format",
        ),
    ],
)
def test_tables(objects: dict[str, Schema], tables: dict[str, Any]) -> None:
    assert found(objects) == tables


def test_combining_ignores_similarity_but_not_format() -> None:
    assert found({"p/f": A, "q/f": B}, combine=True) == {"": [["p"], ["q"]]}
    assert found({"p/f": A, "q/f": C}, combine=True) == {"p/": [[]], "q/": [[]]}


def test_six_different_schemas_are_too_many() -> None:
    odd = {f"o{number}/f": Schema(JSON, {f"c{number}{i}": "int" for i in range(3)}) for number in range(6)}
    objects = {f"p{number}/f": A for number in range(20)} | odd
    assert len(found(objects)) == 26
    odd.popitem()
    odd.popitem()
    assert len(found({f"p{number}/f": A for number in range(20)} | odd)) == 1


def test_hive_and_plain_levels_have_their_names() -> None:
    tables = group({"Year=1/x/day=2/f": A, "Year=1/y/day=3/f": A}.items(), "", Grouping())
    keys, leaves = tables[0].partitions()
    assert keys == ["year", "partition_1", "day"]
    assert [values for values, _, _ in leaves] == [["1", "x", "2"], ["1", "y", "3"]]


def test_a_merged_schema_has_all_columns_and_totals() -> None:
    schema = group({"f1": A, "f2": A_MORE}.items(), "", Grouping())[0].schema
    assert schema.columns == {"a": "bigint", "b": "int", "c": "int", "d": "string"}
    assert (schema.objects, schema.records) == (2, 2)
