"""Writes query results as the data of Hive tables: CREATE TABLE AS, INSERT and UNLOAD."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import duckdb

from lakelab.cloud.athena.catalog import CATALOG, NULL_PARTITION, Catalog, Params, Table, TableRef, partition_folder
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.names import CLASSES, format_of
from lakelab.cloud.athena.formats.readers import quoted, text_literal
from lakelab.cloud.athena.formats.writers import Layout, write
from lakelab.cloud.athena.model import Session
from lakelab.cloud.athena.sql import Column, Translated
from lakelab.cloud.athena.sql.coercion import can_coerce
from lakelab.cloud.athena.sql.types import Type, from_hive, parse_type, to_duckdb, to_hive
from lakelab.cloud.athena.statements import CreateTableAs, Insert, PropertyValue, Unload
from lakelab.cloud.objects import Objects, split_uri

MAX_OPEN_PARTITIONS = 100
_SMALL = 8 * 2**20  # bytes: below this an object is sent in one request


@dataclass
class Written:
    """The files that a statement has written: (partition values, URI) each, and the number of rows."""

    files: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    rows: int = 0

    @property
    def uris(self) -> list[str]:
        return [uri for _, uri in self.files]


@dataclass(frozen=True)
class Target:
    """Where rows go: a location, the columns and partition keys with their types, and the layout of the files.

    `locations` maps the values of partitions that have a location of their own to it.
    """

    location: str
    columns: Sequence[tuple[str, Type]]
    keys: Sequence[tuple[str, Type]]
    layout: Layout
    bucketed_by: Sequence[str] = ()
    buckets: int = 0
    locations: Mapping[tuple[str, ...], str] = field(default_factory=dict)


class Writer:
    """Writes the data of one statement; what it has written can be taken back."""

    def __init__(self, objects: Objects, session: Session):
        self._objects = objects
        self._session = session
        self._folder = session.scratch / "written"
        self._prefix = f"{time.strftime('%Y%m%d_%H%M%S', time.gmtime())}_{session.execution_id[:5]}_{uuid4().hex[:5]}"
        self.done = Written()

    def write(self, con: duckdb.DuckDBPyConnection, select: str, target: Target) -> Written:
        """Write the rows of a SELECT whose columns are the target's columns and keys.

        Raises:
            QueryError: TOO_MANY_OPEN_PARTITIONS; nothing has been uploaded then.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not target.keys and not target.buckets:
            self._put(con, select, target, (), 0)
            return self.done
        con.execute(f"CREATE OR REPLACE TEMP TABLE staged AS SELECT *, {_split(target)} FROM ({select})")
        names = [f'"$k{number}"' for number in range(len(target.keys))] + ['"$bucket"']
        groups = con.execute(f"SELECT DISTINCT {', '.join(names)} FROM staged ORDER BY ALL").fetchall()
        if len({group[:-1] for group in groups}) > MAX_OPEN_PARTITIONS:
            raise QueryError(
                "HIVE_TOO_MANY_OPEN_PARTITIONS",
                f"Exceeded limit of {MAX_OPEN_PARTITIONS} open writers for partitions/buckets",
            )
        columns = ", ".join(quoted(name) for name, _ in target.columns)
        for group in groups:
            where = " AND ".join(f"{name} = {_cell(value)}" for name, value in zip(names, group, strict=True))
            self._put(con, f"SELECT {columns} FROM staged WHERE {where}", target, group[:-1], group[-1])
        return self.done

    def _put(
        self, con: duckdb.DuckDBPyConnection, select: str, target: Target, values: tuple[str, ...], bucket: int
    ) -> None:
        _, suffix = target.layout.codec()
        number = len(self.done.files)
        local = self._folder / f"{number}{suffix}"
        rows = write(con, select, target.columns, target.layout, local)
        if not rows:
            local.unlink()
            return
        self.done.rows += rows
        location = target.location
        if values:
            folder = partition_folder([name for name, _ in target.keys], values)
            location = target.locations.get(values) or f"{target.location}/{folder}"
        name = f"{self._prefix}_{uuid4()}" if not target.buckets else f"{self._prefix}_bucket-{bucket:05}"
        uri = f"{location.rstrip('/')}/{name}{suffix}"
        bucket_name, key = split_uri(uri)
        self._objects.put(bucket_name, key, local if local.stat().st_size > _SMALL else local.read_bytes())
        local.unlink()
        self.done.files.append((values, uri))

    def undo(self) -> None:
        """Delete what was uploaded: the statement has failed."""
        DataFiles(self._objects).delete(self.done.uris)


def _cell(value: str | int) -> str:
    return text_literal(value) if isinstance(value, str) else str(value)


def _split(target: Target) -> str:
    """The partition values as the text that folders and the catalog have, and the number of the bucket."""
    parts = []
    for number, (name, kind) in enumerate(target.keys):
        text = f"CAST({quoted(name)} AS VARCHAR)"
        if kind.is_text:
            text = f"nullif({text}, '')"
        parts.append(f"coalesce({text}, '{NULL_PARTITION}') AS \"$k{number}\"")
    if target.buckets:
        columns = ", ".join(map(quoted, target.bucketed_by))
        parts.append(f'CAST(hash({columns}) % {target.buckets} AS INTEGER) AS "$bucket"')
    else:
        parts.append('0 AS "$bucket"')
    return ", ".join(parts)


# ---- CREATE TABLE AS ------------------------------------------------------------------------------------------------

_FORMATS = {"parquet": "parquet", "orc": "orc", "avro": "avro", "json": "json", "textfile": "text"}
_PROPERTIES = {
    "format", "write_compression", "parquet_compression", "orc_compression", "compression_level", "partitioned_by",
    "bucketed_by", "bucket_count", "external_location", "field_delimiter", "table_type", "is_external", "location",
    "partitioning", "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds",
    "vacuum_max_metadata_files_to_keep", "write_target_data_file_size_bytes",
    "optimize_rewrite_min_data_file_size_bytes", "optimize_rewrite_max_data_file_size_bytes",
    "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold",
}  # fmt: skip


def check_properties(properties: Mapping[str, PropertyValue]) -> None:
    """Raise INVALID_TABLE_PROPERTY for a property that CREATE TABLE AS does not know."""
    for name in properties:
        if name not in _PROPERTIES:
            raise QueryError(
                "INVALID_TABLE_PROPERTY", f"line 1:1: Catalog '{CATALOG}' table property '{name}' does not exist"
            )


def check_columns(columns: Sequence[Column]) -> list[tuple[str, Type]]:
    """The columns of a new table with their types.

    Raises:
        QueryError: one has no name, the name of another, or no type.
    """
    checked: dict[str, Type] = {}
    for number, column in enumerate(columns):
        name = column.name.lower()
        if name == f"_col{number}":
            raise QueryError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {number + 1}")
        if name in checked:
            raise QueryError("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name}' specified more than once")
        kind = parse_type(column.type)
        if kind.name == "unknown":
            raise QueryError(
                "COLUMN_TYPE_UNKNOWN", f"line 1:1: Column type is unknown at position {number + 1}: {name}"
            )
        checked[name] = kind
    return list(checked.items())


def check_hive_types(columns: Sequence[tuple[str, Type]]) -> None:
    """Raise NOT_SUPPORTED for a type that Hive tables cannot hold."""
    for _, kind in columns:
        for part in _parts(kind):
            if "with time zone" in part.name or (
                part.name.startswith(("time", "interval")) and part.name != "timestamp"
            ):
                raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {kind}")
            if part.name in ("json", "uuid", "ipaddress", "HyperLogLog"):
                raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {kind}")


def _parts(kind: Type) -> list[Type]:
    inner = [*kind.items, *(item.type for item in kind.fields)]
    return [kind, *(part for item in inner for part in _parts(item))]


def text_list(value: PropertyValue | None) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def plan_table(
    statement: CreateTableAs | Unload, columns: Sequence[tuple[str, Type]], location: str
) -> tuple[Target, Params]:
    """What CREATE TABLE AS (or UNLOAD) writes, and the TableInput without its name.

    Raises:
        QueryError: a property is wrong, or the partition keys are not the last columns in their order.
    """
    properties = statement.properties
    name = str(properties.get("format", "PARQUET")).lower()
    if name not in _FORMATS:
        raise QueryError("INVALID_TABLE_PROPERTY", f"line 1:1: Unable to set table property 'format' to [{name}]")
    form = _FORMATS[name]
    compression = str(
        properties.get("write_compression")
        or properties.get("compression")
        or properties.get(f"{form}_compression")
        or ""
    )
    serde: dict[str, str] = {}
    if form == "text":
        delimiter = str(properties.get("field_delimiter", "," if isinstance(statement, Unload) else "\x01"))
        serde = {"field.delim": _character(delimiter), "serialization.format": _character(delimiter)}
    elif form in ("parquet", "orc", "avro", "json"):
        serde = {"serialization.format": "1"}
    partitioned_by = [key.lower() for key in text_list(properties.get("partitioned_by"))]
    names = [column for column, _ in columns]
    for key in partitioned_by:
        if key not in names:
            raise QueryError("INVALID_TABLE_PROPERTY", f"line 1:1: Partition columns [{key}] not present in schema")
    if partitioned_by and names[-len(partitioned_by) :] != partitioned_by:
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties: "
            f"[{', '.join(partitioned_by)}]",
        )
    if partitioned_by and len(partitioned_by) == len(names):
        raise QueryError("INVALID_TABLE_PROPERTY", "line 1:1: Table contains only partition columns")
    split = len(columns) - len(partitioned_by)
    bucketed_by = [column.lower() for column in text_list(properties.get("bucketed_by"))]
    buckets = properties.get("bucket_count", 0)
    if not isinstance(buckets, int):
        raise QueryError("INVALID_TABLE_PROPERTY", f"Unable to set table property 'bucket_count' to ['{buckets}']")
    if bool(bucketed_by) != bool(buckets):
        raise QueryError("INVALID_TABLE_PROPERTY", "line 1:1: Properties bucketed_by and bucket_count go together")
    layout = Layout(form, compression, serde)
    layout.codec()
    target = Target(location, columns[:split], columns[split:], layout, bucketed_by, buckets)
    classes = CLASSES[form]
    parameters = {"EXTERNAL": "TRUE", "has_encrypted_data": "false"}
    if compression and form in ("parquet", "orc"):
        parameters[f"{form}.compress" if form == "orc" else "parquet.compression"] = compression.upper()
    if form == "parquet":
        parameters["classification"] = "parquet"
    return target, {
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": key, "Type": to_hive(kind)} for key, kind in target.keys],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": to_hive(kind)} for column, kind in target.columns],
            "Location": location,
            "InputFormat": classes.input,
            "OutputFormat": classes.output,
            "NumberOfBuckets": buckets,
            "BucketColumns": bucketed_by,
            "SerdeInfo": {"SerializationLibrary": classes.serde, "Parameters": serde},
        },
    }


def _character(text: str) -> str:
    r"""A delimiter property as one character: `\001` and `\t` are escapes."""
    if text.startswith("\\") and text[1:].isdigit():
        return chr(int(text[1:], 8))
    return {"\\t": "\t", "\\n": "\n"}.get(text, text)


def check_empty(files: DataFiles, location: str, message: Callable[[str], str]) -> None:
    """Raise HIVE_PATH_ALREADY_EXISTS when there is anything at a location."""
    if files.anything_at(location):
        raise QueryError("HIVE_PATH_ALREADY_EXISTS", message(location))


# ---- INSERT ---------------------------------------------------------------------------------------------------------


def plan_insert(catalog: Catalog, table: Table, statement: Insert, query: Translated) -> tuple[Target, str]:
    """Where the rows of an INSERT go, and the SELECT that gives them in the table's order and types.

    Raises:
        QueryError: the columns do not fit, or the table's format cannot be written.
    """
    form = format_of(table.storage)
    if form in ("regex", "grok"):
        raise QueryError("NOT_SUPPORTED", f"Cannot write to table {table.full_name}: its SerDe reads only")
    columns = [(column.name, from_hive(column.type)) for column in table.columns]
    keys = [(key.name, from_hive(key.type)) for key in table.keys]
    if form == "opencsv" and any(kind.name != "varchar" for _, kind in columns):
        raise QueryError("NOT_SUPPORTED", "OpenCSVSerde writes columns of type string only")
    properties = dict(table.storage.serde_properties)
    compression = table.properties.get("write.compression") or table.properties.get("parquet.compression") or ""
    target = Target(
        table.storage.location,
        columns,
        keys,
        Layout(form, compression or table.properties.get("orc.compress", ""), properties),
        locations={partition.values: partition.storage.location for partition in catalog.partitions(table)}
        if keys
        else {},
    )
    return target, insert_select([*columns, *keys], statement, query)


def insert_select(columns: Sequence[tuple[str, Type]], statement: Insert, query: Translated) -> str:
    """The rows of an INSERT's query as the columns of the table: those that it leaves out are NULL.

    Raises:
        QueryError: COLUMN_NOT_FOUND, or TYPE_MISMATCH when a type of the query is none of the column's.
    """
    known = dict(columns)
    names = statement.columns or tuple(known)
    for name in names:
        if name not in known:
            raise QueryError("COLUMN_NOT_FOUND", f"line 1:1: Insert column name does not exist in target table: {name}")
    if len(set(names)) != len(names):
        raise QueryError("DUPLICATE_COLUMN_NAME", "line 1:1: Insert column name is specified more than once")
    given = [parse_type(column.type) for column in query.columns]
    expected = [known[name] for name in names]
    if len(given) != len(expected) or not all(map(_assignable, given, expected)):
        raise QueryError(
            "TYPE_MISMATCH",
            "line 1:1: Insert query has mismatched column types: "
            f"Table: [{', '.join(map(str, expected))}], Query: [{', '.join(map(str, given))}]",
        )
    cells = {name: f"c{number}" for number, name in enumerate(names)}
    selected = ", ".join(
        f"CAST({cells.get(name, 'NULL')} AS {to_duckdb(kind)}) AS {quoted(name)}" for name, kind in columns
    )
    inner = ", ".join(cells.values())
    return f"SELECT {selected} FROM ({query.sql}) q({inner})"


def _assignable(given: Type, column: Type) -> bool:
    """Trino lets an INSERT narrow what a cast would take without loss of kind: text to text, number to number."""
    return (
        can_coerce(given, column)
        or (given.is_text and column.is_text)
        or (given.is_numeric and column.is_numeric and not (given.is_floating and column.is_integer))
        or (given.name == column.name)
    )


def register(catalog: Catalog, ref: TableRef, written: Written, target: Target) -> None:
    """Make the partitions of new files known to the catalog."""
    if not target.keys or not written.files:
        return
    table = catalog.find(ref)
    assert table is not None
    names = [name for name, _ in target.keys]
    new = dict.fromkeys(values for values, _ in written.files if values not in target.locations)
    catalog.add_partitions(table, [(values, f"{target.location}/{partition_folder(names, values)}") for values in new])
