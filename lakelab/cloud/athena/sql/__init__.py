"""Athena's SQL (engine version 3: Trino) for DuckDB: parse, translate, and render results as Athena does.

This package knows nothing of Glue, S3 or HTTP: it takes SQL text and a schema, and gives DuckDB's SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import duckdb
from sqlglot import exp

from lakelab.cloud.athena.sql import connection, render
from lakelab.cloud.athena.sql.arithmetic import wide_decimals
from lakelab.cloud.athena.sql.conversion import NoCast
from lakelab.cloud.athena.sql.dml import Dml
from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.expressions import Statement
from lakelab.cloud.athena.sql.parser import parse, parse_expression
from lakelab.cloud.athena.sql.patterns import UnsupportedPattern
from lakelab.cloud.athena.sql.queries import Queries
from lakelab.cloud.athena.sql.schema import Schema, TableName

__all__ = [
    "Column",
    "Schema",
    "SqlError",
    "TableName",
    "Translated",
    "parse",
    "prepare_connection",
    "referenced_tables",
    "sql_error",
    "translate",
    "translate_dml",
    "wide_decimals",
]


class Column(NamedTuple):
    """A column of a result: its name and its Trino type (`decimal(10,2)`, `array(row(a integer))`)."""

    name: str
    type: str


@dataclass(frozen=True)
class Translated:
    """A statement for DuckDB.

    `sql` gives DuckDB values (it is what CTAS, INSERT and UNLOAD write); `text_sql` gives every column as the text
    that Athena prints (what result files and GetQueryResults hold; NULL stays NULL). `functions` names the Python
    functions that the statement calls: pass the whole object to `prepare_connection`.
    """

    sql: str
    columns: list[Column]
    text_sql: str = ""
    functions: frozenset[str] = frozenset()


def referenced_tables(statement: exp.Expr, *, default_catalog: str, default_schema: str) -> list[TableName]:
    """The tables that a statement names, each once, in lower case; names of WITH queries are left out."""
    hidden = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
    found: dict[TableName, None] = {}
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue
        if not table.args.get("db") and table.name.lower() in hidden:
            continue
        catalog, database = table.args.get("catalog"), table.args.get("db")
        name = TableName(
            (catalog.name if catalog is not None else default_catalog).lower(),
            (database.name if database is not None else default_schema).lower(),
            table.name.lower(),
        )
        found[name] = None
    return list(found)


def translate(
    query: exp.Expr,
    schema: Schema,
    *,
    default_catalog: str,
    default_schema: str,
    now: datetime,
    parameters: Sequence[str] = (),
    user: str = "",
) -> Translated:
    """A query (SELECT, WITH, VALUES, TABLE, set operations) for DuckDB.

    `now` is the start of the query, in UTC. `parameters` are the values of `?`, each a SQL literal; one that is not a
    literal counts as a string. Raises SqlError.
    """
    query = _bind(query, parameters)
    statement = Statement(query.meta.get("sql", ""), now, user, default_catalog, default_schema)
    with _limited():
        result = Queries(statement, schema).query(query, None)
        columns = [(column.name or f"_col{index}", column.type) for index, column in enumerate(result.columns)]
        return Translated(
            result.sql,
            [Column(name, str(kind)) for name, kind in columns],
            render.text_query(result.sql, columns),
            frozenset(statement.functions),
        )


def translate_dml(
    statement: exp.Expr,
    schema: Schema,
    *,
    default_catalog: str,
    default_schema: str,
    now: datetime,
    parameters: Sequence[str] = (),
    user: str = "",
) -> Translated:
    """A MERGE, UPDATE or DELETE for DuckDB, against the DuckDB table of the same full name. Raises SqlError."""
    statement = _bind(statement, parameters)
    context = Statement(statement.meta.get("sql", ""), now, user, default_catalog, default_schema)
    with _limited():
        sql = Dml(Queries(context, schema)).translate(statement)
    return Translated(sql, [], "", frozenset(context.functions))


def prepare_connection(con: duckdb.DuckDBPyConnection, *statements: Translated) -> None:
    """Give a connection the settings of Trino's semantics, and the Python functions that `statements` call."""
    connection.prepare(con, sorted({name for item in statements for name in item.functions}))


def sql_error(error: duckdb.Error) -> SqlError | None:
    """What Athena says where DuckDB raised `error` in a translated statement; None when it is no user error."""
    return connection.error_of(error)


def _bind(statement: exp.Expr, parameters: Sequence[str]) -> exp.Expr:
    """The statement with its `?` replaced, in order. Raises SqlError when their number differs."""
    places = list(statement.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(parameters):
        message = f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}"
        raise SqlError("INVALID_PARAMETER_USAGE", message)
    if not places:
        return statement
    bound = statement.copy()
    bound.meta.update(statement.meta)
    for node, value in zip(list(bound.find_all(exp.Placeholder, bfs=False)), parameters, strict=True):
        node.replace(_parameter(value))
    return bound


def _parameter(value: str) -> exp.Expr:
    try:
        node = parse_expression(value)
    except SqlError:
        return exp.Literal.string(value)
    if node.find(exp.Column) is not None or not isinstance(node, exp.Expr):
        return exp.Literal.string(value)
    return node


@contextmanager
def _limited() -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise SqlError("STACK_OVERFLOW", "statement is too large (stack overflow during analysis)") from error
    except NoCast as error:
        raise SqlError("TYPE_MISMATCH", "Cannot cast a value to the type that the expression needs") from error
    except UnsupportedPattern as error:
        raise SqlError("INVALID_FUNCTION_ARGUMENT", str(error)) from error
