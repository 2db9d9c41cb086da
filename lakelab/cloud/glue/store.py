"""Where databases, tables and their versions are kept: SQLite."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.errors import (
    AlreadyExists,
    ConcurrentModification,
    EntityNotFound,
    InvalidInput,
    database_not_found,
    table_not_found,
)
from lakelab.cloud.glue.model import Database, Scope, Table, with_storage_defaults, without_times
from lakelab.cloud.wire import Params

SCHEMA = """
create table if not exists databases (
    id integer primary key,
    account text not null,
    region text not null,
    name text not null,
    document text not null,
    created real not null,
    unique (account, region, name)
);
create table if not exists tables (
    id integer primary key,
    database_id integer not null references databases on delete cascade,
    name text not null,
    version integer not null,
    document text not null,
    created real not null,
    updated real not null,
    created_by text not null,
    unique (database_id, name)
);
create table if not exists table_versions (
    table_id integer not null references tables on delete cascade,
    version integer not null,
    document text not null,
    updated real not null,
    primary key (table_id, version)
) without rowid;
"""

_TABLE = """
    select tables.id, databases.name as database, tables.name, version, tables.document, tables.created,
        updated, created_by
    from tables join databases on databases.id = database_id
    where account = ? and region = ? and databases.name = ?
"""
_VERSIONS = """
    select version, document, updated from table_versions where table_id = ?1
    union all
    select version, document, updated from tables where id = ?1
"""


class CatalogStore:
    """The databases, tables and table versions of all accounts and regions. Names are kept in lower case."""

    def __init__(self, file: SqliteFile):
        self._file = file

    # databases

    def create_database(self, scope: Scope, document: Params) -> None:
        """Raises AlreadyExists."""
        name = document["Name"].lower()
        try:
            with self._file.transaction() as connection:
                connection.execute(
                    "insert into databases (account, region, name, document, created) values (?, ?, ?, ?, ?)",
                    (scope.account, scope.region, name, _dump(document), time.time()),
                )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists("Database already exists.") from error

    def database(self, scope: Scope, name: str) -> Database:
        """Raises EntityNotFound."""
        row = self._file.row(
            "select * from databases where account = ? and region = ? and name = ?",
            scope.account,
            scope.region,
            name.lower(),
        )
        if row is None:
            raise database_not_found(name)
        return _database(row)

    def databases(self, scope: Scope, *, after: str = "", limit: int = -1) -> list[Database]:
        """The databases in order of their names, those after `after`."""
        rows = self._file.rows(
            "select * from databases where account = ? and region = ? and name > ? order by name limit ?",
            scope.account,
            scope.region,
            after,
            limit,
        )
        return [_database(row) for row in rows]

    def update_database(self, scope: Scope, name: str, document: Params) -> None:
        """Raises EntityNotFound; InvalidInput for another name, since databases cannot be renamed."""
        if document["Name"].lower() != name.lower():
            raise InvalidInput("Renaming a database is not supported.")
        with self._file.transaction() as connection:
            connection.execute(
                "update databases set document = ? where id = ?", (_dump(document), self.database(scope, name).id)
            )

    def delete_database(self, scope: Scope, name: str) -> None:
        """Delete a database and all that is in it. Raises EntityNotFound."""
        with self._file.transaction() as connection:
            connection.execute("delete from databases where id = ?", (self.database(scope, name).id,))

    # tables

    def create_table(self, scope: Scope, database: str, document: Params, created_by: str) -> Table:
        """Raises EntityNotFound for the database, AlreadyExists."""
        with self._file.transaction() as connection:
            database_id = self.database(scope, database).id
            now = time.time()
            try:
                connection.execute(
                    "insert into tables (database_id, name, version, document, created, updated, created_by)"
                    " values (?, ?, 0, ?, ?, ?, ?)",
                    (database_id, document["Name"].lower(), _dump_table(document), now, now, created_by),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExists("Table already exists.") from error
            return self.table(scope, database, document["Name"])

    def table(self, scope: Scope, database: str, name: str) -> Table:
        """Raises EntityNotFound for the database or the table."""
        row = self._file.row(
            f"{_TABLE} and tables.name = ?", scope.account, scope.region, database.lower(), name.lower()
        )
        if row is None:
            self.database(scope, database)
            raise table_not_found(name)
        return _table(row)

    def tables(self, scope: Scope, database: str, names: Sequence[str]) -> list[Table]:
        """The tables with these names, in order of their names; one that does not exist is left out."""
        rows = self._file.rows(
            f"{_TABLE} and tables.name in (select value from json_each(?)) order by tables.name",
            scope.account,
            scope.region,
            database.lower(),
            json.dumps(list(names)),
        )
        return [_table(row) for row in rows]

    def table_names(self, scope: Scope, database: str, *, after: str = "") -> list[str]:
        """The names of a database's tables in order, those after `after`. Raises EntityNotFound."""
        rows = self._file.rows(
            "select name from tables where database_id = ? and name > ? order by name",
            self.database(scope, database).id,
            after,
        )
        return [row["name"] for row in rows]

    def update_table(
        self,
        scope: Scope,
        database: str,
        document: Params,
        *,
        expected_version: int | None = None,
        archive: bool = True,
    ) -> tuple[Table, Table]:
        """Write the next version of a table, and keep the one before it in the archive. Answers (before, after).

        Raises:
            EntityNotFound: no such database or table.
            ConcurrentModification: the table's version is not `expected_version`.
        """
        with self._file.transaction() as connection:
            before = self.table(scope, database, document["Name"])
            if expected_version is not None and before.version != expected_version:
                raise ConcurrentModification("Update table failed due to concurrent modifications.")
            if archive:
                connection.execute(
                    "insert into table_versions (table_id, version, document, updated)"
                    " select id, version, document, updated from tables where id = ?",
                    (before.id,),
                )
            connection.execute(
                "update tables set version = version + 1, document = ?, updated = ? where id = ?",
                (_dump_table(document), time.time(), before.id),
            )
            return before, self.table(scope, database, document["Name"])

    def delete_table(self, scope: Scope, database: str, name: str) -> None:
        """Delete a table, its versions and its partitions. Raises EntityNotFound."""
        with self._file.transaction() as connection:
            connection.execute("delete from tables where id = ?", (self.table(scope, database, name).id,))

    # versions

    def versions(self, table: Table, *, before: int, limit: int) -> list[Table]:
        """The versions of a table older than `before`, the newest first."""
        rows = self._file.rows(
            f"select * from ({_VERSIONS}) where version < ?2 order by version desc limit ?3",
            table.id,
            before,
            limit,
        )
        return [_at_version(table, row) for row in rows]

    def version(self, table: Table, version: int) -> Table:
        """Raises EntityNotFound."""
        row = self._file.row(f"select * from ({_VERSIONS}) where version = ?2", table.id, version)
        if row is None:
            raise EntityNotFound("Version not found.")
        return _at_version(table, row)

    def delete_version(self, table: Table, version: int) -> None:
        """Remove a version from the archive. Raises EntityNotFound; InvalidInput for the current version."""
        if version == table.version:
            raise InvalidInput(f"Version {version} is the current version of the table and cannot be deleted.")
        with self._file.transaction() as connection:
            gone = connection.execute(
                "delete from table_versions where table_id = ? and version = ?", (table.id, version)
            )
            if gone.rowcount == 0:
                raise EntityNotFound("Version not found.")


def _dump(document: Params) -> str:
    return json.dumps(document, separators=(",", ":"))


def _dump_table(document: Params) -> str:
    return _dump(without_times(with_storage_defaults(document)))


def _database(row: sqlite3.Row) -> Database:
    return Database(row["id"], row["name"], json.loads(row["document"]), row["created"])


def _table(row: sqlite3.Row) -> Table:
    return Table(
        row["id"],
        row["database"],
        row["name"],
        row["version"],
        json.loads(row["document"]),
        row["created"],
        row["updated"],
        row["created_by"],
    )


def _at_version(table: Table, row: sqlite3.Row) -> Table:
    document = json.loads(row["document"])
    return Table(
        table.id,
        table.database,
        table.name,
        row["version"],
        document,
        table.created,
        row["updated"],
        table.created_by,
    )
