"""What a reader's SELECT gives, over local files."""

from __future__ import annotations

import bz2
import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lakelab.cloud.athena.catalog import Field, Storage
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.names import CLASSES, format_of
from lakelab.cloud.athena.formats.readers import SOURCE, DataFile, duckdb_type, read

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


def write_parquet(path: Path, columns: dict[str, pa.Array]) -> DataFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)
    return DataFile(f"s3://b/t/{path.name}", path, path.stat().st_size)


TYPED = {"id": pa.array([1], pa.int32()), "s": pa.array(["x"])}


@pytest.mark.parametrize(
    ("columns", "files", "expected"),
    [
        pytest.param(COLUMNS, [TYPED], [(1, "x")], id="the types of the table"),
        pytest.param(
            COLUMNS,
            [TYPED, {"S": pa.array(["y"]), "extra": pa.array([0.5]), "ID": pa.array([2], pa.int32())}],
            [(1, "x"), (2, "y")],
            id="another order, other case, and more columns",
        ),
        pytest.param(
            [Field("filename", "string"), Field("file_row_number", "int")],
            [{"filename": pa.array(["x"]), "file_row_number": pa.array([7], pa.int32())}],
            [("x", 7)],
            id="columns with the names of DuckDB's own",
        ),
        pytest.param(
            [Field("d", "decimal(9,2)"), Field("at", "timestamp"), Field("day", "date")],
            [
                {
                    "d": pa.array(["1.50"]).cast(pa.decimal128(9, 2)),
                    "at": pa.array([0], pa.timestamp("ms")),
                    "day": pa.array([1], pa.date32()),
                }
            ],
            [(Decimal("1.50"), datetime(1970, 1, 1), date(1970, 1, 2))],
            id="decimal, timestamp and date",
        ),
    ],
)
def test_parquet_of_the_tables_own_types_is_read_fast(tmp_path, columns, files, expected):
    """As with a schema, and from a folder that looks like a partition of the table's own column."""
    folder = tmp_path / f"{columns[0].name}=99"
    written = [write_parquet(folder / f"{number}", file) for number, file in enumerate(files)]
    source = read("parquet", written, columns, {}, {}, tmp_path, "7/")
    assert source.fast
    names = ", ".join(f'"{column.name}"' for column in columns)
    con = duckdb.connect()
    for sql in (source.sql, source.fast):
        assert con.execute(f"SELECT {names} FROM ({sql})").fetchall() == expected
        types = [row[1] for row in con.execute(f"DESCRIBE SELECT {names} FROM ({sql})").fetchall()]
        assert types == [duckdb_type(column.type) for column in columns]
        found = con.execute(f"SELECT DISTINCT {SOURCE} FROM ({sql}) ORDER BY 1").fetchall()
        assert found == [(str(file.path),) for file in written]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param([TYPED, {"id": pa.array([2], pa.int32())}], [(1, "x"), (2, None)], id="a column is missing"),
        pytest.param([TYPED, TYPED | {"id": pa.array([2], pa.int64())}], [(1, "x"), (2, "x")], id="a wider type"),
        pytest.param([TYPED | {"id": pa.array(["3"])}], [(3, "x")], id="another type"),
        pytest.param([TYPED | {"s": pa.array(["x"]).dictionary_encode()}], [(1, "x")], id="a dictionary"),
    ],
)
def test_parquet_of_other_types_is_read_with_the_tables_schema(tmp_path, files, expected):
    written = [write_parquet(tmp_path / f"{number}", file) for number, file in enumerate(files)]
    source = read("parquet", written, COLUMNS, {}, {}, tmp_path, "7/")
    assert not source.fast
    assert duckdb.connect().execute(f"SELECT id, s FROM ({source.sql})").fetchall() == expected


@pytest.mark.parametrize(
    ("form", "body", "serde"),
    [
        pytest.param("text", b"x\n", {}, id="text"),
        pytest.param("opencsv", b'"x"\n', {}, id="opencsv"),
        pytest.param("json", b'{"filename": "x"}\n', {}, id="json"),
        pytest.param("regex", b"x\n", {"input.regex": "(.*)"}, id="regex"),
    ],
)
def test_a_column_may_be_called_filename(tmp_path, form, body, serde):
    columns = [Field("filename", "string")]
    assert rows(tmp_path, form, {"a": body}, columns=columns, serde=serde) == [("x",)]


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
