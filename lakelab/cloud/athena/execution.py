"""One statement on its way: whose it is, what it may reach, and how its outcome is put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import duckdb

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.billing import scanned
from lakelab.cloud.athena.catalog import Catalog, Invoke, Table, TableRef
from lakelab.cloud.athena.connections import Connections, add_functions, fence
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import BytesScannedCutoff, QueryError
from lakelab.cloud.athena.iceberg.fileio import ObjectsIO
from lakelab.cloud.athena.iceberg.reading import Reader, Version
from lakelab.cloud.athena.iceberg.tables import IcebergTables
from lakelab.cloud.athena.model import Column, Outcome, Session
from lakelab.cloud.athena.queries import Plan, Planner
from lakelab.cloud.athena.relations import Relation
from lakelab.cloud.objects import Objects


class Execution:
    """What the handlers of statements work with, in the name of one session's caller."""

    def __init__(self, invoke: Invoke, connections: Connections, session: Session):
        self.session = session
        self.connections = connections
        self.catalog = Catalog(invoke, session)
        self.objects = Objects(session.caller, session.scratch / "spool")
        self.files = DataFiles(self.objects)
        self.now = datetime.now(UTC)
        self._uris: dict[str, str] = {}

    def public(self, text: str) -> str:
        """A text of DuckDB with the URIs of objects in place of local files."""
        for path, uri in self._uris.items():
            text = text.replace(path, uri)
        return text

    @cached_property
    def iceberg(self) -> IcebergTables:
        return IcebergTables(self.catalog, self._iceberg_io)

    @cached_property
    def iceberg_reader(self) -> Reader:
        return Reader(self._iceberg_io, self.session.scratch)

    @cached_property
    def _iceberg_io(self) -> ObjectsIO:
        return ObjectsIO(self.objects, self.session.scratch / "iceberg")

    def relation(self, table: Table, suffix: str, version: Version | None, hidden: list[str]) -> Relation | None:
        """The rows of an Iceberg table, or of one of its metadata tables: what the planner asks for."""
        loaded = self.iceberg.load(table.database, table.name)
        if suffix:
            return self.iceberg_reader.metadata(loaded, suffix)
        return self.iceberg_reader.relation(loaded, version, [name for name in hidden if name == "$path"])

    # ---- DuckDB

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for this statement alone."""
        con = self.connections.take()
        try:
            yield con
        finally:
            self.connections.release(con)

    def planner(self, con: duckdb.DuckDBPyConnection) -> Planner:
        return Planner(con, self.catalog, self.files, self, self.session, self.now)

    def plan(self, con: duckdb.DuckDBPyConnection, sql: str) -> Plan:
        """Plan a query and fence the connection in: from here on it sees the query's files and nothing else.

        Raises:
            BytesScannedCutoff: it would scan more than the workgroup allows.
        """
        plan = self.planner(con).plan(sql)
        self._uris |= {str(path): file.uri for each in plan.relations.values() for path, file in each.files.items()}
        add_functions(con, plan.parts)
        fence(con, plan.files, self.session.scratch)
        plan.create(con)
        plan.scanned = scanned(con, plan.translated.sql, plan.relations.values())
        self.check_cutoff(plan.scanned)
        plan.hasten(con)
        return plan

    def check_cutoff(self, bytes_scanned: int) -> None:
        cutoff = self.session.bytes_scanned_cutoff
        if cutoff is not None and bytes_scanned > cutoff:
            raise BytesScannedCutoff

    def running(self, con: duckdb.DuckDBPyConnection):
        """The block in which the statement can be cancelled."""
        return self.connections.running(con, self.session)

    # ---- the catalog

    def require_database(self, ref: TableRef) -> None:
        if not self.catalog.has_database(ref.database):
            raise QueryError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{ref.database}' does not exist")

    def require_table(self, name: s.Name) -> tuple[TableRef, Table]:
        """A table that rows can go to."""
        ref = self.catalog.resolve(name)
        self.require_database(ref)
        table = self.catalog.find(ref)
        if table is None:
            raise QueryError("TABLE_NOT_FOUND", f"line 1:1: Table '{ref}' does not exist")
        if table.is_view:
            raise QueryError("NOT_SUPPORTED", f"line 1:1: Changing the rows of a view is not supported: {ref}")
        return ref, table

    # ---- outcomes

    def outcome(self, statement: s.Statement, **fields: Any) -> Outcome:
        return Outcome(statement.kind.statement_type, statement.kind.substatement_type, **fields)

    def lines(
        self,
        statement: s.Statement,
        lines: list[str] | None = None,
        columns: tuple[str, ...] = (),
        kind: str = "string",
    ) -> Outcome:
        """The outcome of a statement that prints lines of text."""
        result = self.session.scratch / "result.txt"
        lines = lines or []
        result.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return self.outcome(statement, columns=[Column(name, kind) for name in columns], result=result, rows=len(lines))

    def written(self, statement: s.Statement, plan: Plan | None, rows: int, uris: list[str]) -> Outcome:
        """The outcome of a statement that wrote data files."""
        read = plan.scanned if plan else 0
        return self.outcome(statement, rows=rows, update_count=rows, manifest=uris, scanned=read)
