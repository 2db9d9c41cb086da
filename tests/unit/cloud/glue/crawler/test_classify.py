from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow
import pyarrow.orc
import pyarrow.parquet
import pytest
import zstandard

from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.crawler.classify import custom_classifier
from lakelab.cloud.glue.crawler.grok import compile_grok

CSV = b"id,name,amount\n1,ann,1.5\n2,bob,2\n"
LOG_COLUMNS = ["clientip", "ident", "auth", "timestamp", "verb", "request"]
LOG_COLUMNS += ["httpversion", "rawrequest", "response", "bytes", "referrer", "agent"]
COMMON = b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326'
COMBINED = COMMON + b' "http://www.example.com/" "Mozilla/4.08 [en]"'


def columns(schema: Any) -> dict[str, str]:
    return {name: str(type_) for name, type_ in schema.columns.items()}


@pytest.mark.fidelity(
    "glue",
    "crawlers: built-in classifiers",
    "near",
    "Avro, ORC, Parquet, JSON, CSV, Apache logs; gzip, bzip2, zstd, lz4; no XML, Ion, BSON and other logs",
)
@pytest.mark.parametrize(
    ("body", "classification", "expected"),
    [
        pytest.param(CSV, "csv", {"id": "bigint", "name": "string", "amount": "double"}, id="csv"),
        pytest.param(CSV.replace(b",", b"|"), "csv", {"id": "bigint", "name": "string", "amount": "double"}, id="pipe"),
        pytest.param(CSV.replace(b",", b"\t"), "csv", {"id": "bigint", "name": "string", "amount": "double"}, id="tab"),
        pytest.param(CSV.replace(b",", b";"), "csv", {"id": "bigint", "name": "string", "amount": "double"}, id=";"),
        pytest.param(
            CSV.replace(b",", b"\x01"), "csv", {"id": "bigint", "name": "string", "amount": "double"}, id="^A"
        ),
        pytest.param(b"\xef\xbb\xbf" + CSV, "csv", {"id": "bigint", "name": "string", "amount": "double"}, id="bom"),
        pytest.param(b"1,a\n2,b\n", "csv", {"col0": "bigint", "col1": "string"}, id="csv-without-header"),
        pytest.param(b"a,b\nx,y\n", "csv", {"col0": "string", "col1": "string"}, id="csv-of-strings-has-no-header"),
        pytest.param(b"a,b\n1,y\nx,y\n", "csv", {"a": "string", "b": "string"}, id="csv-one-row-tells-the-header"),
        pytest.param(b'"id","a,b"\n1,"x\ny"\n', "csv", {"col0": "string", "col1": "string"}, id="csv-odd-name"),
        pytest.param(b"id,ok\n1,true\n,false\n", "csv", {"id": "bigint", "ok": "boolean"}, id="csv-empty-value"),
        pytest.param(b"id,v\n1,2\n2,x\n", "csv", {"id": "bigint", "v": "string"}, id="csv-mixed-column"),
        pytest.param(b"id,at\n1,2024-01-01\n", "csv", {"id": "bigint", "at": "string"}, id="csv-dates-stay-strings"),
        pytest.param(
            b"id,v\n1,2\n2,3\n3,4\n4,5\nbroken\n6,7,8\n9,9\n",
            "csv",
            {"id": "bigint", "v": "bigint"},
            id="csv-broken-rows",
        ),
        pytest.param("id,name\n1,é\n".encode("latin-1"), "csv", {"id": "bigint", "name": "string"}, id="latin-1"),
        pytest.param(b"id,name\n", "UNKNOWN", {}, id="only-a-header"),
        pytest.param(b"only one column\nof text\n", "UNKNOWN", {}, id="text"),
        pytest.param(b"\x00\x01\x02,\n", "UNKNOWN", {}, id="binary"),
        pytest.param(b"\x1f\x8bno gzip", "UNKNOWN", {}, id="no-gzip"),
        pytest.param(b"PAR1 nothing more", "UNKNOWN", {}, id="no-parquet"),
        pytest.param(b'{"a": 1}\n{"a": 2.5, "b": null}\n', "json", {"a": "double", "b": "null"}, id="json-lines"),
        pytest.param(b'{\n "a": 1\n}\n{\n "a": 3000000000}\n', "json", {"a": "bigint"}, id="json-over-lines"),
        pytest.param(b'[{"a": 1}]', "json", {"array": "array<struct<a:int>>"}, id="json-array"),
        pytest.param(b'{"a": {"B": [{"c": true}]}}', "json", {"a": "struct<B:array<struct<c:boolean>>>"}, id="nested"),
        pytest.param(b'{"a": 1}\nbut then text\n', "UNKNOWN", {}, id="no-json"),
        pytest.param(
            COMBINED + b"\n",
            "combined_apache",
            dict.fromkeys(LOG_COLUMNS, "string"),
            id="combined-log",
        ),
    ],
)
def test_classifies(sampled: Any, body: bytes, classification: str, expected: dict[str, str]) -> None:
    schema = sampled(body)
    assert (schema.format.classification, columns(schema)) == (classification, expected)


def test_a_common_log_is_apache(sampled: Any) -> None:
    assert sampled(COMMON + b"\n").format.classification == "apache"


def zipped(*names: str) -> Any:
    """Packs bytes into an archive, under each of the names."""

    def compress(body: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name in names:
                archive.writestr(name, body)
        return packed.getvalue()

    return compress


def lz4(body: bytes) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, "lz4") as stream:
        stream.write(body)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("compress", "name"),
    [
        pytest.param(zipped("a.csv"), "zip", id="zip"),
        pytest.param(gzip.compress, "gzip", id="gzip"),
        pytest.param(bz2.compress, "bzip2", id="bzip2"),
        pytest.param(zstandard.ZstdCompressor().compress, "zstd", id="zstd"),
        pytest.param(lz4, "lz4", id="lz4"),
    ],
)
def test_compressed(sampled: Any, compress: Any, name: str) -> None:
    schema = sampled(compress(CSV))
    assert (schema.format.classification, schema.format.compression, schema.records) == ("csv", name, 2)


def test_an_archive_of_several_files_is_unknown(sampled: Any) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html: archives of a single file alone."""
    assert sampled(zipped("a.csv", "b.csv")(CSV)).format.classification == "UNKNOWN"


ROWS = {
    "i": [1],
    "d": [Decimal("1.50")],
    "at": [datetime(2024, 1, 1)],
    "day": [date(2024, 1, 1)],
    "s": [{"x": 1, "y": ["a"]}],
    "m": [[("k", 1)]],
}
ARROW = pyarrow.schema(
    {
        "i": pyarrow.int32(),
        "d": pyarrow.decimal128(5, 2),
        "at": pyarrow.timestamp("ms"),
        "day": pyarrow.date32(),
        "s": pyarrow.struct({"x": pyarrow.int64(), "y": pyarrow.list_(pyarrow.string())}),
        "m": pyarrow.map_(pyarrow.string(), pyarrow.float64()),
    }
)
HIVE = {
    "i": "int",
    "d": "decimal(5,2)",
    "at": "timestamp",
    "day": "date",
    "s": "struct<x:bigint,y:array<string>>",
    "m": "map<string,double>",
}


@pytest.mark.parametrize("write", [pyarrow.parquet.write_table, pyarrow.orc.write_table], ids=["parquet", "orc"])
def test_columnar(sampled: Any, write: Any) -> None:
    file = io.BytesIO()
    write(pyarrow.table(ROWS, schema=ARROW), file)
    schema = sampled(file.getvalue())
    assert (columns(schema), schema.records, schema.format.compression) == (HIVE, 1, "none")


def test_avro(sampled: Any) -> None:
    fields = [
        {"name": "id", "type": "long"},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "tags", "type": {"type": "map", "values": "string"}},
        {"name": "kind", "type": {"type": "enum", "name": "kind", "symbols": ["a"]}},
        {"name": "other", "type": "kind"},
    ]
    row = {"id": 1, "at": None, "amount": Decimal("1.00"), "tags": {}, "kind": "a", "other": "a"}
    file = io.BytesIO()
    fastavro.writer(file, {"type": "record", "name": "r", "fields": fields}, [row, row])
    schema = sampled(file.getvalue())
    assert columns(schema) == {
        "id": "bigint",
        "at": "timestamp",
        "amount": "decimal(9,2)",
        "tags": "map<string,string>",
        "kind": "string",
        "other": "string",
    }
    assert schema.records >= 2
    assert [field["name"] for field in json.loads(schema.literal)["fields"]][:2] == ["id", "at"]


def test_only_the_beginning_of_a_large_file_counts(sampled: Any) -> None:
    body = b"id,v\n" + b"12345,67890\n" * 200_000
    schema = sampled(body + b"x,y\n")
    assert columns(schema) == {"id": "bigint", "v": "bigint"}
    assert schema.records == pytest.approx(200_000, rel=0.01)


@pytest.mark.parametrize(
    ("definition", "body", "expected"),
    [
        pytest.param(
            {"CsvClassifier": {"Delimiter": ":", "ContainsHeader": "ABSENT"}},
            b"a:1\nb:2\n",
            {"col0": "string", "col1": "bigint"},
            id="csv-delimiter",
        ),
        pytest.param(
            {"CsvClassifier": {"Delimiter": ",", "Header": ["x", "y"]}},
            b"x,y\n1,2\n",
            {"x": "bigint", "y": "bigint"},
            id="csv-header-given",
        ),
        pytest.param(
            {"CsvClassifier": {"Delimiter": ",", "ContainsHeader": "PRESENT"}},
            b"x,y\na,b\n",
            {"x": "string", "y": "string"},
            id="csv-header-present",
        ),
        pytest.param(
            {"CsvClassifier": {"ContainsHeader": "PRESENT", "CustomDatatypes": ["LONG", "DATE"]}},
            b"x,y\n1,2024-01-01\n",
            {"x": "bigint", "y": "date"},
            id="csv-types",
        ),
        pytest.param(
            {"CsvClassifier": {"ContainsHeader": "PRESENT", "AllowSingleColumn": True}},
            b"x\n1\n",
            {"x": "bigint"},
            id="csv-single-column",
        ),
        pytest.param(
            {"CsvClassifier": {"ContainsHeader": "PRESENT", "Serde": "OpenCSVSerDe"}},
            b"x,y\n1,2\n",
            {"x": "string", "y": "string"},
            id="csv-open-csv-has-strings",
        ),
        pytest.param(
            {"JsonClassifier": {"JsonPath": "$[*]"}},
            b'[{"id": 1}, {"id": 2, "name": "x"}]',
            {"id": "int", "name": "string"},
            id="json-array-elements",
        ),
        pytest.param({"JsonClassifier": {"JsonPath": "$.id"}}, b'{"id": "a"}', {"record": "string"}, id="json-field"),
        pytest.param(
            {"JsonClassifier": {"JsonPath": "$.identifiers[*].scheme"}},
            b'{"identifiers": [{"scheme": "x"}]}',
            {"record": "string"},
            id="json-deep",
        ),
        pytest.param(
            {
                "GrokClassifier": {
                    "Classification": "special-logs",
                    "GrokPattern": r"%{TIMESTAMP_ISO8601:timestamp} \[%{MESSAGEPREFIX:message_prefix}\] "
                    r"%{CRAWLERLOGLEVEL:loglevel} : %{INT:code:long} %{GREEDYDATA:message}",
                    "CustomPatterns": "CRAWLERLOGLEVEL (BENCHMARK|ERROR|WARN|INFO|TRACE)\nMESSAGEPREFIX .*-.*-.*-.*-.*",
                }
            },
            b"2024-01-01T10:00:00 [a-b-c-d-e] INFO : 12 it went well\n",
            {
                "timestamp": "string",
                "message_prefix": "string",
                "loglevel": "string",
                "code": "bigint",
                "message": "string",
            },
            id="grok",
        ),
    ],
)
def test_custom_classifiers(sampled: Any, definition: dict[str, Any], body: bytes, expected: dict[str, str]) -> None:
    assert columns(sampled(body, custom_classifier(definition))) == expected


def test_a_custom_classifier_that_does_not_fit_leaves_it_to_the_built_in(sampled: Any) -> None:
    grok = custom_classifier({"GrokClassifier": {"Classification": "x", "GrokPattern": "%{INT:a}"}})
    assert sampled(CSV, grok).format.classification == "csv"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param("%{NOPE:a}", "The grok pattern refers to NOPE, which is not defined.", id="undefined"),
        pytest.param("%{INT:a:money}", "The grok pattern has an unknown data type: money", id="type"),
        pytest.param(
            "(", "The grok pattern is not valid: missing ), unterminated subpattern at position 0", id="regex"
        ),
    ],
)
def test_bad_grok_patterns(pattern: str, message: str) -> None:
    with pytest.raises(AwsError) as error:
        compile_grok(pattern)
    assert (error.value.code, error.value.message) == ("InvalidInputException", message)
