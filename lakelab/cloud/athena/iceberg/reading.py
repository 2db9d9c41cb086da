"""Reads Iceberg tables: their current data, a snapshot of the past, and their metadata tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet_files
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.readers import SOURCE, DataFile, quoted, text_literal
from lakelab.cloud.athena.iceberg.fileio import ObjectsIO
from lakelab.cloud.athena.iceberg.types import to_trino
from lakelab.cloud.athena.relations import Relation
from lakelab.cloud.athena.sql.types import parse_type, to_duckdb

_NUMBER = '"$number"'  # the column of a scan that numbers the rows of a file


@dataclass(frozen=True)
class Version:
    """What FOR … AS OF names: a snapshot id, a tag or branch, or a moment."""

    snapshot: int | None = None
    ref: str | None = None
    moment: datetime | None = None


def snapshot_of(table: IcebergTable, version: Version | None) -> int | None:
    """The id of the snapshot to read; None for an empty table.

    Raises:
        QueryError: there is no such snapshot.
    """
    if version is None:
        current = table.current_snapshot()
        return current.snapshot_id if current else None
    if version.moment is not None:
        found = table.snapshot_as_of_timestamp(int(version.moment.timestamp() * 1000))
        if found is None:
            shown = version.moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"
            raise QueryError(
                "INVALID_ARGUMENTS", f"No version history table {'.'.join(table.name())} at or before {shown}"
            )
        return found.snapshot_id
    if version.ref is not None:
        named = table.metadata.refs.get(version.ref)
        if named is None:
            raise QueryError("INVALID_ARGUMENTS", f"Cannot find snapshot with reference name: {version.ref}")
        return named.snapshot_id
    if table.snapshot_by_id(version.snapshot or 0) is None:
        raise QueryError("INVALID_ARGUMENTS", f"Iceberg snapshot ID does not exists: {version.snapshot}")
    return version.snapshot


class Reader:
    """Builds the relations of Iceberg tables; files that DuckDB cannot read right are converted into `scratch`."""

    def __init__(self, io: ObjectsIO, scratch: Path):
        self._io = io
        self._scratch = scratch

    def relation(
        self, table: IcebergTable, version: Version | None = None, hidden: list[str] | None = None
    ) -> Relation:
        """The rows of a table with its columns, or of a snapshot of the past with the columns that it had then."""
        snapshot = snapshot_of(table, version)
        scan = table.scan() if version is None else table.scan(snapshot_id=snapshot)
        schema = scan.projection()
        tasks = list(scan.plan_files()) if snapshot is not None else []
        return self.tasks(table, schema, tasks, hidden or [])

    def tasks(
        self, table: IcebergTable, schema: Schema, tasks: list[FileScanTask], hidden: list[str], numbered: bool = False
    ) -> Relation:
        """The rows of some data files; `numbered` adds the position of each row's task and of the row in its file."""
        columns = {field.name.lower(): str(to_trino(field.field_type)) for field in schema.fields}
        relation = Relation(columns | dict.fromkeys(hidden, "varchar"), "")
        relation.field_ids = {field.field_id: field.name.lower() for field in schema.fields}
        as_is, converted = [], []
        for number, task in enumerate(tasks):
            (converted if task.delete_files else as_is).append((number, task))
        selects = []
        if as_is:
            paths = {}
            for number, task in as_is:
                path = self._io.local(task.file.file_path)
                paths[path] = (number, task)
                relation.files[path] = DataFile(task.file.file_path, path, task.file.file_size_in_bytes)
                relation.formats[path] = "parquet"
            rows = sum(task.file.record_count for _, task in as_is)
            source = _by_field_id(schema, list(paths), relation.label, rows)
            selects.append(_scan(source, paths, hidden, numbered))
        for number, task in converted:
            path = self._without_deleted_rows(table, schema, task)
            relation.files[path] = DataFile(task.file.file_path, path, task.file.file_size_in_bytes)
            relation.formats[path] = "parquet"
            source = _by_field_id(schema, [path], relation.label, task.file.record_count)
            selects.append(_scan(source, {path: (number, task)}, hidden, numbered))
        relation.sql = " UNION ALL ".join(selects) or _nothing(schema, hidden, numbered)
        return relation

    def _without_deleted_rows(self, table: IcebergTable, schema: Schema, task: FileScanTask) -> Path:
        """A data file whose rows another engine has marked deleted, written without them."""
        folder = self._scratch / "merged"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{sum(1 for _ in folder.iterdir())}.parquet"
        scan = ArrowScan(table.metadata, self._io, schema, AlwaysTrue())
        rows = scan.to_table([task])
        parquet_files.write_table(rows.rename_columns([name.lower() for name in rows.column_names]), target)
        return target

    # ---- metadata tables

    def metadata(self, table: IcebergTable, name: str) -> Relation | None:
        """A metadata table (`"t$snapshots"`); None when there is none of that name."""
        builder = _METADATA.get(name)
        if builder is None:
            return None
        columns, rows = builder(table)
        folder = self._scratch / "metadata"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{table.name()[-1]}_{name}.parquet"
        parquet_files.write_table(rows, path)
        casts = ", ".join(
            f"CAST({quoted(column)} AS {to_duckdb(parse_type(kind))}) AS {quoted(column)}"
            for column, kind in columns.items()
        )
        return Relation(columns, f"SELECT {casts} FROM read_parquet({text_literal(str(path))})")


def _by_field_id(schema: Schema, paths: list[Path], label: str, rows: int) -> str:
    """Iceberg knows the columns of a file by their ids: a renamed column is found, a new one is NULL."""
    fields = ", ".join(
        f"{field.field_id}: {{name: {text_literal(label + field.name.lower())}, "
        f"type: {text_literal(to_duckdb(to_trino(field.field_type)))}, default_value: NULL}}"
        for field in schema.fields
    )
    files = ", ".join(text_literal(str(path)) for path in paths)
    names = ", ".join(
        f"{quoted(label + field.name.lower())} AS {quoted(field.name.lower())}" for field in schema.fields
    )
    options = f"schema = MAP {{{fields}}}, explicit_cardinality = {rows}"
    own = f"filename AS {SOURCE}, file_row_number AS {_NUMBER}"
    return f"(SELECT {names}, {own} FROM read_parquet([{files}], {options})) r"


def _scan(source: str, files: dict[Path, tuple[int, FileScanTask]], hidden: list[str], numbered: bool) -> str:
    columns = f"r.* EXCLUDE ({SOURCE}, {_NUMBER})"
    if not hidden and not numbered:
        return f"SELECT {columns} FROM {source}"
    extra = []
    if numbered:
        extra = ['f.number AS "$file"', f'r.{_NUMBER} AS "$row"']
    if "$path" in hidden:
        extra.append('f.path AS "$path"')
    rows = ", ".join(
        f"({text_literal(str(path))}, {number}, {text_literal(task.file.file_path)})"
        for path, (number, task) in files.items()
    )
    return (
        f"SELECT {', '.join([columns, *extra])} FROM {source} "
        f"JOIN (VALUES {rows}) f(file, number, path) ON r.{SOURCE} = f.file"
    )


def _nothing(schema: Schema, hidden: list[str], numbered: bool) -> str:
    cells = [
        f"CAST(NULL AS {to_duckdb(to_trino(field.field_type))}) AS {quoted(field.name.lower())}"
        for field in schema.fields
    ]
    cells += [f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in hidden]
    if numbered:
        cells += ['CAST(NULL AS BIGINT) AS "$file"', 'CAST(NULL AS BIGINT) AS "$row"']
    return f"SELECT {', '.join(cells)} WHERE false"


_Rows = tuple[dict[str, str], pa.Table]


def _snapshots(table: IcebergTable) -> _Rows:
    columns = {
        "committed_at": "timestamp(3) with time zone",
        "snapshot_id": "bigint",
        "parent_id": "bigint",
        "operation": "varchar",
        "manifest_list": "varchar",
        "summary": "map(varchar, varchar)",
    }
    return columns, _in_utc(table.inspect.snapshots())


def _history(table: IcebergTable) -> _Rows:
    columns = {
        "made_current_at": "timestamp(3) with time zone",
        "snapshot_id": "bigint",
        "parent_id": "bigint",
        "is_current_ancestor": "boolean",
    }
    return columns, _in_utc(table.inspect.history())


def _files(table: IcebergTable) -> _Rows:
    columns = {
        "content": "integer",
        "file_path": "varchar",
        "file_format": "varchar",
        "record_count": "bigint",
        "file_size_in_bytes": "bigint",
        "column_sizes": "map(integer, bigint)",
        "value_counts": "map(integer, bigint)",
        "null_value_counts": "map(integer, bigint)",
        "nan_value_counts": "map(integer, bigint)",
        "key_metadata": "varbinary",
        "split_offsets": "array(bigint)",
        "equality_ids": "array(integer)",
    }
    return columns, table.inspect.files().select(list(columns))


def _manifests(table: IcebergTable) -> _Rows:
    columns = {
        "path": "varchar",
        "length": "bigint",
        "partition_spec_id": "integer",
        "added_snapshot_id": "bigint",
        "added_data_files_count": "integer",
        "existing_data_files_count": "integer",
        "deleted_data_files_count": "integer",
    }
    return columns, table.inspect.manifests().select(list(columns))


def _partitions(table: IcebergTable) -> _Rows:
    found = table.inspect.partitions()
    columns = {}
    if "partition" in found.column_names:
        spec = table.spec()
        schema = table.schema()
        fields = [
            (item.name, to_trino(item.transform.result_type(schema.find_type(item.source_id)))) for item in spec.fields
        ]
        columns["partition"] = f"row({', '.join(f'{name} {kind}' for name, kind in fields)})"
    columns |= {"record_count": "bigint", "file_count": "bigint", "total_size": "bigint"}
    sizes = found.column("total_data_file_size_in_bytes")
    return columns, found.append_column("total_size", sizes).select(list(columns))


def _refs(table: IcebergTable) -> _Rows:
    columns = {
        "name": "varchar",
        "type": "varchar",
        "snapshot_id": "bigint",
        "max_reference_age_in_ms": "bigint",
        "min_snapshots_to_keep": "integer",
        "max_snapshot_age_in_ms": "bigint",
    }
    return columns, table.inspect.refs().select(list(columns))


_METADATA: dict[str, Callable[[IcebergTable], _Rows]] = {
    "snapshots": _snapshots,
    "history": _history,
    "files": _files,
    "manifests": _manifests,
    "partitions": _partitions,
    "refs": _refs,
}


def _in_utc(rows: pa.Table) -> pa.Table:
    for number, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is None:
            rows = rows.set_column(number, field.name, rows.column(number).cast(pa.timestamp("us", tz="UTC")))
    return rows
