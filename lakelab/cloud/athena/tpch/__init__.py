"""TPC-H for Athena: its 22 queries in Trino's dialect, and its data as Parquet files and Glue tables.

Source: https://www.tpc.org/tpch/ (the queries, with the parameters of their validation runs). The data are those of
DuckDB's tpch extension, which the package `duckdb-extension-tpch` brings.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from lakelab.errors import LakelabError

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
_HIVE = {"INTEGER": "int", "VARCHAR": "string"}


def queries() -> dict[int, str]:
    """The queries by number, 1 to 22."""
    files = sorted((Path(__file__).parent / "queries").glob("q*.sql"))
    return {int(file.stem[1:]): file.read_text() for file in files}


def native_queries() -> dict[int, str]:
    """The queries by number as DuckDB's extension words them."""
    with _extended() as con:
        return dict(con.execute("SELECT query_nr, query FROM tpch_queries()").fetchall())


def generate(folder: Path, scale: float) -> dict[str, Path]:
    """Write the tables, one Parquet file each, and answer the files by table. Scale 1 has 6 million lineitems."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {table: folder / f"{table}.parquet" for table in TABLES}
    with _extended() as con:
        con.execute(f"CALL dbgen(sf = {scale})")
        for table, file in files.items():
            con.execute(f"COPY {table} TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    return files


def create_table(table: str, file: Path, location: str) -> str:
    """The statement that makes the Glue table over an S3 folder that holds a copy of `file`."""
    with duckdb.connect() as con:
        described = con.execute(f"DESCRIBE SELECT * FROM '{file}'").fetchall()
    columns = ", ".join(f"{name} {_HIVE.get(kind, kind.lower())}" for name, kind, *_ in described)
    return f"CREATE EXTERNAL TABLE {table} ({columns}) STORED AS PARQUET LOCATION '{location}'"


def _extended() -> duckdb.DuckDBPyConnection:
    package = find_spec("duckdb_extension_tpch")
    if package is None or package.origin is None:
        raise LakelabError("TPC-H's data need the package duckdb-extension-tpch: pip install duckdb-extension-tpch")
    (extension,) = Path(package.origin).parent.rglob("tpch.duckdb_extension")
    con = duckdb.connect()
    con.execute(f"LOAD '{extension}'")
    return con
