"""What a reader's SELECT gives, over local files."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lakelab.cloud.athena.catalog import Field, Storage
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.names import CLASSES, format_of
from lakelab.cloud.athena.formats.readers import DataFile, read

COLUMNS = [Field("id", "int"), Field("s", "string")]


def rows(tmp_path: Path, form, bodies: dict[str, bytes], columns=COLUMNS, serde=None, table=None) -> list[tuple]:
    files = []
    for number, (name, body) in enumerate(bodies.items()):
        path = tmp_path / f"object{number}"
        path.write_bytes(body)
        files.append(DataFile(f"s3://b/t/{name}", path, len(body)))
    source = read(form, files, columns, serde or {}, table or {}, tmp_path / "scratch")
    assert set(source.read_as) == {file.path for file in files}
    names = ", ".join(f'"{column.name}"' for column in columns)
    return duckdb.connect().execute(f"SELECT {names} FROM ({source.sql})").fetchall()


@pytest.mark.parametrize(
    ("serde", "body", "expected"),
    [
        pytest.param({"field.delim": ","}, b"1,a\n", [(1, "a")], id="a character"),
        pytest.param({"field.delim": "44"}, b"1,a\n", [(1, "a")], id="a character's code"),
        pytest.param({}, b"1\x01a\n", [(1, "a")], id="control-A by default"),
        pytest.param({"field.delim": ",", "escape.delim": "\\"}, b"1,a\\,b\\\\c\n", [(1, "a,b\\c")], id="escapes"),
        pytest.param(
            {"field.delim": ",", "serialization.null.format": "-"}, b"-,-\n", [(None, None)], id="null format"
        ),
        pytest.param({"field.delim": ","}, b"99999999999,a\n", [(None, "a")], id="out of range"),
        pytest.param({"field.delim": ","}, "1,é\n".encode("latin-1"), [(1, "\ufffd")], id="no UTF-8"),
    ],
)
def test_delimited_text(tmp_path, serde, body, expected):
    assert rows(tmp_path, "text", {"a": body}, serde=serde) == expected


def test_files_of_several_compressions(tmp_path):
    bodies = {"a.gz": gzip.compress(b"h\n1,x\n"), "b.bz2": bz2.compress(b"h\n2,y\n"), "c": b"h\n3,z\n"}
    found = rows(tmp_path, "text", bodies, serde={"field.delim": ","}, table={"skip.header.line.count": "1"})
    assert sorted(found) == [(1, "x"), (2, "y"), (3, "z")]


@pytest.mark.parametrize(
    ("serde", "body", "expected"),
    [
        pytest.param({}, b'"1","a,b"\n', [(1, "a,b")], id="quotes"),
        pytest.param({}, b'"1","say \\"hi\\" \\\\"\n', [(1, 'say "hi" \\')], id="backslashes"),
        pytest.param({"separatorChar": ";", "quoteChar": "'"}, b"'1';'a;b'\n", [(1, "a;b")], id="other characters"),
        pytest.param({}, b"1\n", [(1, None)], id="a missing value"),
    ],
)
def test_opencsv(tmp_path, serde, body, expected):
    assert rows(tmp_path, "opencsv", {"a": body}, serde=serde) == expected


def test_opencsv_of_several_compressions(tmp_path):
    found = rows(tmp_path, "opencsv", {"a": b"1,x\n", "b.gz": gzip.compress(b"2\n")})
    assert sorted(found, key=lambda row: row[0]) == [(1, "x"), (2, None)]


def test_parquet_is_read_by_name_with_labels(tmp_path):
    parquet.write_table(pa.table({"S": ["x"], "ID": pa.array([5], pa.int64())}), tmp_path / "a")
    file = DataFile("s3://b/a", tmp_path / "a", 1)
    source = read("parquet", [file], [*COLUMNS, Field("new", "double")], {}, {}, tmp_path, "7/")
    con = duckdb.connect()
    assert con.execute(f"SELECT id, s, new FROM ({source.sql})").fetchall() == [(5, "x", None)]
    assert "7/id" in con.execute(f"EXPLAIN (FORMAT json) SELECT id FROM ({source.sql})").fetchall()[0][1]


def test_no_files_are_no_rows_of_the_right_types(tmp_path):
    source = read("parquet", [], COLUMNS, {}, {}, tmp_path)
    con = duckdb.connect()
    assert con.execute(f"DESCRIBE {source.sql}").fetchall()[0][:2] == ("id", "INTEGER")
    assert con.execute(source.sql).fetchall() == []


@pytest.mark.parametrize(
    ("form", "name"), [pytest.param("orc", "ORC", id="orc"), pytest.param("avro", "Avro", id="avro")]
)
def test_files_of_another_format(tmp_path, form, name):
    with pytest.raises(QueryError) as caught:
        rows(tmp_path, form, {"x": b"junk junk junk"})
    assert caught.value.reason == f"HIVE_BAD_DATA: Not valid {name} file: s3://b/t/x"


@pytest.mark.parametrize(
    ("serde", "form"),
    [(classes.serde, name) for name, classes in CLASSES.items()]
    + [
        ("org.apache.hadoop.hive.serde2.OpenCSVSerde", "opencsv"),
        ("org.openx.data.jsonserde.JsonSerDe", "json"),
        ("org.apache.hadoop.hive.serde2.RegexSerDe", "regex"),
        ("com.amazonaws.glue.serde.GrokSerDe", "grok"),
    ],
)
def test_the_serde_tells_the_format(serde, form):
    assert format_of(Storage("s3://b/t", "", serde)) == form


def test_an_unknown_serde():
    with pytest.raises(QueryError, match=r"HIVE_UNSUPPORTED_FORMAT: Unable to read tables with SerDe com\.acme\.X"):
        format_of(Storage("s3://b/t", "", "com.acme.X"))
