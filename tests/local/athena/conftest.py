"""A bucket and a database of their own for a module's tests, and statements run against them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from lakelab.testing import Cloud

_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
Rows = list[list[str | None]]


@dataclass
class Ran:
    """What a statement left behind: its execution, and the rows that GetQueryResults answers (headers left out)."""

    execution: dict[str, Any]
    rows: Rows
    update_count: int | None

    @property
    def state(self) -> str:
        return self.execution["Status"]["State"]

    @property
    def reason(self) -> str:
        return self.execution["Status"].get("StateChangeReason", "")

    @property
    def scanned(self) -> int:
        return self.execution["Statistics"]["DataScannedInBytes"]

    @property
    def columns(self) -> list[str]:
        return [row or "" for row in self.rows[0]]


class Lake:
    """One bucket, one database, and Athena over them."""

    def __init__(self, cloud: Cloud):
        self.athena, self.s3, self.glue = cloud.client("athena"), cloud.client("s3"), cloud.client("glue")
        self.bucket = cloud.bucket()
        self.database = cloud.database()
        self.uri = f"s3://{self.bucket}"

    def run(self, sql: str, workgroup: str = "primary", **more: Any) -> Ran:
        """Run a statement to its end."""
        execution_id = self.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=workgroup,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": f"{self.uri}/results/"},
            **more,
        )["QueryExecutionId"]
        deadline = time.monotonic() + 60
        while True:
            execution = self.athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
            if execution["Status"]["State"] in _ENDED:
                break
            assert time.monotonic() < deadline, f"{sql} did not end"
            threading.Event().wait(0.02)
        if execution["Status"]["State"] != "SUCCEEDED":
            return Ran(execution, [], None)
        answer = self.athena.get_query_results(QueryExecutionId=execution_id)
        rows = [[datum.get("VarCharValue") for datum in row["Data"]] for row in answer["ResultSet"]["Rows"]]
        return Ran(execution, rows, answer.get("UpdateCount"))

    def do(self, sql: str, **more: Any) -> Ran:
        """Run a statement that has to succeed."""
        ran = self.run(sql, **more)
        assert ran.state == "SUCCEEDED", f"{sql}: {ran.reason}"
        return ran

    def query(self, sql: str, **more: Any) -> Rows:
        """The rows of a query, without the header."""
        return self.do(sql, **more).rows[1:]

    def lines(self, sql: str) -> list[str]:
        """What SHOW or DESCRIBE prints."""
        return [row[0] or "" for row in self.do(sql).rows]

    def failure(self, sql: str, **more: Any) -> str:
        """Why a statement fails."""
        ran = self.run(sql, **more)
        assert ran.state == "FAILED", f"{sql}: {ran.state}"
        return ran.reason

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]

    def table(self, name: str) -> dict[str, Any]:
        """The table as Glue has it."""
        return self.glue.get_table(DatabaseName=self.database, Name=name)["Table"]

    def name(self) -> str:
        """A table name that no other test has."""
        return f"t_{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def lake(cloud: Cloud) -> Iterator[Lake]:
    made = Lake(cloud)
    yield made
    made.glue.delete_database(Name=made.database)
