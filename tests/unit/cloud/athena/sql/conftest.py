"""What the dialect's tests share: a schema, a DuckDB that has its tables, and one call that runs Athena's SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from lakelab.cloud.athena.sql import Schema, SqlError, Translated, parse, prepare_connection, sql_error, translate

CATALOG, DATABASE = "awsdatacatalog", "default"
NOW = datetime(2024, 3, 5, 13, 4, 5, 678901, tzinfo=UTC)
TABLES = {
    (CATALOG, DATABASE, "t"): {"id": "integer", "g": "varchar", "x": "decimal(3,1)", "ts": "timestamp(3)"},
    (CATALOG, DATABASE, "j"): {"js": "varchar"},
    (CATALOG, DATABASE, "hidden"): {"a": "integer", "$path": "varchar"},
}
_CREATE = f"""
ATTACH ':memory:' AS {CATALOG};
CREATE SCHEMA {CATALOG}."{DATABASE}";
CREATE TABLE {CATALOG}."{DATABASE}".t(id INTEGER, g VARCHAR, x DECIMAL(3,1), ts TIMESTAMP);
INSERT INTO {CATALOG}."{DATABASE}".t VALUES
  (1, 'a', 10.5, '2024-01-01 10:00:00'), (2, 'b', 20.5, '2024-01-02 11:30:00'), (3, 'a', NULL, '2024-02-03 12:00:00');
CREATE TABLE {CATALOG}."{DATABASE}".j(js VARCHAR);
INSERT INTO {CATALOG}."{DATABASE}".j VALUES ('{{"a":{{"b":[1,2,3]}},"s":"hi","n":null,"d":1.50}}');
CREATE TABLE {CATALOG}."{DATABASE}".hidden(a INTEGER, "$path" VARCHAR);
INSERT INTO {CATALOG}."{DATABASE}".hidden VALUES (1, 's3://b/k');
"""

Run = Callable[[str], tuple[Translated, list[tuple[Any, ...]]]]


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema(TABLES, databases=[(CATALOG, DATABASE)])


@pytest.fixture(scope="session")
def translated(schema: Schema) -> Callable[..., Translated]:
    """Translates a query against the shared schema."""

    def call(sql: str, **options: Any) -> Translated:
        names = {"default_catalog": CATALOG, "default_schema": DATABASE, "now": NOW, "user": "tester"}
        return translate(parse(sql), schema, **{**names, **options})

    return call


@pytest.fixture(scope="session")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(_CREATE)
        yield con


@pytest.fixture(scope="session")
def run(database: duckdb.DuckDBPyConnection, translated: Callable[..., Translated]) -> Run:
    """Runs a query of Athena; its rows come as the text that Athena prints. Raises SqlError as the service would."""

    def call(sql: str) -> tuple[Translated, list[tuple[Any, ...]]]:
        statement = translated(sql)
        with database.cursor() as con:
            prepare_connection(con, statement)
            try:
                return statement, con.execute(statement.text_sql).fetchall()
            except duckdb.Error as error:
                known = sql_error(error)
                if known is None:
                    raise
                raise known from error

    return call


@pytest.fixture(scope="session")
def failure(run: Run) -> Callable[[str], SqlError]:
    """The error that a query ends in."""

    def call(sql: str) -> SqlError:
        with pytest.raises(SqlError) as caught:
            run(sql)
        return caught.value

    return call
