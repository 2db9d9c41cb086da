"""Runs one statement of Athena SQL: over the Glue catalog, S3 objects and DuckDB, with the caller's permissions."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

import duckdb

from lakelab.cloud.athena import loading, views, write
from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.catalog import CATALOG, Invoke, Table
from lakelab.cloud.athena.changes import Changes
from lakelab.cloud.athena.connections import Connections, Limits
from lakelab.cloud.athena.ddl import Ddl
from lakelab.cloud.athena.errors import QueryError, hive_error, is_bad_data, of_aws, of_duckdb, of_sql
from lakelab.cloud.athena.execution import Execution
from lakelab.cloud.athena.formats.readers import text_literal
from lakelab.cloud.athena.grammar import parse_statement
from lakelab.cloud.athena.iceberg.tables import create_columns, iceberg_properties, is_iceberg
from lakelab.cloud.athena.model import Column, Outcome, Session
from lakelab.cloud.athena.queries import Plan
from lakelab.cloud.athena.show import Show
from lakelab.cloud.athena.sql import SqlError, sql_error, wide_decimals
from lakelab.cloud.athena.sql.types import TypeNameError, parse_type, to_hive
from lakelab.cloud.athena.tokens import bind
from lakelab.cloud.errors import AwsError

_NARROW_DECIMALS = re.compile(r"Overflow in \w+ of DECIMAL\(18\)")


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
        try:
            return self._attempt(session, statement)
        except QueryError as error:
            if not _NARROW_DECIMALS.search(error.message):
                raise
        with wide_decimals():  # the failed attempt has left nothing behind
            return self._attempt(session, statement)

    def _attempt(self, session: Session, statement: s.Statement) -> Outcome:
        shutil.rmtree(session.scratch, ignore_errors=True)
        session.scratch.mkdir(parents=True)
        execution = Execution(self._invoke, self._connections, session)
        with _as_query_errors(execution):
            return _Runner(execution).run(statement)

    def close(self) -> None:
        """Give back what is held ready for the next statement."""
        self._connections.close()


@contextmanager
def _as_query_errors(execution: Execution) -> Iterator[None]:
    """Every error of a statement as Athena reports it: objects are named by their URIs, not by local files."""
    try:
        yield
    except SqlError as error:
        raise of_sql(error) from error
    except duckdb.Error as error:
        known = None if is_bad_data(error) else sql_error(error)
        failure = of_sql(known) if known else of_duckdb(error)
        failure.message = execution.public(failure.message)
        raise failure from error
    except TypeNameError as error:
        raise QueryError("HIVE_INVALID_METADATA", f"{error} in the columns of a table") from error
    except AwsError as error:
        raise of_aws(error) from error


class _Runner:
    """Finds the handler of a statement."""

    def __init__(self, execution: Execution):
        self._execution = execution
        self._session = execution.session
        self._catalog = execution.catalog

    @singledispatchmethod
    def run(self, statement: object) -> Outcome:
        raise QueryError("NOT_SUPPORTED", f"{type(statement).__name__} is not supported")

    # ---- queries

    @run.register
    def _(self, statement: s.Query) -> Outcome:
        with self._execution.connected() as con:
            plan = self._execution.plan(con, statement.sql)
            result = self._session.scratch / "result.csv"
            with self._execution.running(con):
                rows = write_csv(con, plan, result)
        columns = [Column(column.name, column.type) for column in plan.translated.columns]
        return self._execution.outcome(statement, columns=columns, result=result, rows=rows, scanned=plan.scanned)

    @run.register
    def _(self, statement: s.Explain) -> Outcome:
        inner = statement.statement
        if not isinstance(inner, s.Query | s.CreateTableAs | s.Insert | s.Unload):
            raise QueryError("NOT_SUPPORTED", f"EXPLAIN of {inner.kind.substatement_type} is not supported")
        query = inner.sql if isinstance(inner, s.Query) else inner.query
        verb = "EXPLAIN (ANALYZE, FORMAT json)" if statement.analyze else "EXPLAIN (FORMAT json)"
        with self._execution.connected() as con:
            plan = self._execution.plan(con, query)
            with self._execution.running(con):
                rows = con.execute(f"{verb} {plan.translated.sql}").fetchall()
        labels = [relation.label for relation in plan.relations.values()]
        # text, but with the name of its column as the first line: dbt-athena's tests of AWS read it so
        lines = ["Query Plan", *plan_lines(rows[-1][1], labels)]
        outcome = self._execution.lines(statement, lines, ("Query Plan",), "varchar")
        return replace(outcome, scanned=plan.scanned if statement.analyze else 0)

    # ---- rows

    @run.register
    def _(self, statement: s.CreateTableAs) -> Outcome:
        return loading.create_table_as(self._execution, statement)

    @run.register
    def _(self, statement: s.Insert) -> Outcome:
        return loading.insert(self._execution, statement)

    @run.register
    def _(self, statement: s.Unload) -> Outcome:
        return loading.unload(self._execution, statement)

    @run.register(s.Update | s.Delete | s.Merge)
    def _(self, statement: s.Update | s.Delete | s.Merge) -> Outcome:
        ref, table = self._execution.require_table(statement.name)
        self._require_iceberg(table, "Modifying Hive table rows is only supported for transactional tables")
        with self._execution.connected() as con:
            changed = self._changes().run(con, ref, statement)
        rows = changed.rows
        return self._execution.outcome(statement, rows=rows, update_count=rows, scanned=changed.scanned)

    @run.register
    def _(self, statement: s.Optimize) -> Outcome:
        ref, table = self._execution.require_table(statement.name)
        self._require_iceberg(table, f"Table '{ref}' is not an Iceberg table: OPTIMIZE is not supported")
        with self._execution.connected() as con:
            changed = self._changes().optimize(con, ref, statement)
        return self._execution.outcome(statement, scanned=changed.scanned)

    @run.register
    def _(self, statement: s.Vacuum) -> Outcome:
        ref, table = self._execution.require_table(statement.name)
        self._require_iceberg(table, f"Table '{ref}' is not an Iceberg table: VACUUM is not supported")
        self._execution.iceberg.vacuum(self._execution.iceberg.load(ref.database, ref.table))
        return self._execution.outcome(statement)

    def _changes(self) -> Changes:
        return Changes(self._execution)

    @staticmethod
    def _require_iceberg(table: Table, message: str) -> None:
        if not table.is_iceberg:
            raise QueryError("NOT_SUPPORTED", message)

    # ---- views

    @run.register
    def _(self, statement: s.CreateView) -> Outcome:
        ref = self._catalog.resolve(statement.name)
        self._execution.require_database(ref)
        existing = self._catalog.find(ref)
        if existing is not None and not existing.is_view:
            raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: Table already exists: '{ref}'")
        if existing is not None and not statement.or_replace:
            raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: View already exists: '{ref}'")
        with self._execution.connected() as con:
            columns = self._execution.planner(con).plan(statement.query).translated.columns
        if statement.columns:
            if len(statement.columns) != len(columns):
                raise QueryError(
                    "MISMATCHED_COLUMN_ALIASES", "line 1:1: Column alias list has a wrong number of entries"
                )
            columns = [column._replace(name=name) for name, column in zip(statement.columns, columns, strict=True)]
        typed = [(name, str(kind)) for name, kind in write.check_columns(columns)]
        database = self._session.database.lower() or ref.database
        definition = views.ViewDefinition(statement.query.strip(), CATALOG, database, tuple(typed))
        hive = [(name, to_hive(parse_type(kind))) for name, kind in typed]
        table_input = views.table_input(ref.table, definition, hive, statement.comment)
        if existing is not None:
            self._catalog.update_table(existing, table_input)
        else:
            self._catalog.create_table(ref.database, table_input)
        return self._execution.lines(statement)

    # ---- the catalog

    @run.register(s.CreateDatabase | s.DropDatabase | s.AlterDatabase | s.DropView | s.RepairTable)
    def _(self, statement: s.Statement) -> Outcome:
        return self._hive(statement)

    def _hive(self, statement: s.Statement) -> Outcome:
        return self._execution.lines(statement, Ddl(self._catalog, self._execution.objects).run(statement))

    @run.register
    def _(self, statement: s.CreateTable) -> Outcome:
        if not is_iceberg(statement.properties):
            return self._hive(statement)
        ref = self._catalog.resolve(statement.name)
        self._execution.require_database(ref)
        if self._catalog.find(ref) is not None:
            if statement.if_not_exists:
                return self._execution.lines(statement)
            raise hive_error(
                f"Execution Error, return code 1: AlreadyExistsException: Table {ref.table} already exists."
            )
        if not statement.location:
            raise QueryError("INVALID_TABLE_PROPERTY", "Iceberg tables need a LOCATION")
        partitioning = (*statement.partition_transforms, *(column.name for column in statement.partitioned_by))
        properties = iceberg_properties(statement.properties)
        if statement.comment:
            properties["comment"] = statement.comment
        with self._execution.iceberg.committing(str(ref)):
            self._execution.iceberg.create(
                ref, create_columns(statement), statement.location.rstrip("/"), partitioning, properties
            )
        return self._execution.lines(statement)

    @run.register
    def _(self, statement: s.DropTable) -> Outcome:
        ref = self._catalog.resolve(statement.name)
        table = self._catalog.find(ref)
        if table is None or not table.is_iceberg:
            return self._hive(statement)
        self._execution.iceberg.drop(ref.database, ref.table)
        return self._execution.lines(statement)

    @run.register(s.Alter)
    def _(self, statement: s.Alter) -> Outcome:
        ref = self._catalog.resolve(statement.name)
        table = self._catalog.find(ref)
        if table is None or not table.is_iceberg:
            return self._hive(statement)
        if isinstance(statement, s.RenameTable):
            to = self._catalog.resolve(statement.to)
            if self._catalog.find(to) is not None:
                raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: Target table '{to}' already exists")
            self._execution.iceberg.rename(ref.database, ref.table, to.database, to.table)
            return self._execution.lines(statement)
        with self._execution.iceberg.committing(str(ref)):
            self._execution.iceberg.alter(self._execution.iceberg.load(ref.database, ref.table), statement)
        return self._execution.lines(statement)

    @run.register(s.Show)
    def _(self, statement: s.Show) -> Outcome:
        listing = Show(self._catalog).run(statement)
        return self._execution.lines(statement, listing.lines, listing.columns)


def plan_lines(plan: str, labels: Sequence[str]) -> list[str]:
    """DuckDB's plan, given as JSON, a line for each operator with its inputs below it."""

    def lines(node: dict[str, Any], depth: int) -> Iterator[str]:
        details = {name: value for name, value in node.get("extra_info", {}).items() if value}
        shown = "; ".join(
            f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in details.items()
        )
        for label in labels:
            shown = shown.replace(label, "")
        yield f"{'    ' * depth}- {(node.get('name') or node.get('operator_name') or 'QUERY').strip()} [{shown}]"
        for child in node.get("children", ()):
            yield from lines(child, depth + 1)

    document = json.loads(plan)
    return [line for root in (document if isinstance(document, list) else [document]) for line in lines(root, 0)]


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
