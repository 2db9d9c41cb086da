"""SHOW and DESCRIBE, whose names may be quoted as in either grammar."""

from __future__ import annotations

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.cursor import Cursor


class ShowReader(Cursor):
    def _show(self) -> s.Statement:
        statement = self.one_of(
            {
                "DATABASES": lambda: s.ShowDatabases(self._like()),
                "SCHEMAS": lambda: s.ShowDatabases(self._like()),
                "TABLES": lambda: s.ShowTables(self._in_database(), self._like()),
                "VIEWS": lambda: s.ShowViews(self._in_database(), self._like()),
                "COLUMNS": self._show_columns,
                "PARTITIONS": lambda: s.ShowPartitions(
                    self._any_name(), self.partition_spec() if self.take("PARTITION") else None
                ),
                "CREATE TABLE": lambda: s.ShowCreateTable(self._any_name()),
                "CREATE VIEW": lambda: s.ShowCreateView(self._any_name()),
                "TBLPROPERTIES": self._show_properties,
            }
        )
        return self.last(statement)

    def _any_name(self) -> s.Name:
        return self.name(trino=self.peek().kind == "dquote")

    def _in_database(self) -> s.Name | None:
        return self._any_name() if self.take("IN") or self.take("FROM") else None

    def _like(self) -> str | None:
        if self.take("LIKE"):
            return self.string().replace("%", "*")
        return self.string() if self.peek().kind in ("string", "dquote") else None

    def _show_columns(self) -> s.ShowColumns:
        if not (self.take("IN") or self.take("FROM")):
            self.fail("'FROM', 'IN'")
        name = self._any_name()
        if self.take("IN") or self.take("FROM"):
            name = s.Name((*self._any_name().parts, name.last))
        return s.ShowColumns(name)

    def _show_properties(self) -> s.ShowProperties:
        name = self._any_name()
        return s.ShowProperties(name, self.listed(self.string)[0] if self.at("(") else None)

    def _describe(self) -> s.Describe:
        detail = "EXTENDED" if self.take("EXTENDED") else "FORMATTED" if self.take("FORMATTED") else ""
        name = self._any_name()
        partition = self.partition_spec() if self.take("PARTITION") else None
        column = self.identifier() if self.peek().kind in ("word", "backtick") else None
        self.end()
        return s.Describe(name, detail, partition, column)
