"""CREATE TABLE AS, INSERT and UNLOAD: a query's rows become data files, and the catalog learns of them at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena import write
from lakelab.cloud.athena.catalog import Table, TableRef
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.execution import Execution
from lakelab.cloud.athena.formats.readers import quoted
from lakelab.cloud.athena.iceberg.tables import iceberg_properties, is_iceberg
from lakelab.cloud.athena.iceberg.types import to_trino
from lakelab.cloud.athena.model import Outcome
from lakelab.cloud.athena.queries import Plan


def create_table_as(execution: Execution, statement: s.CreateTableAs) -> Outcome:
    """Make a table of a query's rows. A failure leaves neither table nor files.

    Raises:
        QueryError: TABLE_ALREADY_EXISTS, HIVE_PATH_ALREADY_EXISTS, TOO_MANY_OPEN_PARTITIONS, or of the query.
    """
    ref = execution.catalog.resolve(statement.name)
    write.check_properties(statement.properties)
    execution.require_database(ref)
    if execution.catalog.find(ref) is not None:
        if statement.if_not_exists:
            return execution.written(statement, None, 0, [])
        raise QueryError("TABLE_ALREADY_EXISTS", f"line 1:1: Destination table '{ref}' already exists")
    if is_iceberg(statement.properties):
        return _create_iceberg_table(execution, statement, ref)
    return _create_hive_table(execution, statement, ref)


def _create_hive_table(execution: Execution, statement: s.CreateTableAs, ref: TableRef) -> Outcome:
    location = _location(execution, statement, "external_location")
    write.check_empty(execution.files, location, lambda uri: _exists_text(ref, uri))
    writer = write.Writer(execution.objects, execution.session)
    with execution.connected() as con:
        plan = execution.plan(con, statement.query)
        columns = write.check_columns(plan.translated.columns)
        write.check_hive_types(columns)
        target, table_input = write.plan_table(statement, columns, location)
        if statement.comment:
            table_input["Parameters"]["comment"] = statement.comment
        created = False
        try:
            if statement.with_data:
                with execution.running(con):
                    writer.write(con, _renamed(plan, [name for name, _ in columns]), target)
            execution.catalog.create_table(ref.database, {"Name": ref.table, **table_input})
            created = True
            write.register(execution.catalog, ref, writer.done, target)
        except BaseException:
            if created:
                execution.catalog.drop_table(ref)
            writer.undo()
            raise
    return execution.written(statement, plan, writer.done.rows, writer.done.uris)


def _create_iceberg_table(execution: Execution, statement: s.CreateTableAs, ref: TableRef) -> Outcome:
    for name in ("partitioned_by", "bucketed_by", "external_location"):
        if name in statement.properties:
            raise QueryError(
                "INVALID_TABLE_PROPERTY", f"line 1:1: Table property '{name}' is not supported for Iceberg tables"
            )
    location = _location(execution, statement, "location")
    properties = {
        name: value
        for name, value in statement.properties.items()
        if name not in ("partitioning", "bucket_count", "field_delimiter")
    }
    with execution.connected() as con:
        plan = execution.plan(con, statement.query)
        columns = write.check_columns(plan.translated.columns)
        with execution.iceberg.committing(str(ref)):
            table = execution.iceberg.create(
                ref,
                [(name, kind, None) for name, kind in columns],
                location,
                write.text_list(statement.properties.get("partitioning")),
                iceberg_properties(properties),
            )
            try:
                if not statement.with_data:
                    return execution.written(statement, plan, 0, [])
                with execution.running(con):
                    files = execution.iceberg.write(table, con, plan.translated.sql)
                if files:
                    execution.iceberg.append(table, files)
            except BaseException:
                execution.catalog.drop_table(ref)
                raise
    rows, uris = sum(file.record_count for file in files), [file.file_path for file in files]
    return execution.written(statement, plan, rows, uris)


def _location(execution: Execution, statement: s.CreateTableAs, name: str) -> str:
    """Where a new table's data goes.

    Raises:
        QueryError: the workgroup enforces its output location, and the statement names another; or its results are
            managed, so that there is no output location, and the statement names none.
    """
    given = statement.properties.get(name)
    session = execution.session
    if given is None and not session.output:
        raise QueryError(
            "INVALID_TABLE_PROPERTY",
            f"The results of this workgroup are managed by Athena: name the location of the table's data with '{name}'",
        )
    if given is None:
        return f"{session.output}tables/{session.execution_id}"
    if session.enforced_output and name == "external_location":
        raise QueryError(
            "INVALID_TABLE_PROPERTY",
            "The Create Table As Select query failed because it was submitted with an 'external_location' property "
            "to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the "
            "'external_location' property and resubmit the query.",
        )
    return str(given).rstrip("/")


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


def insert(execution: Execution, statement: s.Insert) -> Outcome:
    """Add a query's rows to a table as new files; new partitions are registered."""
    ref, table = execution.require_table(statement.name)
    if table.is_iceberg:
        return _insert_into_iceberg(execution, statement, table)
    writer = write.Writer(execution.objects, execution.session)
    with execution.connected() as con:
        plan = execution.plan(con, statement.query)
        target, select = write.plan_insert(execution.catalog, table, statement, plan.translated)
        with _undone_on_failure(writer):
            with execution.running(con):
                writer.write(con, select, target)
            write.register(execution.catalog, ref, writer.done, target)
    return execution.written(statement, plan, writer.done.rows, writer.done.uris)


def _insert_into_iceberg(execution: Execution, statement: s.Insert, table: Table) -> Outcome:
    loaded = execution.iceberg.load(table.database, table.name)
    columns = [(field.name.lower(), to_trino(field.field_type)) for field in loaded.schema().fields]
    with execution.connected() as con:
        plan = execution.plan(con, statement.query)
        select = write.insert_select(columns, statement, plan.translated)
        with execution.iceberg.committing(table.full_name):
            with execution.running(con):
                files = execution.iceberg.write(loaded, con, select)
            if files:
                execution.iceberg.append(loaded, files)
    rows, uris = sum(file.record_count for file in files), [file.file_path for file in files]
    return execution.written(statement, plan, rows, uris)


def unload(execution: Execution, statement: s.Unload) -> Outcome:
    """Write a query's rows to a location; no table is made."""
    location = statement.location.rstrip("/")
    if "format" not in statement.properties:
        raise QueryError("INVALID_TABLE_PROPERTY", "line 1:1: UNLOAD needs the property 'format'")
    write.check_empty(execution.files, location, lambda uri: f"Target directory for unload already exists: {uri}")
    writer = write.Writer(execution.objects, execution.session)
    with execution.connected() as con:
        plan = execution.plan(con, statement.query)
        columns = write.check_columns(plan.translated.columns)
        target, _ = write.plan_table(statement, columns, location)
        with _undone_on_failure(writer), execution.running(con):
            writer.write(con, _renamed(plan, [name for name, _ in columns]), target)
    return execution.written(statement, plan, writer.done.rows, writer.done.uris)


@contextmanager
def _undone_on_failure(writer: write.Writer) -> Iterator[None]:
    try:
        yield
    except BaseException:
        writer.undo()
        raise
