"""TableInput and PartitionInput as a crawler writes them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakelab.cloud.glue.crawler.schema import Schema, lower_names
from lakelab.cloud.glue.crawler.types import settled
from lakelab.cloud.wire import Params

CRAWLER_PARAMETER = "UPDATED_BY_CRAWLER"
DEPRECATED_PARAMETER = "DEPRECATED_BY_CRAWLER"
_VERSIONS = {"CrawlerSchemaSerializerVersion": "1.0", "CrawlerSchemaDeserializerVersion": "1.0"}


@dataclass(frozen=True)
class Author:
    """The crawler that writes, and the exclude patterns it had, which it leaves in the table for readers."""

    crawler: str
    exclusions: Sequence[str] = ()


def table_name(location: str, prefix: str) -> str:
    """The name of the table at an S3 location: its last part, in lower case, with `_` for what a name cannot have."""
    last = location.removeprefix("s3://").rstrip("/").rpartition("/")[2]
    return prefix.lower() + re.sub(r"[^0-9a-z]+", "_", last.lower())


def with_hash(name: str, location: str) -> str:
    """The name that a table gets when another location has its own already."""
    return f"{name}_{hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()}"


def table_input(name: str, location: str, schema: Schema, keys: Sequence[str], author: Author) -> Params:
    """The TableInput of a table that was found."""
    parameters = _parameters(schema, author)
    return {
        "Name": name,
        "Owner": "owner",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "StorageDescriptor": storage_descriptor(location, schema, parameters),
    }


def partition_input(values: Sequence[str], location: str, schema: Schema, author: Author) -> Params:
    """The PartitionInput of a leaf folder."""
    parameters = _parameters(schema, author)
    return {
        "Values": list(values),
        "Parameters": parameters,
        "StorageDescriptor": storage_descriptor(location, schema, parameters),
    }


def storage_descriptor(location: str, schema: Schema, parameters: Mapping[str, str]) -> Params:
    """The StorageDescriptor of the objects at a location."""
    columns = lower_names(schema.columns)
    format_ = schema.format
    descriptor: Params = {
        "Location": location,
        "Columns": [{"Name": name, "Type": str(settled(type_))} for name, type_ in columns.items()],
        "Compressed": format_.compression != "none",
        "NumberOfBuckets": -1,
        "BucketColumns": [],
        "SortColumns": [],
        "StoredAsSubDirectories": False,
        "Parameters": dict(parameters),
    }
    if format_.serde_library:
        serde = dict(format_.serde)
        if format_.classification == "json":
            serde["paths"] = ",".join(sorted(schema.columns))
        if schema.literal:
            serde["avro.schema.literal"] = schema.literal
        descriptor |= {
            "InputFormat": format_.input_format,
            "OutputFormat": format_.output_format,
            "SerdeInfo": {"SerializationLibrary": format_.serde_library, "Parameters": serde},
        }
    return descriptor


def _parameters(schema: Schema, author: Author) -> dict[str, str]:
    parameters = {
        **_VERSIONS,
        CRAWLER_PARAMETER: author.crawler,
        "classification": schema.format.classification,
        "compressionType": schema.format.compression,
        "typeOfData": "file",
        "objectCount": str(schema.objects),
        "recordCount": str(schema.records),
        "sizeKey": str(schema.size),
        "averageRecordSize": str(schema.size // schema.records if schema.records else 0),
        **dict(schema.format.parameters),
    }
    if author.exclusions:
        parameters["exclusions"] = "[" + ",".join(f'"{pattern}"' for pattern in author.exclusions) + "]"
    return parameters
