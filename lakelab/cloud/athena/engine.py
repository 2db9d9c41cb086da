"""Runs one statement of Athena SQL: over the Glue catalog, S3 objects and DuckDB, with the caller's permissions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import singledispatchmethod
from pathlib import Path

import duckdb

from lakelab.cloud.athena import ddl, show, views, write
from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.catalog import CATALOG, Catalog, Invoke, TableRef
from lakelab.cloud.athena.connections import Connections, Limits, fence
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import QueryError, of_aws, of_duckdb
from lakelab.cloud.athena.formats.readers import quoted, text_literal
from lakelab.cloud.athena.grammar import parse_statement
from lakelab.cloud.athena.model import Column, Outcome, Session
from lakelab.cloud.athena.queries import IcebergReader, Plan, Planner
from lakelab.cloud.athena.sql import SqlError, prepare_connection, sql_error
from lakelab.cloud.athena.sql.types import parse_type, to_hive
from lakelab.cloud.athena.tokens import bind
from lakelab.cloud.errors import AwsError
from lakelab.cloud.objects import Objects


def classify(sql: str) -> s.Kind:
    """How Athena classifies a statement, known before it runs.

    Raises:
        MalformedQuery: what StartQueryExecution answers for a text that is no statement.
    """
    return parse_statement(sql).kind


class Engine:
    """Runs statements, several at once, each in the name of its session's caller.

    Args:
        invoke: calls Glue in this process.
        limits: what one statement may use.
    """

    def __init__(self, invoke: Invoke, limits: Limits | None = None):
        self._invoke = invoke
        self._connections = Connections(limits or Limits())

    def run(self, session: Session, sql: str) -> Outcome:
        """Run one statement to its end, with its effects on S3 and Glue.

        Raises:
            QueryError: it failed. QueryCancelled: it was stopped, or went over the scanned-bytes limit.
            MalformedQuery: it is no statement of Athena.
        """
        if session.parameters:
            sql = bind(sql, session.parameters)
        statement = parse_statement(sql)
        session.scratch.mkdir(parents=True, exist_ok=True)
        with _as_query_errors():
            return _Execution(self._invoke, self._connections, session).run(statement)

    def close(self) -> None:
        """Give back what is held ready for the next statement."""
        self._connections.close()


@contextmanager
def _as_query_errors() -> Iterator[None]:
    """Every error of a statement as Athena reports it."""
    try:
        yield
    except SqlError as error:
        raise QueryError(error.name, error.message) from error
    except duckdb.Error as error:
        translated = sql_error(error)
        raise (QueryError(translated.name, translated.message) if translated else of_duckdb(error)) from error
    except AwsError as error:
        raise of_aws(error) from error


class _Execution:
    """One statement on its way."""

    def __init__(self, invoke: Invoke, connections: Connections, session: Session):
        self._connections = connections
        self._session = session
        self._catalog = Catalog(invoke, session)
        self._objects = Objects(session.caller, session.scratch / "spool")
        self._files = DataFiles(self._objects)
        self._now = datetime.now(UTC)
        self._ddl = ddl.Ddl(self._catalog, self._objects)
        self._show = show.Show(self._catalog)

    @singledispatchmethod
    def run(self, statement: object) -> Outcome:
        raise QueryError("NOT_SUPPORTED", f"{type(statement).__name__} is not supported")

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        con = self._connections.take()
        try:
            yield con
        finally:
            con.close()

    def _plan(self, con: duckdb.DuckDBPyConnection, sql: str) -> Plan:
        """Plan a query and fence the connection in: from here on it sees the query's files and nothing else."""
        iceberg = IcebergReader()
        plan = Planner(con, self._catalog, self._files, iceberg, self._session, self._now).plan(sql)
        prepare_connection(con, *plan.parts)
        fence(con, plan.files, self._session.scratch)
        plan.create(con)
        return plan

    # ---- queries

    @run.register
    def _(self, statement: s.Query) -> Outcome:
        with self._connected() as con:
            plan = self._plan(con, statement.sql)
            result = self._session.scratch / "result.csv"
            with self._connections.running(con, self._session):
                rows = write_csv(con, plan, result)
        columns = [Column(column.name, column.type) for column in plan.translated.columns]
        return self._outcome(statement, columns=columns, result=result, rows=rows)

    def _outcome(self, statement: s.Statement, **fields) -> Outcome:
        return Outcome(statement.kind.statement_type, statement.kind.substatement_type, **fields)

    @run.register
    def _(self, statement: s.Explain) -> Outcome:
        inner = statement.statement
        text = getattr(inner, "query", None) or getattr(inner, "sql", None)
        if text is None or isinstance(inner, s.Update | s.Delete | s.Merge):
            raise QueryError("NOT_SUPPORTED", f"EXPLAIN of {inner.kind.substatement_type} is not supported")
        with self._connected() as con:
            plan = self._plan(con, text)
            verb = "EXPLAIN ANALYZE" if statement.analyze else "EXPLAIN"
            with self._connections.running(con, self._session):
                lines = con.execute(f"{verb} {plan.translated.sql}").fetchall()[-1][1].split("\n")
        return self._lines(statement, ("Query Plan",), lines, "varchar")

    def _lines(
        self,
        statement: s.Statement,
        columns: tuple[str, ...] = (),
        lines: list[str] | None = None,
        kind: str = "string",
    ) -> Outcome:
        result = self._session.scratch / "result.txt"
        lines = lines or []
        result.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        described = [Column(name, kind) for name in columns]
        return self._outcome(statement, columns=described, result=result, rows=len(lines))

    # ---- writing

    @run.register
    def _(self, statement: s.CreateTableAs) -> Outcome:
        ref = self._catalog.resolve(statement.name)
        write.check_properties(statement.properties)
        self._require_database(ref)
        if self._catalog.find(ref) is not None:
            if statement.if_not_exists:
                return self._outcome(statement, update_count=0, manifest=[])
            raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: Destination table '{ref}' already exists")
        return self._create_hive_table(statement, ref)

    def _require_database(self, ref: TableRef) -> None:
        if not self._catalog.has_database(ref.database):
            raise QueryError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{ref.database}' does not exist")

    def _create_hive_table(self, statement: s.CreateTableAs, ref: TableRef) -> Outcome:
        location = self._location(statement)
        write.check_empty(self._files, location, lambda uri: _exists_text(ref, uri))
        writer = write.Writer(self._objects, self._session)
        with self._connected() as con:
            plan = self._plan(con, statement.query)
            columns = write.check_columns(plan.translated.columns)
            write.check_hive_types(columns)
            target, table_input = write.plan_table(statement, columns, location)
            if statement.comment:
                table_input["Parameters"]["comment"] = statement.comment
            created = False
            try:
                if statement.with_data:
                    select = _renamed(plan, [name for name, _ in columns])
                    with self._connections.running(con, self._session):
                        writer.write(con, select, target)
                self._catalog.create_table(ref.database, {"Name": ref.table, **table_input})
                created = True
                write.register(self._catalog, ref, writer.done, target)
            except BaseException:
                if created:
                    self._catalog.drop_table(ref)
                writer.undo()
                raise
        rows = writer.done.rows
        return self._outcome(statement, rows=rows, update_count=rows, manifest=writer.done.uris)

    def _location(self, statement: s.CreateTableAs) -> str:
        given = statement.properties.get("external_location")
        if given is None:
            return f"{self._session.output}tables/{self._session.execution_id}"
        if self._session.enforced_output:
            raise QueryError(
                "INVALID_TABLE_PROPERTY",
                "The Create Table As Select query failed because it was submitted with an 'external_location' property "
                "to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the "
                "'external_location' property and resubmit the query.",
            )
        return str(given).rstrip("/")

    @run.register
    def _(self, statement: s.Insert) -> Outcome:
        ref = self._catalog.resolve(statement.name)
        self._require_database(ref)
        table = self._catalog.find(ref)
        if table is None:
            raise QueryError("TABLE_NOT_FOUND", f"line 1:1: Table '{ref}' does not exist")
        if table.is_view:
            raise QueryError("NOT_SUPPORTED", f"line 1:1: Inserting into views is not supported: {ref}")
        writer = write.Writer(self._objects, self._session)
        with self._connected() as con:
            plan = self._plan(con, statement.query)
            target, select = write.plan_insert(self._catalog, table, statement, plan.translated)
            try:
                with self._connections.running(con, self._session):
                    writer.write(con, select, target)
                write.register(self._catalog, ref, writer.done, target)
            except BaseException:
                writer.undo()
                raise
        rows = writer.done.rows
        return self._outcome(statement, rows=rows, update_count=rows, manifest=writer.done.uris)

    @run.register
    def _(self, statement: s.Unload) -> Outcome:
        location = statement.location.rstrip("/")
        if "format" not in statement.properties:
            raise QueryError("INVALID_TABLE_PROPERTY", "line 1:1: UNLOAD needs the property 'format'")
        write.check_empty(self._files, location, lambda uri: f"Target directory for the unload already exists: {uri}")
        writer = write.Writer(self._objects, self._session)
        with self._connected() as con:
            plan = self._plan(con, statement.query)
            columns = write.check_columns(plan.translated.columns)
            target, _ = write.plan_table(statement, columns, location)
            try:
                with self._connections.running(con, self._session):
                    writer.write(con, _renamed(plan, [name for name, _ in columns]), target)
            except BaseException:
                writer.undo()
                raise
        rows = writer.done.rows
        return self._outcome(statement, rows=rows, update_count=rows, manifest=writer.done.uris)

    # ---- views

    @run.register
    def _(self, statement: s.CreateView) -> Outcome:
        ref = self._catalog.resolve(statement.name)
        self._require_database(ref)
        existing = self._catalog.find(ref)
        if existing is not None and not existing.is_view:
            raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: Table already exists: '{ref}'")
        if existing is not None and not statement.or_replace:
            raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{ref}'")
        with self._connected() as con:
            plan = Planner(con, self._catalog, self._files, IcebergReader(), self._session, self._now).plan(
                statement.query
            )
        columns = plan.translated.columns
        if statement.columns:
            if len(statement.columns) != len(columns):
                raise QueryError(
                    "MISMATCHED_COLUMN_ALIASES", "line 1:1: Column alias list has a wrong number of entries"
                )
            columns = [column._replace(name=name) for name, column in zip(statement.columns, columns, strict=True)]
        typed = write.check_columns(columns)
        definition = views.ViewDefinition(
            statement.query.strip(),
            CATALOG,
            self._session.database.lower() or ref.database,
            tuple((name, str(kind)) for name, kind in typed),
        )
        hive = [(name, to_hive(parse_type(str(kind)))) for name, kind in typed]
        table_input = views.table_input(ref.table, definition, hive, statement.comment)
        if existing is not None:
            self._catalog.update_table(existing, table_input)
        else:
            self._catalog.create_table(ref.database, table_input)
        return self._lines(statement)

    # ---- the catalog

    @run.register(s.CreateDatabase | s.DropDatabase | s.AlterDatabase | s.CreateTable | s.DropTable | s.DropView)
    @run.register(s.RepairTable | s.AddColumns | s.ReplaceColumns | s.DropColumn | s.ChangeColumn | s.RenameTable)
    @run.register(s.AddPartitions | s.DropPartitions | s.RenamePartition)
    @run.register(s.SetLocation | s.SetProperties | s.UnsetProperties)
    def _(self, statement) -> Outcome:
        return self._lines(statement, (), self._ddl.run(statement))

    @run.register(s.Show)
    def _(self, statement) -> Outcome:
        listing = self._show.run(statement)
        return self._lines(statement, listing.columns, listing.lines)


def _exists_text(ref: TableRef, location: str) -> str:
    return (
        f"Target directory for table '{ref.database}.{ref.table}' already exists: {location}. You may need to manually "
        f"clean the data at location '{location}' before retrying. Athena will not delete data in your account."
    )


def _renamed(plan: Plan, names: list[str]) -> str:
    """The query's rows under these names."""
    inner = ", ".join(f"c{number}" for number in range(len(names)))
    selected = ", ".join(f"c{number} AS {quoted(name)}" for number, name in enumerate(names))
    return f"SELECT {selected} FROM ({plan.translated.sql}) q({inner})"


def write_csv(con: duckdb.DuckDBPyConnection, plan: Plan, target: Path) -> int:
    """Write a query's result as Athena does, every value in quotes and NULL as nothing; answers the number of rows."""
    body = target.with_suffix(".body")
    row = con.execute(
        f"COPY ({plan.translated.text_sql}) TO {text_literal(str(body))} "
        "(FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '')"
    ).fetchone()
    assert row is not None
    # DuckDB renames columns of the same name, which Athena's header keeps: so the header is ours
    header = ",".join('"' + column.name.replace('"', '""') + '"' for column in plan.translated.columns)
    with target.open("wb") as out, body.open("rb") as rows:
        out.write(header.encode() + b"\n")
        while chunk := rows.read(1 << 20):
            out.write(chunk)
    body.unlink()
    return row[0]
