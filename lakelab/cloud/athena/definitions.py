"""The definition of a Hive table: from CREATE EXTERNAL TABLE to Glue's TableInput."""

from __future__ import annotations

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.catalog import Params, TableRef
from lakelab.cloud.athena.errors import hive_error
from lakelab.cloud.athena.formats.names import CLASSES
from lakelab.cloud.athena.sql.types import TypeNameError, from_hive, to_hive
from lakelab.cloud.objects import split_uri

_STORED_AS = {
    "PARQUET": "parquet",
    "PARQUETFILE": "parquet",
    "ORC": "orc",
    "ORCFILE": "orc",
    "AVRO": "avro",
    "TEXTFILE": "text",
    "JSONFILE": "json",
}
TASK = "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
"""What Hive's messages begin with."""


def checked_location(location: str) -> str:
    """A location that is an S3 URI. Raises QueryError for another."""
    try:
        split_uri(location)
    except ValueError as error:
        raise hive_error(
            f"{TASK} MetaException(message:Got exception: java.io.IOException No FileSystem for scheme: {location})"
        ) from error
    return location


def column_input(column: s.ColumnDef) -> Params:
    """A column as Glue keeps it."""
    try:
        kind = from_hive(column.type)
    except TypeNameError as error:
        raise hive_error(f"ParseException: cannot recognize input near '{column.type}' in column type") from error
    text = column.type.lower() if kind.name in ("char", "varchar") else to_hive(kind)
    return {"Name": column.name, "Type": text, **({"Comment": column.comment} if column.comment else {})}


def table_input(ref: TableRef, statement: s.CreateTable) -> Params:
    """The TableInput of CREATE EXTERNAL TABLE.

    Raises:
        QueryError: LOCATION or EXTERNAL is missing, or a format is not known.
    """
    if not statement.location:
        raise hive_error(f"{TASK} MetaException(message:Table {ref.table} location is not specified.)")
    if not statement.external:
        raise hive_error(
            "SemanticException: External location is not allowed for managed tables: use CREATE EXTERNAL TABLE"
        )
    if statement.partition_transforms:
        raise hive_error("SemanticException: partition columns of a Hive table need a type")
    names = [column.name for column in (*statement.columns, *statement.partitioned_by)]
    for name in names:
        if names.count(name) > 1:
            raise hive_error(f"SemanticException [Error 10036]: Duplicate column name: {name}")
    form = _STORED_AS.get(statement.stored_as or "TEXTFILE")
    if form is None:
        raise hive_error(f"SemanticException: Unrecognized file format in STORED AS clause: '{statement.stored_as}'")
    classes = CLASSES[form]
    serde_properties = dict(statement.serde_properties)
    serde_properties.setdefault("serialization.format", "1")
    parameters = {"EXTERNAL": "TRUE", **statement.properties}
    if statement.comment:
        parameters["comment"] = statement.comment
    return {
        "Name": ref.table,
        **({"Description": statement.comment} if statement.comment else {}),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [column_input(column) for column in statement.partitioned_by],
        "StorageDescriptor": {
            "Columns": [column_input(column) for column in statement.columns],
            "Location": checked_location(statement.location),
            "InputFormat": statement.input_format or classes.input,
            "OutputFormat": statement.output_format or classes.output,
            "NumberOfBuckets": statement.buckets,
            "BucketColumns": list(statement.clustered_by),
            "SerdeInfo": {
                "SerializationLibrary": statement.serde or classes.serde,
                "Parameters": serde_properties,
            },
        },
    }
