"""DDL over Hive tables: databases, tables, partitions and properties, in the Glue catalog.

Athena runs these statements on Hive's engine, so errors are Hive's. Dropping an external table or a partition leaves
its objects in S3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatchmethod
from urllib.parse import unquote

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.catalog import Catalog, Params, Table, partition_folder, partition_values
from lakelab.cloud.athena.definitions import TASK, checked_location, column_input, table_input
from lakelab.cloud.athena.errors import QueryError, hive_error
from lakelab.cloud.athena.sql.types import from_hive
from lakelab.cloud.errors import AwsError
from lakelab.cloud.objects import Objects, split_uri


class Ddl:
    """Runs DDL statements in the name of one caller. `run` answers the lines that Athena prints, mostly none."""

    def __init__(self, catalog: Catalog, objects: Objects):
        self._catalog = catalog
        self._objects = objects

    @singledispatchmethod
    def run(self, statement: object) -> list[str]:
        raise QueryError("NOT_SUPPORTED", f"{type(statement).__name__} is not supported on Hive tables")

    # ---- databases

    @run.register
    def _(self, statement: s.CreateDatabase) -> list[str]:
        name = self._catalog.resolve_database(statement.name)
        if self._catalog.has_database(name):
            if statement.if_not_exists:
                return []
            raise hive_error(f"{TASK} Database {name} already exists")
        given = {
            "Name": name,
            "Description": statement.comment,
            "LocationUri": statement.location,
            "Parameters": statement.properties or None,
        }
        self._catalog.call(
            "CreateDatabase", DatabaseInput={key: value for key, value in given.items() if value is not None}
        )
        return []

    @run.register
    def _(self, statement: s.DropDatabase) -> list[str]:
        name = self._catalog.resolve_database(statement.name)
        if not self._catalog.has_database(name):
            if statement.if_exists:
                return []
            raise hive_error(f"SemanticException [Error 10072]: Database does not exist: {name}")
        tables = [] if statement.cascade else list(self._catalog.tables(name))
        if tables:
            raise hive_error(
                f"{TASK} InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
            )
        self._catalog.call("DeleteDatabase", Name=name)
        return []

    @run.register
    def _(self, statement: s.AlterDatabase) -> list[str]:
        name = self._catalog.resolve_database(statement.name)
        if not self._catalog.has_database(name):
            raise hive_error(f"SemanticException [Error 10072]: Database does not exist: {name}")
        database = self._catalog.database(name)
        kept = {key: database[key] for key in ("Name", "Description", "LocationUri") if database.get(key)}
        parameters = {**(database.get("Parameters") or {}), **statement.properties}
        self._catalog.call("UpdateDatabase", Name=name, DatabaseInput={**kept, "Parameters": parameters})
        return []

    # ---- tables

    @run.register
    def _(self, statement: s.CreateTable) -> list[str]:
        ref = self._catalog.resolve(statement.name)
        self._require_database(ref.database)
        if self._catalog.find(ref) is not None:
            if statement.if_not_exists:
                return []
            raise hive_error(f"{TASK} AlreadyExistsException(message:Table {ref.table} already exists.)")
        self._catalog.create_table(ref.database, table_input(ref, statement))
        return []

    @run.register
    def _(self, statement: s.DropTable) -> list[str]:
        ref = self._catalog.resolve(statement.name)
        table = self._catalog.find(ref)
        if table is None:
            if statement.if_exists:
                return []
            raise hive_error(f"SemanticException [Error 10001]: Table not found {ref.database}.{ref.table}")
        if table.is_view:
            raise hive_error(f"SemanticException [Error 10077]: Cannot drop a view with DROP TABLE: {ref.table}")
        self._catalog.drop_table(ref)
        return []

    @run.register
    def _(self, statement: s.DropView) -> list[str]:
        ref = self._catalog.resolve(statement.name)
        table = self._catalog.find(ref)
        if table is None:
            if statement.if_exists:
                return []
            raise QueryError("TABLE_NOT_FOUND", f"line 1:1: View '{ref}' does not exist")
        if not table.is_view:
            raise QueryError(
                "TABLE_NOT_FOUND", f"line 1:1: View '{ref}' does not exist, but a table with that name does"
            )
        self._catalog.drop_table(ref)
        return []

    def _require_database(self, name: str) -> None:
        if not self._catalog.has_database(name):
            raise hive_error(f"SemanticException [Error 10072]: Database does not exist: {name}")

    def _table(self, name: s.Name) -> Table:
        ref = self._catalog.resolve(name)
        table = self._catalog.find(ref)
        if table is None:
            raise hive_error(f"SemanticException [Error 10001]: Table not found {ref.database}.{ref.table}")
        if table.is_view:
            raise hive_error(
                f"SemanticException [Error 10131]: To alter a view you need to use CREATE OR REPLACE VIEW: {ref.table}"
            )
        return table

    # ---- columns

    @run.register
    def _(self, statement: s.AddColumns) -> list[str]:
        def add(columns: list[Params]) -> list[Params]:
            known = {column["Name"].lower() for column in columns}
            for column in statement.columns:
                if column.name in known:
                    raise hive_error(f"{TASK} Duplicate column name: {column.name}")
            return [*columns, *map(column_input, statement.columns)]

        return self._change_columns(statement.name, add)

    @run.register
    def _(self, statement: s.ReplaceColumns) -> list[str]:
        return self._change_columns(statement.name, lambda _: [column_input(column) for column in statement.columns])

    @run.register
    def _(self, statement: s.DropColumn) -> list[str]:
        self._table(statement.name)
        raise hive_error("ParseException: ALTER TABLE DROP COLUMN is supported on Iceberg tables only")

    @run.register
    def _(self, statement: s.ChangeColumn) -> list[str]:
        def change(columns: list[Params]) -> list[Params]:
            names = [column["Name"].lower() for column in columns]
            if statement.column not in names:
                raise hive_error(f"SemanticException [Error 10002]: Invalid column reference {statement.column}")
            new = column_input(statement.to)
            place = names.index(statement.column)
            rest = columns[:place] + columns[place + 1 :]
            if statement.first:
                place = 0
            elif statement.after is not None:
                others = [column["Name"].lower() for column in rest]
                if statement.after not in others:
                    raise hive_error(f"SemanticException [Error 10002]: Invalid column reference {statement.after}")
                place = others.index(statement.after) + 1
            return [*rest[:place], new, *rest[place:]]

        return self._change_columns(statement.name, change)

    def _change_columns(self, name: s.Name, change: Callable[[list[Params]], list[Params]]) -> list[str]:
        table = self._table(name)
        changed = table.input()
        storage = changed["StorageDescriptor"]
        changed["StorageDescriptor"] = {**storage, "Columns": change(list(storage.get("Columns", ())))}
        self._catalog.update_table(table, changed)
        return []

    # ---- properties, location, name

    @run.register
    def _(self, statement: s.SetProperties) -> list[str]:
        table = self._table(statement.name)
        changed = table.input()
        changed["Parameters"] = {**table.properties, **statement.properties}
        self._catalog.update_table(table, changed)
        return []

    @run.register
    def _(self, statement: s.UnsetProperties) -> list[str]:
        table = self._table(statement.name)
        changed = table.input()
        changed["Parameters"] = {key: value for key, value in table.properties.items() if key not in statement.keys}
        self._catalog.update_table(table, changed)
        return []

    @run.register
    def _(self, statement: s.SetLocation) -> list[str]:
        table = self._table(statement.name)
        location = checked_location(statement.location)
        if statement.partition is not None:
            values = self._values(table, statement.partition)
            self._change_partition(table, values, values, location)
            return []
        changed = table.input()
        changed["StorageDescriptor"] = {**changed["StorageDescriptor"], "Location": location}
        self._catalog.update_table(table, changed)
        return []

    @run.register
    def _(self, statement: s.RenameTable) -> list[str]:
        self._table(statement.name)
        raise hive_error("ParseException: ALTER TABLE RENAME TO is supported on Iceberg tables only")

    # ---- partitions

    @run.register
    def _(self, statement: s.AddPartitions) -> list[str]:
        table = self._table(statement.name)
        new = []
        for spec, location in statement.partitions:
            values = self._values(table, spec)
            folder = partition_folder([key.name for key in table.keys], values)
            new.append((values, checked_location(location) if location else f"{table.storage.location}/{folder}/"))
        if not statement.if_not_exists:
            existing = {partition.values for partition in self._catalog.partitions(table)}
            for values, _ in new:
                if values in existing:
                    raise hive_error(f"{TASK} AlreadyExistsException(message:Partition already exists: {list(values)})")
        self._catalog.add_partitions(table, new)
        return []

    @run.register
    def _(self, statement: s.DropPartitions) -> list[str]:
        table = self._table(statement.name)
        keys = [key.name for key in table.keys]
        dropped: dict[tuple[str, ...], None] = {}
        for conditions in statement.partitions:
            for key, _, _ in conditions:
                if key not in keys:
                    raise hive_error(f"SemanticException [Error 10096]: Unknown partition column {key}")
            expression = " AND ".join(
                f"{key} {operator} {_expression_literal(table, key, value)}" for key, operator, value in conditions
            )
            found = [partition.values for partition in self._catalog.partitions(table, expression)]
            if not found and not statement.if_exists:
                shown = ", ".join(f"{key} {operator} '{value}'" for key, operator, value in conditions)
                raise hive_error(f"SemanticException [Error 10006]: Partition not found ({shown})")
            dropped.update(dict.fromkeys(found))
        self._catalog.drop_partitions(table, dropped)
        return []

    @run.register
    def _(self, statement: s.RenamePartition) -> list[str]:
        table = self._table(statement.name)
        old, new = self._values(table, statement.partition), self._values(table, statement.to)
        self._change_partition(table, old, new, None)
        return []

    @run.register
    def _(self, statement: s.RepairTable) -> list[str]:
        """Registers the folders named `key=value` below the table that are not registered."""
        table = self._table(statement.name)
        keys = [key.name for key in table.keys]
        if not keys:
            return []
        bucket, prefix = split_uri(table.storage.location)
        prefix = f"{prefix.rstrip('/')}/"
        known = {partition.values for partition in self._catalog.partitions(table)}
        found: dict[tuple[str, ...], str] = {}
        for item in self._objects.list(bucket, prefix):
            parts = item.key[len(prefix) :].split("/")[: len(keys)]
            values = partition_values("/".join(parts), keys, unquote)
            if values is not None and values not in known:
                found.setdefault(values, f"{table.storage.location}/{'/'.join(parts)}/")
        self._catalog.add_partitions(table, found.items())
        if not found:
            return []
        lines = [f"Partitions not in metastore:\t{' '.join(f'{table.name}:{_shown(keys, each)}' for each in found)}"]
        return lines + [f"Repair: Added partition to metastore {table.name}:{_shown(keys, each)}" for each in found]

    def _values(self, table: Table, spec: s.PartitionSpec) -> tuple[str, ...]:
        names = [key.name for key in table.keys]
        if set(spec) != set(names):
            raise hive_error(
                "SemanticException: Partition spec must contain all partition columns: "
                f"expected [{', '.join(names)}], got [{', '.join(spec)}]"
            )
        return tuple(spec[name] for name in names)

    def _change_partition(self, table: Table, old: tuple[str, ...], new: tuple[str, ...], location: str | None) -> None:
        try:
            raw = self._catalog.call(
                "GetPartition", DatabaseName=table.database, TableName=table.name, PartitionValues=list(old)
            )["Partition"]
        except AwsError as error:
            if error.code != "EntityNotFoundException":
                raise
            raise hive_error(f"SemanticException [Error 10006]: Partition not found {list(old)}") from error
        storage = dict(raw["StorageDescriptor"])
        if location:
            storage["Location"] = location
        given = {"Values": list(new), "StorageDescriptor": storage}
        if raw.get("Parameters"):
            given["Parameters"] = raw["Parameters"]
        self._catalog.call(
            "UpdatePartition",
            DatabaseName=table.database,
            TableName=table.name,
            PartitionValueList=list(old),
            PartitionInput=given,
        )


def _shown(keys: Sequence[str], values: Sequence[str]) -> str:
    return partition_folder(keys, values)


def _expression_literal(table: Table, key: str, value: str) -> str:
    kind = next(from_hive(each.type) for each in table.keys if each.name == key)
    return value if kind.is_numeric else "'" + value.replace("'", "''") + "'"
