"""The bytes of a delivered object: records one after the other and compressed, or a Parquet file."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakelab.cloud.firehose.columns import BadValue, arrow_type, value_of
from lakelab.cloud.firehose.records import CONVERSION_FAILED, Failure, Item

EXTENSIONS = {"GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".snappy"}
HADOOP_BLOCK = 256 * 1024


def compress(body: bytes, format_: str, name: str) -> bytes:
    """The body in a CompressionFormat; `name` is what a ZIP archive calls it."""
    match format_:
        case "GZIP":
            return gzip.compress(body, mtime=0)
        case "ZIP":
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
                file.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
            return archive.getvalue()
        case "Snappy":
            return pa.Codec("snappy").compress(body, asbytes=True)
        case "HADOOP_SNAPPY":
            return b"".join(
                map(_hadoop_block, (body[at : at + HADOOP_BLOCK] for at in range(0, len(body), HADOOP_BLOCK)))
            )
    return body


def _hadoop_block(block: bytes) -> bytes:
    packed = pa.Codec("snappy").compress(block, asbytes=True)
    return struct.pack(">II", len(block), len(packed)) + packed


class ParquetConversion:
    """Record format conversion: JSON records to one Parquet file with the columns of a Glue table.

    Args:
        settings: the stream's DataFormatConversionConfiguration.
        table: gives the Glue table; called when an object is made, so that a change of the table counts at once.
    """

    def __init__(self, settings: dict[str, Any], table: Callable[[], dict[str, Any]]):
        self._table = table
        schema = settings.get("SchemaConfiguration", {})
        self._name = {"databaseName": schema.get("DatabaseName"), "tableName": schema.get("TableName")}
        deserializer = settings.get("InputFormatConfiguration", {}).get("Deserializer", {})
        openx = deserializer.get("OpenXJsonSerDe") or {}
        self._keys: dict[str, str] = openx.get("ColumnToJsonKeyMappings", {})
        self._dots = openx.get("ConvertDotsInJsonKeysToUnderscores", False)
        self._fold = openx.get("CaseInsensitive", True)
        parquet = settings.get("OutputFormatConfiguration", {}).get("Serializer", {}).get("ParquetSerDe") or {}
        self._compression = {"UNCOMPRESSED": "none"}.get(parquet.get("Compression", "SNAPPY")) or parquet.get(
            "Compression", "SNAPPY"
        ).lower()

    def convert(self, items: Sequence[Item]) -> tuple[bytes | None, list[Failure]]:
        """The file (None when no record could be converted), and the records that could not."""
        columns = self._table()["StorageDescriptor"]["Columns"]
        types = {column["Name"]: arrow_type(column["Type"]) for column in columns}
        rows, failures = [], []
        for item in items:
            try:
                rows.append(self._row(types, item.data))
            except BadValue as error:
                more = {"sequenceNumber": item.id, "subSequenceNumber": None, "dataCatalogTable": self._name}
                code = "DataFormatConversion.MalformedData"
                failures.append(Failure(item, CONVERSION_FAILED, code, str(error), more=more))
        if not rows:
            return None, failures
        table = pa.table({name: pa.array([row[name] for row in rows], type_) for name, type_ in types.items()})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression=self._compression, store_schema=False)
        return sink.getvalue().to_pybytes(), failures

    def _row(self, types: dict[str, pa.DataType], data: bytes) -> dict[str, Any]:
        try:
            document = json.loads(data)
        except ValueError as error:
            raise BadValue(f"Data does not match the schema. {error}") from error
        if not isinstance(document, dict):
            raise BadValue("Data does not match the schema. A record must be a JSON object")
        if self._dots:
            document = {key.replace(".", "_"): value for key, value in document.items()}
        if self._fold:
            document = {key.lower(): value for key, value in document.items()}
        row = {}
        for name, type_ in types.items():
            key = self._keys.get(name, name)
            try:
                row[name] = value_of(type_, document.get(key.lower() if self._fold else key))
            except BadValue as error:
                raise BadValue(f"Data does not match the schema. {name}: {error}") from error
        return row
