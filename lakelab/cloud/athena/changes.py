"""UPDATE, DELETE, MERGE and OPTIMIZE of Iceberg tables: DuckDB changes a copy, and the touched files are replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from lakelab.cloud.athena.billing import scanned
from lakelab.cloud.athena.catalog import CATALOG, TableRef
from lakelab.cloud.athena.connections import add_functions, fence
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.execution import Execution
from lakelab.cloud.athena.formats.readers import quoted
from lakelab.cloud.athena.iceberg.reading import snapshot_of
from lakelab.cloud.athena.relations import Relation
from lakelab.cloud.athena.statements import Delete, Merge, Optimize, Update


@dataclass
class Changed:
    """How many rows a statement changed, and how many bytes it read."""

    rows: int
    scanned: int


class Changes:
    """Changes one Iceberg table by one statement."""

    def __init__(self, execution: Execution):
        self._execution = execution
        self._tables = execution.iceberg

    def run(self, con: duckdb.DuckDBPyConnection, ref: TableRef, statement: Update | Delete | Merge) -> Changed:
        """Run the statement and commit what it changed.

        Raises:
            QueryError: MERGE_TARGET_ROW_MULTIPLE_MATCHES, ICEBERG_COMMIT_ERROR.
        """
        execution = self._execution
        table = self._tables.load(ref.database, ref.table)
        tasks, relation = self._numbered(table)
        plan = execution.planner(con).plan_change(statement.sql, ref, relation.columns)
        add_functions(con, plan.parts)
        fence(con, [*plan.files, *relation.files], execution.session.scratch)
        plan.create(con)
        target = f"{CATALOG}.{quoted(ref.database)}.{quoted(ref.table)}"
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.{quoted(ref.database)}")
        with execution.running(con):
            con.execute(f"CREATE TABLE {target} AS {relation.sql} LIMIT 0")
            read = scanned(con, plan.translated.sql, plan.relations.values()) + _size(relation)
            execution.check_cutoff(read)
            con.execute(f"INSERT INTO {target} {relation.sql}")
            returned = con.execute(f'{plan.translated.sql} RETURNING "$file", "$row"').fetchall()
            _check_single_matches(returned, statement)
            touched = sorted({file for file, _ in returned if file is not None})
            if returned:
                self._commit(con, table, target, [tasks[number] for number in touched], touched)
        return Changed(len(returned), read)

    def _numbered(self, table: IcebergTable) -> tuple[list[FileScanTask], Relation]:
        snapshot = snapshot_of(table, None)
        tasks = list(table.scan(snapshot_id=snapshot).plan_files()) if snapshot is not None else []
        return tasks, self._execution.iceberg_reader.tasks(table, table.schema(), tasks, [], numbered=True)

    def _commit(
        self,
        con: duckdb.DuckDBPyConnection,
        table: IcebergTable,
        target: str,
        replaced: Sequence[FileScanTask],
        numbers: Sequence[int],
    ) -> None:
        columns = ", ".join(quoted(field.name.lower()) for field in table.schema().fields)
        files = ", ".join(map(str, numbers)) or "NULL"
        select = f'SELECT {columns} FROM {target} WHERE "$file" IN ({files}) OR "$file" IS NULL'
        with self._tables.committing(".".join(table.name())):
            written = self._tables.write(table, con, select)
            if replaced:
                self._tables.replace(table, [task.file for task in replaced], written)
            elif written:
                self._tables.append(table, written)

    def optimize(self, con: duckdb.DuckDBPyConnection, ref: TableRef, statement: Optimize) -> Changed:
        """Write the files of each partition that has several, or rows marked deleted, as one."""
        execution = self._execution
        table = self._tables.load(ref.database, ref.table)
        tasks, relation = self._numbered(table)
        chosen = set(range(len(tasks)))
        plan = None
        if statement.where is not None:
            name = f"{quoted(ref.database)}.{quoted(ref.table)}"
            plan = execution.planner(con).plan(f'SELECT DISTINCT "$path" FROM {name} WHERE {statement.where.strip()}')
            add_functions(con, plan.parts)
        fence(con, [*relation.files, *(plan.files if plan else ())], execution.session.scratch)
        with execution.running(con):
            if plan is not None:
                plan.create(con)
                paths = {row[0] for row in con.execute(plan.translated.sql).fetchall()}
                chosen = {number for number, task in enumerate(tasks) if task.file.file_path in paths}
            numbers = sorted(_worth_rewriting(tasks, chosen))
            if numbers:
                con.execute(f"CREATE TEMP TABLE optimized AS {relation.sql}")
                self._commit(con, table, "optimized", [tasks[number] for number in numbers], numbers)
        return Changed(0, sum(tasks[number].file.file_size_in_bytes for number in numbers))


def _size(relation: Relation) -> int:
    return sum(file.size for file in relation.files.values())


def _check_single_matches(returned: Sequence[tuple], statement: Update | Delete | Merge) -> None:
    if isinstance(statement, Merge):
        counts = Counter(row for row in returned if row[0] is not None)
        if any(count > 1 for count in counts.values()):
            raise QueryError(
                "MERGE_TARGET_ROW_MULTIPLE_MATCHES",
                "line 1:1: One MERGE target table row matched more than one source row",
            )


def _worth_rewriting(tasks: Sequence[FileScanTask], chosen: set[int]) -> set[int]:
    partitions = Counter(repr(tasks[number].file.partition) for number in chosen)
    return {
        number for number in chosen if partitions[repr(tasks[number].file.partition)] > 1 or tasks[number].delete_files
    }
