"""Which row groups a filter leaves, and what a scan is billed."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lakelab.cloud.athena.billing import _condition, _possible, scanned
from lakelab.cloud.athena.catalog import Field
from lakelab.cloud.athena.formats.footers import Chunk, RowGroup, estimated_rows, row_groups
from lakelab.cloud.athena.formats.readers import DataFile, read
from lakelab.cloud.athena.relations import Relation

GROUP = RowGroup(
    10,
    {"n": Chunk(1, 10, 20), "s": Chunk(1, "b", "d"), "d": Chunk(1, date(2024, 1, 1), date(2024, 1, 31)), "u": Chunk(1)},
)
NAMES = re.compile("1/[nsdu]")


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        pytest.param("1/n=15", True, id="inside"),
        pytest.param("1/n=21", False, id="outside"),
        pytest.param("1/n<10", False, id="below"),
        pytest.param("1/n<=10", True, id="at the edge"),
        pytest.param("1/n>20", False, id="above"),
        pytest.param("1/n>=-5", True, id="a negative number"),
        pytest.param("1/n>12.5", True, id="a decimal"),
        pytest.param("1/n>=21 AND 1/n<=30", False, id="and"),
        pytest.param("optional: 1/n=1 OR 1/n=20", True, id="or"),
        pytest.param("1/s='a'", False, id="text"),
        pytest.param("1/d>='2024-02-01'::DATE", False, id="date"),
        pytest.param("1/d<'2024-01-02'::DATE", True, id="date inside"),
        pytest.param("1/u=1", True, id="no statistics"),
        pytest.param("1/n='x'", True, id="another type"),
        pytest.param("1/n!=15", True, id="not equal"),
        pytest.param("(1/n IS NOT NULL)", True, id="not null"),
        pytest.param("optional: Dynamic Filter (1/n)", True, id="a filter known only while it runs"),
    ],
)
def test_filters(text, possible):
    condition = _condition(text, NAMES, "1/")
    assert (condition is None or _possible(condition, GROUP)) is possible


def test_a_scan(tmp_path):
    table = pa.table({"a": range(1000), "b": [f"text {number}" for number in range(1000)]})
    parquet.write_table(table, tmp_path / "x", row_group_size=500)
    file = DataFile("s3://b/x", tmp_path / "x", (tmp_path / "x").stat().st_size)
    relation = Relation({"a": "bigint", "b": "varchar"}, "", {file.path: file}, {file.path: "parquet"})
    relation.sql = read(
        "parquet", [file], [Field("a", "bigint"), Field("b", "string")], {}, {}, tmp_path, relation.label
    ).sql
    con = duckdb.connect()
    first, second = row_groups(file.path)
    assert (first.rows, second.rows, estimated_rows([file.path])) == (500, 500, 1000)
    everything = sum(chunk.size for group in (first, second) for chunk in group.chunks.values())
    assert scanned(con, f"SELECT * FROM ({relation.sql})", [relation]) == everything
    assert scanned(con, f"SELECT count(*) FROM ({relation.sql})", [relation]) == 0
    late = f"SELECT b FROM ({relation.sql}) WHERE a > 700"
    assert scanned(con, late, [relation]) == sum(chunk.size for chunk in second.chunks.values())


def test_whole_files_are_billed_once(tmp_path):
    file = DataFile("s3://b/x", tmp_path / "x", 77)
    relation = Relation({"a": "varchar"}, "", {file.path: file}, {file.path: "json"})
    assert scanned(duckdb.connect(), "SELECT 1", [relation]) == 77


def test_a_file_that_is_no_parquet_has_no_rows(tmp_path):
    (tmp_path / "x").write_bytes(b"junk")
    assert estimated_rows([tmp_path / "x"]) == 0
