"""SHOW and DESCRIBE: what the catalog holds, as the lines of text that Athena prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatchmethod

from lakelab.cloud.athena import projection, views
from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.catalog import Catalog, Field, Table, partition_folder
from lakelab.cloud.athena.errors import QueryError, hive_error
from lakelab.cloud.athena.model import Column


@dataclass(frozen=True)
class Listing:
    """The lines that a statement prints, and the columns that GetQueryResults names; tabs join the values of a line."""

    columns: tuple[str, ...]
    lines: list[str]

    def describe(self) -> list[Column]:
        return [Column(name, "string") for name in self.columns]


class Show:
    """Runs SHOW and DESCRIBE in the name of one caller."""

    def __init__(self, catalog: Catalog):
        self._catalog = catalog

    @singledispatchmethod
    def run(self, statement: object) -> Listing:
        raise QueryError("NOT_SUPPORTED", f"{type(statement).__name__} is not supported")

    @run.register
    def _(self, statement: s.ShowDatabases) -> Listing:
        return Listing(("database_name",), sorted(filter(_like(statement.pattern), self._catalog.databases())))

    @run.register
    def _(self, statement: s.ShowTables) -> Listing:
        matches = _like(statement.pattern)
        names = (table.name for table in self._tables(statement.database))
        return Listing(("tab_name",), sorted(filter(matches, names)))

    @run.register
    def _(self, statement: s.ShowViews) -> Listing:
        matches = _like(statement.pattern)
        names = (table.name for table in self._tables(statement.database) if table.is_view)
        return Listing(("views",), sorted(filter(matches, names)))

    def _tables(self, name: s.Name | None) -> list[Table]:
        database = self._catalog.resolve_database(name)
        if not self._catalog.has_database(database):
            raise hive_error(f"SemanticException [Error 10072]: Database does not exist: {database}")
        return list(self._catalog.tables(database))

    def _table(self, name: s.Name) -> Table:
        ref = self._catalog.resolve(name)
        table = self._catalog.find(ref)
        if table is None:
            raise hive_error(f"SemanticException [Error 10001]: Table not found {ref.database}.{ref.table}")
        return table

    @run.register
    def _(self, statement: s.ShowColumns) -> Listing:
        table = self._table(statement.name)
        return Listing(("field",), [f"{column.name:<20}" for column in (*table.columns, *table.keys)])

    @run.register
    def _(self, statement: s.ShowPartitions) -> Listing:
        table = self._table(statement.name)
        keys = [key.name for key in table.keys]
        if not keys:
            raise hive_error(
                f"SemanticException [Error 10241]: Table {table.database}.{table.name} is not a partitioned table"
            )
        if projection.is_projected(table):
            return Listing(("partition",), [])  # as on AWS: projected partitions are not in the catalog
        wanted = statement.partition or {}
        found = [
            partition_folder(keys, partition.values)
            for partition in self._catalog.partitions(table)
            if all(dict(zip(keys, partition.values, strict=True)).get(key) == value for key, value in wanted.items())
        ]
        return Listing(("partition",), sorted(found))

    @run.register
    def _(self, statement: s.ShowCreateTable) -> Listing:
        table = self._table(statement.name)
        if table.is_view:
            raise hive_error(f"SemanticException: {table.name} is a view: use SHOW CREATE VIEW")
        return Listing(("createtab_stmt",), create_table_text(table).split("\n"))

    @run.register
    def _(self, statement: s.ShowCreateView) -> Listing:
        ref = self._catalog.resolve(statement.name)
        table = self._catalog.find(ref)
        if table is None:
            raise QueryError("TABLE_NOT_FOUND", f"line 1:1: View '{ref}' does not exist")
        if not table.is_view:
            raise QueryError("NOT_SUPPORTED", f"line 1:1: Relation '{ref}' is a table, not a view")
        text = f"CREATE VIEW {table.database}.{table.name} AS\n{views.decode(table).sql}"
        return Listing(("Create View",), text.split("\n"))

    @run.register
    def _(self, statement: s.ShowProperties) -> Listing:
        table = self._table(statement.name)
        if statement.key is not None:
            value = table.properties.get(statement.key)
            if value is None:
                value = f"Table {table.database}.{table.name} does not have property: {statement.key}"
            return Listing(("prpt_name", "prpt_value"), [value])
        return Listing(
            ("prpt_name", "prpt_value"), [f"{key}\t{value}" for key, value in sorted(table.properties.items())]
        )

    @run.register
    def _(self, statement: s.Describe) -> Listing:
        table = self._table(statement.name)
        columns = [*table.columns, *table.keys]
        header = ("col_name", "data_type", "comment")
        if statement.column is not None:
            columns = [column for column in columns if column.name == statement.column]
            if not columns:
                raise hive_error(f"SemanticException [Error 10002]: Invalid column reference {statement.column}")
            return Listing(header, [_described(columns[0])])
        lines = [_described(column) for column in columns]
        if table.keys:
            lines += ["\t \t ", "# Partition Information\t \t ", _heading("# col_name"), "\t \t "]
            lines += [_described(key) for key in table.keys]
        if statement.detail == "EXTENDED":
            lines += ["\t \t ", f"Detailed Table Information\t{table.raw}\t"]
        elif statement.detail == "FORMATTED":
            lines = [_heading("# col_name"), "\t \t ", *lines, *_details(table)]
        return Listing(header, lines)


def _like(pattern: str | None):
    """Hive's pattern: `*` for anything, `|` between choices; the whole name, in any case."""
    if pattern is None:
        return lambda name: True
    choices = [re.escape(choice).replace(r"\*", ".*") for choice in pattern.split("|")]
    compiled = re.compile("|".join(f"(?:{choice})" for choice in choices), re.IGNORECASE)
    return lambda name: compiled.fullmatch(name) is not None


def _described(column: Field) -> str:
    return f"{column.name:<20}\t{column.type:<20}\t{column.comment or '':<20}"


def _heading(first: str) -> str:
    return f"{first:<20}\t{'data_type':<20}\t{'comment':<20}"


def _details(table: Table) -> list[str]:
    storage = table.raw.get("StorageDescriptor") or {}

    def line(label: str, value: object) -> str:
        return f"{label:<20}\t{value!s:<20}\t "

    lines = [
        "\t \t ",
        "# Detailed Table Information\t \t ",
        line("Database:", table.database),
        line("Owner:", table.raw.get("Owner", "hadoop")),
        line("CreateTime:", table.raw.get("CreateTime", "")),
        line("Location:", table.storage.location),
        line("Table Type:", table.raw.get("TableType", "")),
        "Table Parameters:\t \t ",
    ]
    lines += [f"\t{key:<20}\t{value:<20}" for key, value in sorted(table.properties.items())]
    lines += [
        "\t \t ",
        "# Storage Information\t \t ",
        line("SerDe Library:", table.storage.serde),
        line("InputFormat:", table.storage.input_format),
        line("OutputFormat:", storage.get("OutputFormat", "")),
        line("Compressed:", "Yes" if storage.get("Compressed") else "No"),
        line("Num Buckets:", storage.get("NumberOfBuckets", -1)),
        line("Bucket Columns:", f"[{', '.join(storage.get('BucketColumns') or ())}]"),
        "Storage Desc Params:\t \t ",
    ]
    return lines + [f"\t{key:<20}\t{value:<20}" for key, value in sorted(table.storage.serde_properties.items())]


def create_table_text(table: Table) -> str:
    """The CREATE EXTERNAL TABLE statement of a table, as Hive prints it."""
    storage = table.raw.get("StorageDescriptor") or {}
    external = "EXTERNAL " if not table.is_iceberg else ""
    qualified = f"`{table.database}.{table.name}`" if table.is_iceberg is False else f"{table.database}.{table.name}"
    parts = [f"CREATE {external}TABLE {qualified}(", _column_lines(table.columns)]
    if table.raw.get("Description"):
        parts.append(f"COMMENT {_hive_string(table.raw['Description'])}")
    if table.is_iceberg:
        return "\n".join(
            [*parts, f"LOCATION '{table.storage.location}'", "TBLPROPERTIES (", "  'table_type'='iceberg'", ");"]
        )
    if table.keys:
        parts += ["PARTITIONED BY ( ", _column_lines(table.keys)]
    if storage.get("BucketColumns"):
        parts += ["CLUSTERED BY ( ", ", \n".join(f"  {name}" for name in storage["BucketColumns"]) + ") "]
        parts.append(f"INTO {storage['NumberOfBuckets']} BUCKETS")
    parts += ["ROW FORMAT SERDE ", f"  '{table.storage.serde}' "]
    if table.storage.serde_properties:
        parts += ["WITH SERDEPROPERTIES ( ", _pairs(table.storage.serde_properties) + ") "]
    parts += [
        "STORED AS INPUTFORMAT ",
        f"  '{table.storage.input_format}' ",
        "OUTPUTFORMAT ",
        f"  '{storage.get('OutputFormat', '')}'",
        "LOCATION",
        f"  '{storage.get('Location', '')}'",
    ]
    properties = {key: value for key, value in table.properties.items() if key not in ("EXTERNAL", "comment")}
    if properties:
        parts += ["TBLPROPERTIES (", _pairs(properties) + ")"]
    return "\n".join(parts)


def _column_lines(columns: Sequence[Field]) -> str:
    lines = (
        f"  `{column.name}` {column.type}" + (f" COMMENT {_hive_string(column.comment)}" if column.comment else "")
        for column in columns
    )
    return ", \n".join(lines) + ")"


def _pairs(properties) -> str:
    return ", \n".join(f"  {_hive_string(key)}={_hive_string(value)}" for key, value in sorted(properties.items()))


def _hive_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t").replace("\n", "\\n")
    return "'" + escaped + "'"
