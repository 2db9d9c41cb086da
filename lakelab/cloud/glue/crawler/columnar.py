"""Parquet, ORC and Avro: the schema is in the file; no row is read."""

from __future__ import annotations

import json
from typing import Any

import fastavro
import pyarrow
import pyarrow.orc
import pyarrow.parquet

from lakelab.cloud.glue.crawler.sample import Sample
from lakelab.cloud.glue.crawler.schema import Format, Schema
from lakelab.cloud.glue.crawler.types import UNKNOWN, Array, HiveType, Map, Struct, widest

_HIVE = "org.apache.hadoop.hive"
PARQUET = Format(
    "parquet",
    serde_library=f"{_HIVE}.ql.io.parquet.serde.ParquetHiveSerDe",
    input_format=f"{_HIVE}.ql.io.parquet.MapredParquetInputFormat",
    output_format=f"{_HIVE}.ql.io.parquet.MapredParquetOutputFormat",
    serde=(("serialization.format", "1"),),
)
ORC = Format(
    "orc",
    serde_library=f"{_HIVE}.ql.io.orc.OrcSerde",
    input_format=f"{_HIVE}.ql.io.orc.OrcInputFormat",
    output_format=f"{_HIVE}.ql.io.orc.OrcOutputFormat",
)
AVRO = Format(
    "avro",
    serde_library=f"{_HIVE}.serde2.avro.AvroSerDe",
    input_format=f"{_HIVE}.ql.io.avro.AvroContainerInputFormat",
    output_format=f"{_HIVE}.ql.io.avro.AvroContainerOutputFormat",
    serde=(("serialization.format", "1"),),
)


def classify_parquet(sample: Sample) -> Schema | None:
    """The schema in the footer of a Parquet file."""
    if not sample.head.startswith(b"PAR1"):
        return None
    try:
        file = pyarrow.parquet.ParquetFile(sample.path)
    except pyarrow.ArrowInvalid:
        return None
    with file:
        return _of_arrow(PARQUET, file.schema_arrow, sample.size, file.metadata.num_rows)


def classify_orc(sample: Sample) -> Schema | None:
    """The schema in the footer of an ORC file."""
    if not sample.head.startswith(b"ORC"):
        return None
    try:
        file = pyarrow.orc.ORCFile(str(sample.path))
    except pyarrow.ArrowInvalid:
        return None
    return _of_arrow(ORC, file.schema, sample.size, file.nrows)


def classify_avro(sample: Sample) -> Schema | None:
    """The schema at the beginning of an Avro container file; its records are reckoned from the first block."""
    if not sample.head.startswith(b"Obj\x01"):
        return None
    with sample.path.open("rb") as file:
        try:
            reader = fastavro.block_reader(file)
            first = next(iter(reader), None)
        except (ValueError, EOFError):
            return None
        schema: Any = reader.writer_schema
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return None
    columns = {field["name"]: _of_avro(field["type"], {}) for field in schema["fields"]}
    records = 0 if first is None else max(first.num_records, first.num_records * sample.size // max(1, first.size))
    literal = json.dumps({name: value for name, value in schema.items() if not name.startswith("__")})
    return Schema(AVRO, columns, size=sample.size, records=records, literal=literal)


def _of_arrow(format_: Format, schema: pyarrow.Schema, size: int, records: int) -> Schema:
    columns = {field.name: hive_type(field.type) for field in schema}
    return Schema(format_, columns, size=size, records=records)


_ARROW: dict[str, HiveType] = {
    "bool": "boolean",
    "int8": "tinyint",
    "uint8": "smallint",
    "int16": "smallint",
    "uint16": "int",
    "int32": "int",
    "uint32": "bigint",
    "int64": "bigint",
    "uint64": "decimal(20,0)",
    "halffloat": "float",
    "float": "float",
    "double": "double",
    "binary": "binary",
    "large_binary": "binary",
    "null": UNKNOWN,
}


def hive_type(type_: pyarrow.DataType) -> HiveType:
    """The Hive type of an Arrow type."""
    is_ = pyarrow.types
    if is_.is_dictionary(type_):
        return hive_type(type_.value_type)
    if is_.is_struct(type_):
        return Struct(tuple((field.name, hive_type(field.type)) for field in type_))
    if is_.is_map(type_):
        return Map(hive_type(type_.key_type), hive_type(type_.item_type))
    if is_.is_list(type_) or is_.is_large_list(type_) or is_.is_fixed_size_list(type_):
        return Array(hive_type(type_.value_type))
    if is_.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    if is_.is_timestamp(type_):
        return "timestamp"
    if is_.is_date(type_):
        return "date"
    if is_.is_fixed_size_binary(type_):
        return "binary"
    return _ARROW.get(str(type_), "string")


_AVRO: dict[str, HiveType] = {
    "null": UNKNOWN,
    "boolean": "boolean",
    "int": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "bytes": "binary",
    "string": "string",
}
_AVRO_LOGICAL: dict[str, HiveType] = {
    "date": "date",
    "timestamp-millis": "timestamp",
    "timestamp-micros": "timestamp",
}


def _of_avro(schema: Any, named: dict[str, HiveType]) -> HiveType:
    """The Hive type of an Avro schema; `named` has the records, enums and fixed types that were defined before."""
    if isinstance(schema, list):
        return widest(_of_avro(branch, named) for branch in schema)
    if isinstance(schema, str):
        return _AVRO.get(schema) or named.get(schema, "string")
    logical = schema.get("logicalType")
    if logical == "decimal":
        return f"decimal({schema['precision']},{schema.get('scale', 0)})"
    if logical in _AVRO_LOGICAL:
        return _AVRO_LOGICAL[logical]
    result: HiveType
    match schema["type"]:
        case "record":
            result = Struct(tuple((field["name"], _of_avro(field["type"], named)) for field in schema["fields"]))
        case "array":
            return Array(_of_avro(schema["items"], named))
        case "map":
            return Map("string", _of_avro(schema["values"], named))
        case "enum":
            result = "string"
        case "fixed":
            result = "binary"
        case inner:
            return _of_avro(inner, named)
    named[schema["name"]] = result
    return result
