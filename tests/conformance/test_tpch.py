"""The 22 TPC-H queries in Trino's dialect give the answers that DuckDB gives natively on the same Parquet files.

DuckDB runs its own wording of the queries. Where Trino's type has fewer digits than DuckDB's (avg of a decimal is a
decimal, in DuckDB a double), DuckDB's answer is rounded to that type's scale.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lakelab.cloud.athena import tpch
from lakelab.testing import Cloud

pytest.importorskip("duckdb_extension_tpch", reason="TPC-H's data come from the package duckdb-extension-tpch")

SCALES = [
    pytest.param(0.01, id="0.01"),
    pytest.param(1, id="1", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
]


@dataclass
class Warehouse:
    """The tables of one scale factor, in Glue and in a plain DuckDB."""

    athena: Any
    database: str
    results: str
    duckdb: duckdb.DuckDBPyConnection

    def run(self, sql: str) -> str:
        """Run a statement of Athena that has to succeed; answers its id."""
        execution_id = self.athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": self.results},
        )["QueryExecutionId"]
        deadline = time.monotonic() + 120
        while True:
            status = self.athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]["Status"]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            assert time.monotonic() < deadline, f"{sql} did not end"
            threading.Event().wait(0.02)
        assert status["State"] == "SUCCEEDED", status
        return execution_id

    def query(self, sql: str) -> tuple[list[dict[str, Any]], list[list[str | None]]]:
        """The columns and the rows that Athena answers."""
        pages = self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=self.run(sql))
        columns: list[dict[str, Any]] = []
        rows: list[list[str | None]] = []
        for page in pages:
            columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            rows += [[datum.get("VarCharValue") for datum in row["Data"]] for row in page["ResultSet"]["Rows"]]
        return columns, rows[1:]


@pytest.fixture(scope="session", params=SCALES)
def warehouse(
    request: pytest.FixtureRequest, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Generate, upload and register the tables of a scale factor."""
    folder: Path = tmp_path_factory.mktemp("tpch")
    bucket, database, plain = cloud.bucket(), cloud.database(), duckdb.connect()
    made = Warehouse(cloud.client("athena"), database, f"s3://{bucket}/results/", plain)
    for table, file in tpch.generate(folder, request.param).items():
        cloud.client("s3").upload_file(str(file), bucket, f"{table}/{file.name}")
        made.run(tpch.create_table(table, file, f"s3://{bucket}/{table}/"))
        plain.execute(f"CREATE VIEW {table} AS SELECT * FROM '{file}'")
    yield made
    plain.close()
    for table in tpch.TABLES:
        made.run(f"DROP TABLE {table}")
    cloud.client("glue").delete_database(Name=database)


def _as_athena(value: Any, column: dict[str, Any]) -> str | None:
    """DuckDB's value as the text that Athena prints for a column of this type."""
    if value is None:
        return None
    if column["Type"] == "decimal":
        return str(Decimal(str(value)).quantize(Decimal(1).scaleb(-column["Scale"]), ROUND_HALF_UP))
    return str(value)


@pytest.mark.fidelity("athena", "the 22 TPC-H queries", "exact", "at scale factors 0.01 and 1, against DuckDB")
@pytest.mark.parametrize("number", range(1, 23))
def test_query(warehouse: Warehouse, number: int):
    columns, rows = warehouse.query(tpch.queries()[number])
    native = warehouse.duckdb.execute(tpch.native_queries()[number]).fetchall()
    assert rows == [[_as_athena(value, column) for value, column in zip(row, columns, strict=True)] for row in native]
