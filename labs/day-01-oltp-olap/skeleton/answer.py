"""Day 1: the same sum on a row store and on a column store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import psycopg


def load_postgres(connection: psycopg.Connection, csv_file: Path) -> None:
    """Make the table `orders` with the columns of the file, their types and a key, and load the file."""
    raise NotImplementedError


def write_parquet(csv_file: Path, parquet_file: Path) -> None:
    """Write the same orders as one compressed Parquet file."""
    raise NotImplementedError


def total_postgres(connection: psycopg.Connection, column: str) -> int:
    """The sum of a column of the table."""
    raise NotImplementedError


def total_parquet(connection: duckdb.DuckDBPyConnection, parquet_file: Path, column: str) -> int:
    """The sum of a column of the file."""
    raise NotImplementedError


def order_postgres(connection: psycopg.Connection, order_id: int) -> tuple[int, int, int]:
    """order_id, customer_id and order_total_cents of one order, without reading the whole table."""
    raise NotImplementedError


def bytes_postgres(connection: psycopg.Connection, column: str) -> int:
    """The bytes of the pages that the sum of a column looks at, wherever they are."""
    raise NotImplementedError


def bytes_parquet(parquet_file: Path, column: str) -> int:
    """The bytes of the file that the sum of a column needs."""
    raise NotImplementedError


def chart(figures: list[dict[str, Any]], svg_file: Path) -> None:
    """Draw figures like {"engine": "PostgreSQL", "cache": "cold", "seconds": 0.5} as an SVG file."""
    raise NotImplementedError
