"""Athena's SQL (engine version 3: Trino) for DuckDB: parse, translate, and render results as Athena does.

This package knows nothing of Glue, S3 or HTTP: it takes SQL text and a schema, and gives DuckDB's SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import duckdb
from sqlglot import exp

from lakelab.cloud.athena.sql.errors import SqlError
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


def parse(sql: str) -> exp.Expression:
    """One statement of Athena SQL. Raises SqlError."""
    raise NotImplementedError


def referenced_tables(statement: exp.Expression, *, default_catalog: str, default_schema: str) -> list[TableName]:
    """The tables that a statement names, each once; names of WITH queries are left out."""
    raise NotImplementedError


def translate(
    query: exp.Expression,
    schema: Schema,
    *,
    default_catalog: str,
    default_schema: str,
    now: datetime,
    parameters: Sequence[str] = (),
    user: str = "",
) -> Translated:
    """A query (SELECT, WITH, VALUES, TABLE, set operations) for DuckDB. Raises SqlError."""
    raise NotImplementedError


def translate_dml(
    statement: exp.Expression,
    schema: Schema,
    *,
    default_catalog: str,
    default_schema: str,
    now: datetime,
    parameters: Sequence[str] = (),
    user: str = "",
) -> Translated:
    """A MERGE, UPDATE or DELETE against a DuckDB table. Raises SqlError."""
    raise NotImplementedError


def prepare_connection(con: duckdb.DuckDBPyConnection, *statements: Translated) -> None:
    """Give a connection the settings of Trino's semantics, and the Python functions that `statements` call."""
    raise NotImplementedError


def sql_error(error: duckdb.Error) -> SqlError | None:
    """What Athena says where DuckDB raised `error` while it ran a translated statement; None when it is no user error."""
    raise NotImplementedError
