"""Which file format a table has: by its SerDe, as Hive decides, and the classes that a format's name stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lakelab.cloud.athena.catalog import Storage
from lakelab.cloud.athena.errors import QueryError

Format = Literal["parquet", "orc", "avro", "json", "text", "opencsv", "regex", "grok"]


@dataclass(frozen=True)
class Classes:
    """The Java classes by which the catalog knows a format."""

    serde: str
    input: str
    output: str


_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

CLASSES: dict[str, Classes] = {
    "parquet": Classes(
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
    "orc": Classes(
        "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
    ),
    "avro": Classes(
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
    ),
    "json": Classes("org.apache.hive.hcatalog.data.JsonSerDe", _TEXT_INPUT, _TEXT_OUTPUT),
    "text": Classes("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", _TEXT_INPUT, _TEXT_OUTPUT),
}

_BY_SERDE: dict[str, Format] = {
    "parquethiveserde": "parquet",
    "orcserde": "orc",
    "avroserde": "avro",
    "jsonserde": "json",
    "hivejsonserde": "json",
    "openxjsonserde": "json",
    "lazysimpleserde": "text",
    "opencsvserde": "opencsv",
    "regexserde": "regex",
    "grokserde": "grok",
}


def format_of(storage: Storage) -> Format:
    """The format of a table or partition.

    Raises:
        QueryError: its SerDe is not one that Athena reads.
    """
    serde = storage.serde.rpartition(".")[2].lower()
    if serde in _BY_SERDE:
        return _BY_SERDE[serde]
    if not serde:
        for name in ("parquet", "orc", "avro"):
            if name in storage.input_format.lower():
                return name  # type: ignore[return-value]
        return "text"
    raise QueryError("HIVE_UNSUPPORTED_FORMAT", f"Unable to read tables with SerDe {storage.serde}")
