"""Where the function writes: Parquet partitions, the quarantine and the reports, under names that repeat exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from .claims import claim

PARTITIONS_A_CALL = 100  # Glue's limit of BatchCreatePartition


@dataclass(frozen=True)
class Report:
    """What became of a file: a row of the table orders_ingests. Counts are rows."""

    source_id: str
    source_key: str
    source_etag: str
    status: str
    error: str | None = None
    rows_in: int = 0
    clean: int = 0
    quarantined: int = 0
    duplicate: int = 0
    latin1_lines: int = 0
    ignored_columns: str | None = None
    partitions: int = 0

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Lake:
    """The curated bucket and the catalog, as one function writes them.

    Every object is named after the file that it comes from, so that a second delivery replaces and never adds.
    """

    s3: Any
    glue: Any
    bucket: str
    database: str
    table: str = "orders"
    partition_key: str = "order_date"

    def claim(self, day: date, source_id: str, order_ids: pa.Array) -> pa.Array:
        """Whether each order of the day counts for this file. See `claims.claim`."""
        key = f"ledger/{self.table}/{self.partition_key}={day}.parquet"
        return claim(self.s3, self.bucket, key, source_id, order_ids)

    def write_rows(self, day: date, source_id: str, rows: pa.Table) -> None:
        """Write a file's rows of one day."""
        sink = pa.BufferOutputStream()
        # the Arrow schema would make a reader see dictionaries where the table has strings
        pq.write_table(rows, sink, compression="zstd", store_schema=False)
        key = f"curated/{self.table}/{self.partition_key}={day}/{source_id}.parquet"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=sink.getvalue().to_pybytes())

    def register(self, days: Iterable[date]) -> None:
        """Make the days' partitions known to Glue; one that is known stays as it is."""
        days = list(days)
        if not days:
            return
        descriptor = self.glue.get_table(DatabaseName=self.database, Name=self.table)["Table"]["StorageDescriptor"]
        root = descriptor["Location"].rstrip("/")
        partitions = [
            {
                "Values": [str(day)],
                "StorageDescriptor": descriptor | {"Location": f"{root}/{self.partition_key}={day}/"},
            }
            for day in days
        ]
        for start in range(0, len(partitions), PARTITIONS_A_CALL):
            batch = partitions[start : start + PARTITIONS_A_CALL]
            answer = self.glue.batch_create_partition(
                DatabaseName=self.database, TableName=self.table, PartitionInputList=batch
            )
            failed = [
                error
                for error in answer.get("Errors", ())
                if error.get("ErrorDetail", {}).get("ErrorCode") != "AlreadyExistsException"
            ]
            if failed:
                raise RuntimeError(f"Glue did not create partitions of {self.database}.{self.table}: {failed}")

    def write_quarantine(self, source_id: str, lines: IO[bytes]) -> None:
        """Write a file's rejected lines, JSON by JSON."""
        self.s3.put_object(Bucket=self.bucket, Key=f"quarantine/{self.table}/{source_id}.jsonl", Body=lines)

    def write_report(self, report: Report) -> None:
        """Write what became of a file."""
        body = json.dumps(report.as_row(), ensure_ascii=False) + "\n"
        self.s3.put_object(Bucket=self.bucket, Key=f"reports/{self.table}/{report.source_id}.json", Body=body.encode())
