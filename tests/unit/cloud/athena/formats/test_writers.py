"""A file of each format, written and read back; and the compressions that each has."""

from __future__ import annotations

import gzip

import duckdb
import pytest

from lakelab.cloud.athena.catalog import Field
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.readers import DataFile, read
from lakelab.cloud.athena.formats.writers import Layout, write
from lakelab.cloud.athena.sql.types import from_hive

COLUMNS = [
    Field("id", "int"),
    Field("amount", "decimal(10,2)"),
    Field("day", "date"),
    Field("at", "timestamp"),
    Field("raw", "binary"),
    Field("tags", "array<string>"),
    Field("counts", "map<string,int>"),
    Field("who", "struct<name:string,age:int>"),
]
SELECT = (
    "SELECT 1::INTEGER AS id, 1.50::DECIMAL(10,2) AS amount, DATE '2024-01-31' AS day, "
    "TIMESTAMP '2024-01-31 10:11:12.5' AS at, 'ab'::BLOB AS raw, ['x', 'y'] AS tags, MAP {'k': 1} AS counts, "
    "{'name': 'ann', 'age': 7} AS who UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
)


@pytest.mark.parametrize("form", ["parquet", "orc", "avro", "json", "text"])
def test_what_is_written_reads_back(tmp_path, form):
    # binary in JSON is base64, which Hive's JSON SerDe does not decode
    columns = [column for column in COLUMNS if form != "json" or column.name != "raw"]
    names = ", ".join(f'"{column.name}"' for column in columns)
    con = duckdb.connect()
    layout = Layout(form)
    _, suffix = layout.codec()
    target = tmp_path / f"out{suffix}"
    kinds = [(column.name, from_hive(column.type)) for column in columns]
    assert write(con, f"SELECT {names} FROM ({SELECT})", kinds, layout, target) == 2
    file = DataFile(f"s3://b/out{suffix}", target, target.stat().st_size)
    source = read(form, [file], columns, {}, {}, tmp_path / "scratch")
    expected = con.execute(f"SELECT {names} FROM ({SELECT}) ORDER BY id").fetchall()
    assert con.execute(f"SELECT {names} FROM ({source.sql}) ORDER BY id").fetchall() == expected


def test_opencsv_quotes_every_value(tmp_path):
    target = tmp_path / "out.gz"
    kinds = [("a", from_hive("string")), ("b", from_hive("string"))]
    write(duckdb.connect(), """SELECT 'x"y' AS a, '' AS b""", kinds, Layout("opencsv"), target)
    assert gzip.decompress(target.read_bytes()) == b'"x""y",""\n'


@pytest.mark.parametrize(
    ("form", "compression", "codec"),
    [
        pytest.param("parquet", "", ("gzip", ""), id="parquet by default"),
        pytest.param("parquet", "snappy", ("snappy", ""), id="lower case"),
        pytest.param("orc", "", ("zlib", ""), id="orc by default"),
        pytest.param("json", "", ("gzip", ".gz"), id="text has a suffix"),
        pytest.param("text", "uncompressed", ("none", ""), id="uncompressed"),
    ],
)
def test_codecs(form, compression, codec):
    assert Layout(form, compression).codec() == codec


def test_an_unknown_compression():
    with pytest.raises(QueryError, match="INVALID_TABLE_PROPERTY: Compression BZIP2 is not supported for format ORC"):
        Layout("orc", "bzip2").codec()
