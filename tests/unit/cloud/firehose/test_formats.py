"""The bytes of delivered objects."""

from __future__ import annotations

import io
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakelab.cloud.firehose.formats import ParquetConversion, compress
from lakelab.cloud.firehose.records import Item

TABLE = {"StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int"}, {"Name": "user_name", "Type": "string"}]}}


def converted(*data: bytes, **settings: object) -> tuple[list[dict], list[str]]:
    conversion = ParquetConversion(
        {"SchemaConfiguration": {"DatabaseName": "d", "TableName": "t"}, **settings}, lambda: TABLE
    )
    body, failures = conversion.convert([Item(str(n), 0.0, each, each) for n, each in enumerate(data)])
    rows = pq.read_table(io.BytesIO(body)).to_pylist() if body else []
    return rows, [failure.message for failure in failures]


def openx(**settings: object) -> dict:
    return {"Deserializer": {"OpenXJsonSerDe": settings}}


def test_columns_are_filled_and_the_rest_is_left_out():
    assert converted(b'{"ID": 1, "other": 2}') == ([{"id": 1, "user_name": None}], [])


@pytest.mark.parametrize(
    ("settings", "record"),
    [
        pytest.param(openx(ColumnToJsonKeyMappings={"user_name": "who"}), b'{"id": 1, "who": "ann"}', id="renamed"),
        pytest.param(openx(ConvertDotsInJsonKeysToUnderscores=True), b'{"id": 1, "user.name": "ann"}', id="dots"),
    ],
)
def test_keys_that_are_not_the_columns_names(settings: dict, record: bytes):
    assert converted(record, InputFormatConfiguration=settings)[0] == [{"id": 1, "user_name": "ann"}]


def test_records_that_do_not_fit_fail_alone():
    rows, messages = converted(b"{", b"[1]", b'{"id": "x"}', b'{"id": 2}')
    assert rows == [{"id": 2, "user_name": None}]
    assert len(messages) == 3
    assert all(message.startswith("Data does not match the schema.") for message in messages)


def test_no_file_is_made_of_nothing_but_failures():
    assert converted(b"{") == ([], [converted(b"{")[1][0]])


@pytest.mark.parametrize(("setting", "codec"), [(None, "SNAPPY"), ("GZIP", "GZIP"), ("UNCOMPRESSED", "UNCOMPRESSED")])
def test_the_codec(setting: str | None, codec: str):
    parquet = {"Compression": setting} if setting else {}
    output = {"OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": parquet}}}
    body, _ = ParquetConversion(output, lambda: TABLE).convert([Item("0", 0.0, b'{"id": 1}', b"")])
    assert pq.ParquetFile(io.BytesIO(body or b"")).metadata.row_group(0).column(0).compression == codec


def test_hadoops_snappy_has_blocks_with_their_lengths():
    packed = compress(b"x" * 1000, "HADOOP_SNAPPY", "")
    whole, length = struct.unpack(">II", packed[:8])
    assert (whole, length) == (1000, len(packed) - 8)
    assert pa.Codec("snappy").decompress(packed[8:], 1000, asbytes=True) == b"x" * 1000
