"""Changes of Iceberg tables: made, altered, appended to, rewritten and cleaned up, each as one commit.

UPDATE, DELETE and MERGE write the touched data files anew (copy on write); Athena writes position deletes beside them.
The rows are the same; the snapshots' summaries and the files' count differ.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError, ValidationError
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.types import StructType

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.catalog import Catalog, TableRef
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import CommitConflict, QueryError
from lakelab.cloud.athena.formats.readers import quoted
from lakelab.cloud.athena.iceberg.fileio import ObjectsIO
from lakelab.cloud.athena.iceberg.glue import InProcessGlueCatalog
from lakelab.cloud.athena.iceberg.types import schema_of, to_iceberg, to_trino
from lakelab.cloud.athena.sql.types import Type, from_hive, to_duckdb

MAX_OPEN_PARTITIONS = 100
_BATCH = 500_000  # rows that are held in memory while they are split by partition
_DEFAULT_SNAPSHOT_AGE = 432_000  # seconds, Athena's vacuum_max_snapshot_age_seconds


class IcebergTables:
    """The Iceberg tables of one caller's catalog."""

    def __init__(self, catalog: Catalog, io: ObjectsIO):
        self._glue = InProcessGlueCatalog(catalog.call, io)
        self._catalog = catalog
        self._io = io

    def load(self, database: str, name: str) -> IcebergTable:
        """Raises QueryError when the table's metadata cannot be read."""
        try:
            return self._glue.load_table((database, name))
        except FileNotFoundError as error:
            raise QueryError(
                "ICEBERG_MISSING_METADATA", f"Metadata not found in metadata location for table {database}.{name}"
            ) from error
        except NoSuchTableError as error:
            raise QueryError("TABLE_NOT_FOUND", f"Table '{database}.{name}' does not exist") from error

    @contextmanager
    def committing(self, name: str) -> Iterator[None]:
        """Undo the files of a block that fails, and report a conflict as Athena does."""
        self._io.created.clear()
        try:
            yield
        except CommitFailedException as error:
            self._io.undo()
            raise CommitConflict(name) from error
        except TableAlreadyExistsError as error:
            self._io.undo()
            raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: Destination table '{name}' already exists") from error
        except BaseException:
            self._io.undo()
            raise
        self._io.created.clear()

    # ---- making

    def create(
        self,
        ref: TableRef,
        columns: list[tuple[str, Type, str | None]],
        location: str,
        partitioning: Sequence[str],
        properties: Mapping[str, str],
    ) -> IcebergTable:
        """Make an empty table. Raises QueryError for a type or a partition transform that Iceberg has not."""
        schema = schema_of(columns)
        spec = partition_spec(schema, partitioning)
        return self._glue.create_table(
            (ref.database, ref.table), schema, location, spec, properties={**properties, "format-version": "2"}
        )

    def drop(self, database: str, name: str) -> None:
        """Drop a table and delete its files, as Athena does with Iceberg tables."""
        table = self.load(database, name)
        files = _referenced(table) | {entry.metadata_file for entry in table.metadata.metadata_log}
        self._glue.drop_table((database, name))
        DataFiles(self._io.objects).delete([*files, table.metadata_location])

    def rename(self, database: str, name: str, to_database: str, to_name: str) -> None:
        self._glue.rename_table((database, name), (to_database, to_name))

    # ---- data

    def write(self, table: IcebergTable, con: duckdb.DuckDBPyConnection, select: str) -> list[DataFile]:
        """Write the rows of a SELECT, whose columns are the table's, as data files; they are not committed.

        Raises:
            QueryError: TOO_MANY_OPEN_PARTITIONS.
        """
        schema = table.schema()
        cells = ", ".join(
            f"CAST(c{number} AS {to_duckdb(to_trino(field.field_type))}) AS {quoted(field.name)}"
            for number, field in enumerate(schema.fields)
        )
        inner = ", ".join(f"c{number}" for number in range(len(schema.fields)))
        reader = con.execute(f"SELECT {cells} FROM ({select}) q({inner})").to_arrow_reader(_BATCH)
        written: list[DataFile] = []
        numbers, write_uuid = count(), uuid.uuid4()
        for batch in _tables(reader, schema):
            written += _dataframe_to_data_files(table.metadata, batch, self._io, write_uuid, numbers)
            if len({repr(file.partition) for file in written}) > MAX_OPEN_PARTITIONS:
                raise QueryError(
                    "ICEBERG_TOO_MANY_OPEN_PARTITIONS",
                    f"Exceeded limit of {MAX_OPEN_PARTITIONS} open writers for partitions",
                )
        return written

    def append(self, table: IcebergTable, files: Sequence[DataFile]) -> None:
        """Commit new data files."""
        with table.transaction() as transaction, transaction.update_snapshot().fast_append() as snapshot:
            for file in files:
                snapshot.append_data_file(file)

    def replace(self, table: IcebergTable, old: Sequence[DataFile], new: Sequence[DataFile]) -> None:
        """Commit that some data files are replaced by others, in one snapshot."""
        with table.transaction() as transaction, transaction.update_snapshot().overwrite() as snapshot:
            for file in old:
                snapshot.delete_data_file(file)
            for file in new:
                snapshot.append_data_file(file)

    # ---- ALTER TABLE

    def alter(self, table: IcebergTable, statement: s.Alter) -> None:
        """Change the columns or properties of a table.

        Raises:
            QueryError: a column does not exist, a type cannot be changed so, or the change is none for Iceberg tables.
        """
        match statement:
            case s.AddColumns():
                self._add_columns(table, statement)
            case s.DropColumn():
                _require(table, statement.column)
                with table.update_schema(allow_incompatible_changes=True) as update:
                    update.delete_column(_own_name(table, statement.column))
            case s.ChangeColumn():
                self._change_column(table, statement)
            case s.SetProperties():
                with table.transaction() as transaction:
                    transaction.set_properties(iceberg_properties(statement.properties))
            case s.UnsetProperties():
                with table.transaction() as transaction:
                    transaction.remove_properties(*statement.keys)
            case _:
                raise QueryError(
                    "NOT_SUPPORTED", f"{statement.kind.substatement_type} is not supported for Iceberg tables"
                )

    def _add_columns(self, table: IcebergTable, statement: s.AddColumns) -> None:
        known = {field.name.lower() for field in table.schema().fields}
        with table.update_schema() as update:
            for column in statement.columns:
                if column.name in known:
                    raise QueryError("COLUMN_ALREADY_EXISTS", f"Column '{column.name}' already exists")
                update.add_column(column.name, _new_type(column.type), column.comment)

    def _change_column(self, table: IcebergTable, statement: s.ChangeColumn) -> None:
        _require(table, statement.column)
        old = table.schema().find_field(statement.column, case_sensitive=False)
        new = _new_type(statement.to.type)
        try:
            with table.update_schema() as update:
                if str(new) != str(old.field_type) and not isinstance(new, StructType):
                    update.update_column(old.name, field_type=new)  # type: ignore[arg-type]
                if statement.to.comment is not None:
                    update.update_column(old.name, doc=statement.to.comment)
                if statement.first:
                    update.move_first(old.name)
                elif statement.after is not None:
                    _require(table, statement.after)
                    update.move_after(old.name, _own_name(table, statement.after))
                if statement.to.name != old.name.lower():
                    update.rename_column(old.name, statement.to.name)
        except (ValueError, ValidationError) as error:
            raise QueryError("NOT_SUPPORTED", f"Column '{old.name}' cannot be changed: {error}") from error

    # ---- maintenance

    def vacuum(self, table: IcebergTable) -> None:
        """Expire old snapshots, and delete the files that no snapshot needs any more."""
        properties = table.properties
        age = int(properties.get("vacuum_max_snapshot_age_seconds", _DEFAULT_SNAPSHOT_AGE))
        keep = max(1, int(properties.get("vacuum_min_snapshots_to_keep", 1)))
        snapshots = sorted(table.metadata.snapshots, key=lambda each: each.timestamp_ms, reverse=True)
        oldest = (datetime.now(UTC) - timedelta(seconds=age)).timestamp() * 1000
        held = {ref.snapshot_id for ref in table.metadata.refs.values()}
        expired = [
            each.snapshot_id for each in snapshots[keep:] if each.timestamp_ms < oldest and each.snapshot_id not in held
        ]
        if not expired:
            return
        before = _referenced(table)
        table.maintenance.expire_snapshots().by_ids(expired).commit()
        after = _referenced(self.load(*table.name()))  # type: ignore[arg-type]
        DataFiles(self._io.objects).delete(before - after)


def _tables(reader: Any, schema: Schema) -> Iterator[pa.Table]:
    names = [field.name for field in schema.fields]
    for batch in reader:
        if batch.num_rows:
            yield pa.Table.from_batches([batch]).rename_columns(names)


def _referenced(table: IcebergTable) -> set[str]:
    """Every file that some snapshot of the table needs."""
    found: set[str] = set()
    for snapshot in table.metadata.snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            found.update(entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))
    return found


def _require(table: IcebergTable, column: str) -> None:
    if column not in {field.name.lower() for field in table.schema().fields}:
        raise QueryError("COLUMN_NOT_FOUND", f"Column '{column}' does not exist")


def _own_name(table: IcebergTable, column: str) -> str:
    return next(field.name for field in table.schema().fields if field.name.lower() == column)


def _new_type(hive_type: str) -> Any:
    return to_iceberg(from_hive(hive_type), count(10_000))


# ---- partition transforms -------------------------------------------------------------------------------------------

_PARTITION = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>.*)\))?")
_TIME_TRANSFORMS: dict[str, Callable[[], Transform]] = {
    "year": YearTransform,
    "month": MonthTransform,
    "day": DayTransform,
    "hour": HourTransform,
}


def partition_spec(schema: Schema, partitioning: Sequence[str]) -> PartitionSpec:
    """The spec of `day(ts)`, `bucket(4, id)`, `bucket(id, 4)`, `truncate(name, 3)` and plain columns.

    Raises:
        QueryError: a column does not exist, or a transform is not known.
    """
    if not partitioning:
        return UNPARTITIONED_PARTITION_SPEC
    fields = []
    for number, text in enumerate(partitioning):
        column, transform, name = _transform(text)
        if column not in {field.name.lower() for field in schema.fields}:
            raise QueryError("INVALID_TABLE_PROPERTY", f"Column not found: {column}")
        fields.append(PartitionField(schema.find_field(column, False).field_id, 1000 + number, transform, name))
    return PartitionSpec(*fields)


def _transform(text: str) -> tuple[str, Transform, str]:
    match = _PARTITION.fullmatch(text.strip().replace('"', "").replace("`", ""))
    if match is None:
        raise QueryError("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {text}")
    name = match["name"].lower()
    if match["arguments"] is None:
        return name, IdentityTransform(), name
    arguments = [argument.strip() for argument in match["arguments"].lower().split(",")]
    name = name.removesuffix("s") if name.removesuffix("s") in _TIME_TRANSFORMS else name
    if name in _TIME_TRANSFORMS and len(arguments) == 1:
        return arguments[0], _TIME_TRANSFORMS[name](), f"{arguments[0]}_{name}"
    if name in ("bucket", "truncate") and len(arguments) == 2:
        number = next((each for each in arguments if each.isdigit()), None)
        column = next((each for each in arguments if not each.isdigit()), None)
        if number and column:
            made = BucketTransform(int(number)) if name == "bucket" else TruncateTransform(int(number))
            return column, made, f"{column}_{name if name == 'bucket' else 'trunc'}"
    raise QueryError("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {text}")


# ---- properties -----------------------------------------------------------------------------------------------------

_CODECS = {"zstd", "gzip", "snappy", "lz4", "brotli", "none", "uncompressed"}
_KNOWN = {
    "format", "table_type", "write_compression", "comment", "location", "is_external",
    "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep",
    "write_target_data_file_size_bytes", "optimize_rewrite_min_data_file_size_bytes",
    "optimize_rewrite_max_data_file_size_bytes", "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold", "classification", "format-version", "compression_level",
}  # fmt: skip


def iceberg_properties(given: Mapping[str, object]) -> dict[str, str]:
    """Athena's table properties as Iceberg's.

    Raises:
        QueryError: a property that Athena does not allow on Iceberg tables, or a format that is not written here.
    """
    properties: dict[str, str] = {}
    for key, value in given.items():
        name, text = key.lower(), str(value)
        if name not in _KNOWN:
            raise QueryError("INVALID_TABLE_PROPERTY", f"Unsupported table property key: {key}")
        match name:
            case "table_type" | "location" | "is_external":
                continue
            case "format":
                if text.lower() != "parquet":
                    raise QueryError("NOT_SUPPORTED", f"Iceberg tables are written as PARQUET here, not {text.upper()}")
                properties["write.format.default"] = "parquet"
            case "write_compression":
                if text.lower() not in _CODECS:
                    raise QueryError("INVALID_TABLE_PROPERTY", f"Unsupported compression: {text}")
                codec = "uncompressed" if text.lower() == "none" else text.lower()
                properties["write.parquet.compression-codec"] = codec
            case "write_target_data_file_size_bytes":
                properties["write.target-file-size-bytes"] = text
            case "compression_level":
                properties["write.parquet.compression-level"] = text
            case _:
                properties[name] = text
    return properties


def create_columns(statement: s.CreateTable) -> list[tuple[str, Type, str | None]]:
    return [(column.name, from_hive(column.type), column.comment) for column in statement.columns]


def is_iceberg(properties: Mapping[str, object]) -> bool:
    return str(properties.get("table_type", "")).lower() == "iceberg"
