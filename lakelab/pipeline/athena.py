"""Run one SQL statement on Athena and read its rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from lakelab.errors import LakelabError

POLL_SECONDS = 0.1


class QueryFailed(LakelabError):
    """The statement did not succeed."""


@dataclass(frozen=True)
class Result:
    """The rows of a query as text, its columns, the bytes that it scanned and the seconds that it took."""

    columns: list[str]
    types: list[str]
    rows: list[list[str | None]]
    scanned_bytes: int
    seconds: float
    output: str


def run(athena: Any, sql: str, *, database: str, workgroup: str, timeout: float = 120) -> Result:
    """Run `sql` with a boto3 Athena client and wait for its rows.

    Raises:
        QueryFailed: the query failed, was cancelled, or took longer than `timeout` seconds.
    """
    execution_id = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=workgroup
    )["QueryExecutionId"]
    execution = _wait(athena, execution_id, time.monotonic() + timeout)
    columns, types, rows = [], [], []
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id):
        info = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        columns, types = [column["Name"] for column in info], [column["Type"] for column in info]
        rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
    header = 1 if execution["StatementType"] == "DML" else 0
    statistics = execution["Statistics"]
    return Result(
        columns,
        types,
        rows[header:],
        statistics["DataScannedInBytes"],
        statistics["TotalExecutionTimeInMillis"] / 1000,
        execution["ResultConfiguration"]["OutputLocation"],
    )


def _wait(athena: Any, execution_id: str, deadline: float) -> dict[str, Any]:
    while True:
        execution = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        status = execution["Status"]
        if status["State"] == "SUCCEEDED":
            return execution
        if status["State"] in ("FAILED", "CANCELLED"):
            raise QueryFailed(f"query {status['State']}: {status.get('StateChangeReason', '')}")
        if time.monotonic() > deadline:
            athena.stop_query_execution(QueryExecutionId=execution_id)
            raise QueryFailed(f"query {execution_id} did not end in time and was stopped")
        time.sleep(POLL_SECONDS)
