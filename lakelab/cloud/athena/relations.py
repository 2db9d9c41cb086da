"""The tables that a statement names, as SELECTs that DuckDB can run over local files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from lakelab.cloud.athena import projection
from lakelab.cloud.athena.catalog import NULL_PARTITION, Catalog, Field, Partition, Table, TableRef
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.names import Format, format_of
from lakelab.cloud.athena.formats.readers import SOURCE, DataFile, quoted, read, text_literal
from lakelab.cloud.athena.sql.types import from_hive, to_duckdb

HIDDEN_COLUMNS = {
    "$path": "varchar",
    "$file_size": "bigint",
    "$file_modified_time": "timestamp(3) with time zone",
    "$partition": "varchar",
}
"""The columns that can be named though `*` leaves them out, with their Trino types."""


_numbers = count(1)


@dataclass
class Relation:
    """A table for DuckDB: its columns with Trino types, the SELECT that gives them, and the files that it reads.

    `formats` says how each file is stored: what a query is billed depends on it. A file that was converted first is
    known by the path of the copy. `label` is what the names of the columns begin with where files are scanned; `fast`,
    where there is one, gives the same rows sooner and without labels.
    """

    columns: dict[str, str]
    sql: str
    files: dict[Path, DataFile] = field(default_factory=dict)
    formats: dict[Path, Format] = field(default_factory=dict)
    field_ids: dict[int, str] = field(default_factory=dict)  # of an Iceberg table: its files may have older names
    fast: str = ""
    label: str = field(default_factory=lambda: f"{next(_numbers)}/")


Prune = Callable[[Table, Sequence[Partition]], Sequence[Partition]]
"""Leaves out partitions that the statement's WHERE clauses rule out."""


class HiveRelations:
    """Builds the relations of Hive tables in the name of one caller.

    Args:
        hidden: the hidden columns that the statement names.
        prune, given: what the statement says of a table's partition keys: a filter, and the values that it fixes.
    """

    def __init__(
        self,
        catalog: Catalog,
        files: DataFiles,
        scratch: Path,
        *,
        now: datetime,
        hidden: Sequence[str],
        prune: Prune,
        given: Callable[[Table], Mapping[str, set[str]]],
    ):
        self._catalog = catalog
        self._files = files
        self._scratch = scratch
        self._now = now
        self._hidden = [name for name in HIDDEN_COLUMNS if name in hidden]
        self._prune = prune
        self._given = given

    def build(self, table: Table) -> Relation:
        """The relation of a Hive table: of its registered or projected partitions, and of no other folder."""
        partitions = self._partitions(table)
        listed = self._files.at([partition.storage.location for partition in partitions])
        groups: dict[tuple[Format, str], list[tuple[Partition, DataFile, datetime]]] = defaultdict(list)
        for partition in partitions:
            items = listed[partition.storage.location]
            serde = partition.storage.serde_properties
            key = (format_of(partition.storage), repr(sorted(serde.items())))
            for item, local in zip(items, self._files.local(items), strict=True):
                groups[key].append((partition, local, item.modified))
        relation = Relation(
            {
                **{column.name: str(from_hive(column.type)) for column in (*table.columns, *table.keys)},
                **{name: HIDDEN_COLUMNS[name] for name in self._hidden},
            },
            sql="",
        )
        selects = [self._select(table, form, members, relation) for (form, _), members in groups.items()]
        relation.sql = " UNION ALL ".join(labelled for labelled, _ in selects) or self._empty(relation)
        if any(fast != labelled for labelled, fast in selects):
            relation.fast = " UNION ALL ".join(fast for _, fast in selects)
        return relation

    def _partitions(self, table: Table) -> Sequence[Partition]:
        if not table.keys:
            return [Partition((), table.storage)]
        if projection.is_projected(table):
            found = list(projection.partitions(table, self._given(table), self._now))
        else:
            found = list(self._catalog.partitions(table))
        return self._prune(table, found)

    def _empty(self, relation: Relation) -> str:
        nulls = ", ".join(
            f"CAST(NULL AS {to_duckdb(from_hive(type_))}) AS {quoted(name)}" for name, type_ in relation.columns.items()
        )
        return f"SELECT {nulls} WHERE false"

    def _select(
        self,
        table: Table,
        form: Format,
        members: list[tuple[Partition, DataFile, datetime]],
        relation: Relation,
    ) -> tuple[str, str]:
        """The SELECT with labelled columns, and the fastest one."""
        serde = members[0][0].storage.serde_properties
        files = [file for _, file, _ in members]
        source = read(form, files, table.columns, serde, table.properties, self._scratch, relation.label)
        for _, file, _ in members:
            read_as = source.read_as[file.path]
            relation.files[read_as] = file
            relation.formats[read_as] = form
        own = [f"r.{quoted(column.name)}" for column in table.columns]
        if not table.keys and not self._hidden:
            sql, fast = (f"SELECT {', '.join(own)} FROM ({each}) r" for each in (source.sql, source.fast or source.sql))
            return sql, fast
        keys = [f"{_typed(f'f.k{number}', key)} AS {quoted(key.name)}" for number, key in enumerate(table.keys)]
        hidden = [f"f.{quoted(name)}" for name in self._hidden]
        rows = ", ".join(
            self._row(table, partition, file, modified, source.read_as[file.path])
            for partition, file, modified in members
        )
        names = ", ".join(["file", *(f"k{number}" for number in range(len(table.keys))), *map(quoted, self._hidden)])
        sql, fast = (
            f"SELECT {', '.join([*own, *keys, *hidden])} FROM ({each}) r "
            f"JOIN (VALUES {rows}) f({names}) ON r.{SOURCE} = f.file"
            for each in (source.sql, source.fast or source.sql)
        )
        return sql, fast

    def _row(self, table: Table, partition: Partition, file: DataFile, modified: datetime, read_as: Path) -> str:
        cells = [text_literal(str(read_as))]
        cells += ["NULL" if value == NULL_PARTITION else text_literal(value) for value in partition.values]
        for name in self._hidden:
            match name:
                case "$path":
                    cells.append(text_literal(file.uri))
                case "$file_size":
                    cells.append(f"CAST({file.size} AS BIGINT)")
                case "$file_modified_time":
                    cells.append(f"TIMESTAMPTZ '{modified.isoformat()}'")
                case "$partition":
                    names = (key.name for key in table.keys)
                    pairs = zip(names, partition.values, strict=True)
                    cells.append(text_literal("/".join(f"{key}={value}" for key, value in pairs)))
        return f"({', '.join(cells)})"

    def partitions_table(self, table: Table) -> Relation:
        """`"table$partitions"`: a row for each partition, with the values of its keys."""
        if not table.keys:
            raise QueryError("TABLE_NOT_FOUND", f"Table '{table.full_name}$partitions' does not exist")
        columns = {key.name: str(from_hive(key.type)) for key in table.keys}
        relation = Relation(columns, "")
        relation.sql = values_select(table.keys, [partition.values for partition in self._partitions(table)])
        return relation


def values_select(keys: Sequence[Field], values: Sequence[Sequence[str]]) -> str:
    """A SELECT of partition values, typed as their keys are."""
    typed = ", ".join(f"{_typed(f'k{number}', key)} AS {quoted(key.name)}" for number, key in enumerate(keys))
    names = ", ".join(f"k{number}" for number in range(len(keys)))
    rows = ", ".join(
        "(" + ", ".join("NULL" if cell == NULL_PARTITION else text_literal(cell) for cell in row) + ")"
        for row in values
    )
    if not rows:
        nulls = ", ".join(["CAST(NULL AS VARCHAR)"] * len(keys))
        return f"SELECT {typed} FROM (SELECT {nulls} WHERE false) f({names})"
    return f"SELECT {typed} FROM (VALUES {rows}) f({names})"


def _typed(cell: str, key: Field) -> str:
    kind = from_hive(key.type)
    if kind.is_text:
        return cell
    typed = f"TRY_CAST({cell} AS {to_duckdb(kind)})"
    before = text_literal("HIVE_INVALID_PARTITION_VALUE: Invalid partition value '")
    after = text_literal(f"' for {str(kind).upper()} partition key: {key.name}")
    failure = f"error({before} || {cell} || {after})"
    return f"CASE WHEN {cell} IS NOT NULL AND {typed} IS NULL THEN {failure} ELSE {typed} END"


def information_schema(catalog: Catalog, ref: TableRef) -> Relation | None:
    """A table of `information_schema`; None when it has no such table."""
    builder = _INFORMATION.get(ref.table)
    return builder(catalog) if builder else None


def _rows(columns: dict[str, str], rows: Sequence[Sequence[str | int | None]]) -> Relation:
    names = ", ".join(map(quoted, columns))
    cells = ["(" + ", ".join("NULL" if cell is None else text_literal(str(cell)) for cell in row) + ")" for row in rows]
    casts = ", ".join(
        f"CAST({quoted(name)} AS {to_duckdb(from_hive(type_))}) AS {quoted(name)}" for name, type_ in columns.items()
    )
    if not cells:
        return Relation(
            columns, f"SELECT {casts} FROM (SELECT {', '.join(['NULL'] * len(columns))} WHERE false) f({names})"
        )
    return Relation(columns, f"SELECT {casts} FROM (VALUES {', '.join(cells)}) f({names})")


def _schemata(catalog: Catalog) -> Relation:
    columns = {"catalog_name": "varchar", "schema_name": "varchar"}
    return _rows(columns, [["awsdatacatalog", name] for name in (*catalog.databases(), "information_schema")])


def _all_tables(catalog: Catalog) -> list[Table]:
    return [table for database in catalog.databases() for table in catalog.tables(database)]


def _tables(catalog: Catalog) -> Relation:
    columns: dict[str, str] = dict.fromkeys(("table_catalog", "table_schema", "table_name", "table_type"), "varchar")
    rows = [
        ["awsdatacatalog", table.database, table.name, "VIEW" if table.is_view else "BASE TABLE"]
        for table in _all_tables(catalog)
    ]
    return _rows(columns, rows)


def _views(catalog: Catalog) -> Relation:
    from lakelab.cloud.athena.views import decode

    columns: dict[str, str] = dict.fromkeys(
        ("table_catalog", "table_schema", "table_name", "view_definition"), "varchar"
    )
    found = [table for table in _all_tables(catalog) if table.is_view]
    return _rows(columns, [["awsdatacatalog", table.database, table.name, decode(table).sql] for table in found])


def _columns(catalog: Catalog) -> Relation:
    columns = {
        **dict.fromkeys(("table_catalog", "table_schema", "table_name", "column_name"), "varchar"),
        "ordinal_position": "bigint",
        **dict.fromkeys(("column_default", "is_nullable", "data_type", "comment", "extra_info"), "varchar"),
    }
    rows: list[list[str | int | None]] = []
    for table in _all_tables(catalog):
        keys = {key.name for key in table.keys}
        for position, column in enumerate((*table.columns, *table.keys), 1):
            extra = "partition key" if column.name in keys else None
            kind = str(from_hive(column.type))
            own = ["awsdatacatalog", table.database, table.name, column.name, position, None, "YES", kind]
            rows.append([*own, column.comment, extra])
    return _rows(columns, rows)


_INFORMATION: dict[str, Callable[[Catalog], Relation]] = {
    "schemata": _schemata,
    "tables": _tables,
    "views": _views,
    "columns": _columns,
}
