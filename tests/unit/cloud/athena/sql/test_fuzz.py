"""Statements made of pieces of others: each binds in DuckDB or ends in an error of Athena's, never in a crash."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from lakelab.cloud.athena.sql import Schema, SqlError, parse, prepare_connection, sql_error, translate

GOLDEN = Path(__file__).parent / "trino_golden.jsonl"
PIECES = (exp.Condition, exp.Case, exp.Cast, exp.Query)
FIXED = (exp.DataType, exp.DataTypeParam, exp.Interval, exp.TableAlias, exp.Table, exp.With, exp.Limit, exp.Offset)


@lru_cache(maxsize=1)
def trees() -> list[exp.Expr]:
    """The recorded statements that parse."""
    found = []
    for line in GOLDEN.read_text(encoding="utf-8").splitlines()[1:]:
        try:
            found.append(parse(json.loads(line)["sql"]))
        except SqlError:
            continue
    return found


def pieces(tree: exp.Expr) -> list[exp.Expr]:
    """The nodes that another expression can stand in for."""
    return [
        node
        for node in tree.walk()
        if isinstance(node, PIECES)
        and not isinstance(node, (exp.Star, exp.Interval))
        and node.parent is not None
        and not isinstance(node.parent, FIXED)
    ]


def spliced(tree: exp.Expr, other: exp.Expr, rng: random.Random) -> exp.Expr:
    """`tree` with one of its expressions replaced by one of the other's."""
    result = tree.copy()
    places, donors = pieces(result), pieces(other)
    if places and donors:
        rng.choice(places).replace(rng.choice(donors).copy())
    return result


@pytest.mark.parametrize("seed", range(2))
def test_spliced_statements(schema: Schema, database: duckdb.DuckDBPyConnection, seed: int) -> None:
    rng = random.Random(seed)
    recorded = trees()
    names = {"default_catalog": "awsdatacatalog", "default_schema": "default", "now": datetime(2024, 3, 5, tzinfo=UTC)}
    outcomes = {"bound": 0, "refused": 0}
    with database.cursor() as con:
        for _ in range(150):
            tree = spliced(rng.choice(recorded), rng.choice(recorded), rng)
            try:
                statement = translate(tree, schema, **names)
                prepare_connection(con, statement)
                con.execute("EXPLAIN " + statement.text_sql)
                outcomes["bound"] += 1
            except SqlError:
                outcomes["refused"] += 1
            except duckdb.Error as error:
                if sql_error(error) is None:
                    pytest.fail(f"{tree.sql()}\n{error}")
                outcomes["refused"] += 1
    assert min(outcomes.values()) > 10
