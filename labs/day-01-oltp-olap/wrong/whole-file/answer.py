"""Day 1: the same sum on a row store and on a column store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair
import duckdb
import psycopg
from psycopg import sql

PAGE_BYTES = 8192
CHUNK = 1 << 20
TABLE = """
    create table orders (
        order_id bigint primary key,
        customer_id integer not null,
        driver_id integer not null,
        ordered_at timestamp not null,
        city text not null,
        country text not null,
        currency text not null,
        status text not null,
        payment text not null,
        device text not null,
        order_total_cents integer not null,
        discount_cents integer not null,
        tip_cents integer not null,
        distance_meters integer not null,
        promo_code text,
        note text not null
    )
"""


def load_postgres(connection: psycopg.Connection, csv_file: Path) -> None:
    """Make the table `orders` with the columns of the file, their types and a key, and load the file."""
    connection.execute(TABLE)
    with (
        csv_file.open("rb") as file,
        connection.cursor().copy("copy orders from stdin (format csv, header)") as copy,
    ):
        while chunk := file.read(CHUNK):
            copy.write(chunk)
    connection.commit()
    connection.execute("analyze orders")
    connection.commit()


def write_parquet(csv_file: Path, parquet_file: Path) -> None:
    """Write the same orders as one compressed Parquet file."""
    orders = duckdb.read_csv(str(csv_file))
    orders.write_parquet(str(parquet_file), compression="zstd")


def total_postgres(connection: psycopg.Connection, column: str) -> int:
    """The sum of a column of the table."""
    query = sql.SQL("select sum({}) from orders").format(sql.Identifier(column))
    return connection.execute(query).fetchall()[0][0]


def total_parquet(connection: duckdb.DuckDBPyConnection, parquet_file: Path, column: str) -> int:
    """The sum of a column of the file."""
    query = f'select sum("{column}") from read_parquet(?)'
    return connection.execute(query, [str(parquet_file)]).fetchall()[0][0]


def order_postgres(connection: psycopg.Connection, order_id: int) -> tuple[int, int, int]:
    """order_id, customer_id and order_total_cents of one order, without reading the whole table."""
    query = "select order_id, customer_id, order_total_cents from orders where order_id = %s"
    return connection.execute(query, [order_id]).fetchall()[0]


def bytes_postgres(connection: psycopg.Connection, column: str) -> int:
    """The bytes of the pages that the sum of a column looks at, wherever they are."""
    query = sql.SQL("explain (analyze, buffers, format json) select sum({}) from orders")
    ((plans,),) = connection.execute(query.format(sql.Identifier(column))).fetchall()
    top = plans[0]["Plan"]
    return (top["Shared Hit Blocks"] + top["Shared Read Blocks"]) * PAGE_BYTES


def bytes_parquet(parquet_file: Path, column: str) -> int:
    """The bytes of the file that the sum of a column needs."""
    return parquet_file.stat().st_size


def chart(figures: list[dict[str, Any]], svg_file: Path) -> None:
    """Draw figures like {"engine": "PostgreSQL", "cache": "cold", "seconds": 0.5} as an SVG file."""
    drawn = (
        altair.Chart(altair.Data(values=figures), title="SUM of one column")
        .mark_point(filled=True, size=90)
        .encode(
            x=altair.X("seconds:Q").scale(type="log").title("seconds (log scale)"),
            y=altair.Y("engine:N").title(None),
            color=altair.Color("cache:N"),
        )
        .properties(width=480, height=160)
    )
    drawn.save(str(svg_file))
