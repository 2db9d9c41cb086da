"""What the translator knows of the tables: their names, columns and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class TableName(NamedTuple):
    """The full name of a table, as Athena writes it."""

    catalog: str
    database: str
    table: str


class Schema:
    """The tables that a statement may name; every look-up ignores case.

    Columns are ordered, name -> Trino type (`varchar(10)`, `row(a integer)`). A column whose name starts with `$`
    (`$path`) is hidden: it can be named, and `*` leaves it out. `databases` are all (catalog, database) pairs there
    are; without them, a table of an unknown database is TABLE_NOT_FOUND and never SCHEMA_NOT_FOUND.
    """

    def __init__(
        self,
        tables: Mapping[tuple[str, str, str], Mapping[str, str]] | None = None,
        databases: Iterable[tuple[str, str]] | None = None,
    ):
        self._tables: dict[TableName, dict[str, str]] = {}
        self._databases = (
            {(catalog.lower(), name.lower()) for catalog, name in databases} if databases is not None else None
        )
        for (catalog, database, table), columns in (tables or {}).items():
            self.add(catalog, database, table, columns)

    def add(self, catalog: str, database: str, table: str, columns: Mapping[str, str]) -> None:
        """Make a table known, or replace what was known of it."""
        self._tables[TableName(catalog.lower(), database.lower(), table.lower())] = dict(columns)

    def columns(self, name: TableName) -> dict[str, str] | None:
        """The columns of a table; None when there is no such table."""
        return self._tables.get(TableName(*(part.lower() for part in name)))

    def lacks_database(self, catalog: str, database: str) -> bool:
        """Whether it is known that there is no such database."""
        return self._databases is not None and (catalog.lower(), database.lower()) not in self._databases
