"""Tables of every file format, read through real objects. https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html"""

from __future__ import annotations

import bz2
import gzip
import io

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as parquet
import pytest
import zstandard

LAZY = "row format delimited fields terminated by ','"
OPENCSV = "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
OPENX = "row format serde 'org.openx.data.jsonserde.JsonSerDe'"


@pytest.mark.parametrize(
    ("columns", "form", "body", "rows"),
    [
        pytest.param("id int, s string", LAZY, b"1,a\n2,b\n", [["1", "a"], ["2", "b"]], id="delimited"),
        pytest.param("id int, s string", LAZY, b"x,a\n", [[None, "a"]], id="a bad number is NULL"),
        pytest.param("id int, s string", LAZY, b"1,\\N\n", [["1", None]], id="null format"),
        pytest.param("id int, s string", LAZY, b"1\n2,b,c\n", [["1", None], ["2", "b"]], id="missing and extra values"),
        pytest.param("s string", LAZY, b"a\n\nb\n", [["a"], [""], ["b"]], id="a blank line is a row"),
        pytest.param("s string", LAZY, b'"a\n', [['"a']], id="quotes are text"),
        pytest.param("s string", LAZY, b"a\r\nb\r\n", [["a"], ["b"]], id="carriage returns end lines"),
        pytest.param("v int", "", b"1\n2\n", [["1"], ["2"]], id="the default delimiter is control-A, not the digit 1"),
        pytest.param(
            "a array<string>, m map<string,int>, s struct<x:int,y:string>",
            LAZY + " collection items terminated by '|' map keys terminated by ':'",
            b"p|q,k:1|l:2,7|z\n",
            [["[p, q]", "{k=1, l=2}", "{x=7, y=z}"]],
            id="nested values",
        ),
        pytest.param("b binary", LAZY, b"aGk=\n", [["68 69"]], id="binary is base64"),
        pytest.param("id int, s string", OPENCSV, b'"1","a ""b"""\n', [["1", 'a "b"']], id="doubled quotes"),
        pytest.param("id int, s string", OPENCSV, b'"1","a \\"b\\""\n', [["1", 'a "b"']], id="escaped quotes"),
        pytest.param("id int, s string", OPENCSV, b'"",""\n', [[None, ""]], id="an empty number is NULL"),
        pytest.param("d date", OPENCSV, b'"19723"\n', [["2024-01-01"]], id="a date is days since 1970"),
        pytest.param("id int, s string", OPENX, b'{"id":1,"s":"a"}\n{"s":"b"}\n', [["1", "a"], [None, "b"]], id="JSON"),
        pytest.param(
            "id int, u struct<name:string>", OPENX, b'{"ID":1,"U":{"Name":"x"}}\n', [["1", "{name=x}"]], id="JSON case"
        ),
        pytest.param(
            "a int",
            OPENX + " with serdeproperties ('mapping.a'='other')",
            b'{"other":5}\n',
            [["5"]],
            id="JSON key mapping",
        ),
        pytest.param(
            "ip string, code int",
            "row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' "
            "with serdeproperties ('input.regex'='^(\\\\S+) (\\\\d+)$')",
            b"1.2.3.4 200\nnothing\n",
            [["1.2.3.4", "200"], [None, None]],
            id="regular expression",
        ),
        pytest.param(
            "ip string, code int",
            "row format serde 'com.amazonaws.glue.serde.GrokSerDe' "
            "with serdeproperties ('input.format'='%{IP:ip} %{NUMBER:code}')",
            b"1.2.3.4 200\n",
            [["1.2.3.4", "200"]],
            id="grok",
        ),
    ],
)
def test_text_formats(lake, columns, form, body, rows):
    name = lake.name()
    lake.put(f"{name}/data", body)
    lake.do(f"create external table {name} ({columns}) {form} location '{lake.uri}/{name}/'")
    assert lake.query(f"select * from {name}") == rows


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        pytest.param("", bytes, id="plain"),
        pytest.param(".gz", gzip.compress, id="gzip"),
        pytest.param(".bz2", bz2.compress, id="bzip2"),
        pytest.param(".zst", zstandard.compress, id="zstd"),
    ],
)
def test_compressed_text_with_a_header(lake, suffix, compress):
    name = lake.name()
    lake.put(f"{name}/data.csv{suffix}", compress(b"id\n1\n2\n"))
    lake.do(
        f"create external table {name} (id int) {LAZY} location '{lake.uri}/{name}/' "
        "tblproperties ('skip.header.line.count'='1')"
    )
    assert lake.query(f"select id from {name} order by id") == [["1"], ["2"]]


def test_hidden_and_empty_objects_are_passed_over(lake):
    name = lake.name()
    for key in ("_SUCCESS", ".part", "sub/_temporary/x", "dir/"):
        lake.put(f"{name}/{key}", b"" if key.endswith("/") else b"9\n")
    lake.put(f"{name}/sub/data", b"1\n")
    lake.do(f"create external table {name} (id int) {LAZY} location '{lake.uri}/{name}/'")
    assert lake.query(f"select * from {name}") == [["1"]]


def _columnar(write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def test_parquet_columns_match_by_name(lake):
    """A column that a file has not is NULL, one that the table has not is not seen; names match in any case."""
    name = lake.name()
    old, new = pa.table({"Id": [1], "gone": ["x"]}), pa.table({"extra": [1.5], "id": pa.array([2], pa.int64())})
    lake.put(f"{name}/old", _columnar(lambda out: parquet.write_table(old, out)))
    lake.put(f"{name}/new", _columnar(lambda out: parquet.write_table(new, out)))
    lake.do(f"create external table {name} (id bigint, extra double) stored as parquet location '{lake.uri}/{name}/'")
    assert lake.query(f"select * from {name} order by id") == [["1", None], ["2", "1.5"]]


def test_orc(lake):
    name = lake.name()
    lake.put(f"{name}/a", _columnar(lambda out: orc.write_table(pa.table({"id": [1, 2], "s": ["a", None]}), out)))
    lake.do(f"create external table {name} (id bigint, s string) stored as orc location '{lake.uri}/{name}/'")
    assert lake.query(f"select * from {name} order by id") == [["1", "a"], ["2", None]]


@pytest.mark.parametrize(
    ("columns", "form", "body", "reason"),
    [
        pytest.param(
            "a int", OPENCSV, b"x\n", "HIVE_BAD_DATA: Error parsing field value 'x' for field 0", id="bad CSV value"
        ),
        pytest.param("a int", OPENX, b"nope\n", "HIVE_BAD_DATA: Malformed JSON in file", id="malformed JSON"),
        pytest.param(
            "a int", "stored as parquet", b"no", "HIVE_BAD_DATA: Not valid Parquet file: s3://", id="no Parquet"
        ),
    ],
)
def test_bad_data_fails_the_query_and_names_the_object(lake, columns, form, body, reason):
    name = lake.name()
    lake.put(f"{name}/data", body)
    lake.do(f"create external table {name} ({columns}) {form} location '{lake.uri}/{name}/'")
    failure = lake.failure(f"select * from {name}")
    assert failure.startswith(reason)
    assert ".lakelab" not in failure


def test_malformed_json_is_a_row_of_nulls_when_the_serde_is_told_so(lake):
    name = lake.name()
    lake.put(f"{name}/data", b'{"a":1}\nnope\n')
    lake.do(
        f"create external table {name} (a int) {OPENX} with serdeproperties ('ignore.malformed.json'='true') "
        f"location '{lake.uri}/{name}/'"
    )
    assert lake.query(f"select a from {name}") == [["1"], [None]]
