"""Where the function writes: one Parquet file a batch and day, named after the records in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PARTITIONS_A_CALL = 100  # Glue's limit of BatchCreatePartition
MOMENT = pa.timestamp("us")
SCHEMA = pa.schema(
    [
        ("ride_id", pa.string()),
        ("rider_id", pa.string()),
        ("driver_id", pa.string()),
        ("driver_city", pa.string()),
        ("vehicle", pa.string()),
        ("pickup_city", pa.string()),
        ("dropoff_city", pa.string()),
        ("status", pa.string()),
        ("distance_meters", pa.int64()),
        ("fare_cents", pa.int64()),
        ("currency", pa.string()),
        ("requested_at", MOMENT),
        ("ended_at", MOMENT),
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
    ]
)
Row = dict[str, Any]


@dataclass
class Lake:
    """The curated bucket and the catalog, as one function writes them.

    A file is named after the first and the last of its records, so that a batch that is delivered again replaces what
    it wrote before. One that comes again in another size writes its records again, under another name: a name that
    two sizes share would let a late writer take away records that nobody delivers any more. Whoever reads the table
    counts a shard's sequence number once.
    """

    s3: Any
    glue: Any
    bucket: str
    database: str
    table: str = "rides"
    partition_key: str = "ride_date"
    _registered: set[date] = field(default_factory=set)

    def write(self, rows: Sequence[Row]) -> list[str]:
        """Write rows of one shard, in their order; `requested_at` says which day each belongs to. The keys written."""
        days: defaultdict[date, list[Row]] = defaultdict(list)
        for row in rows:
            days[row["requested_at"].date()].append(row)
        keys = []
        for day, found in days.items():
            sink = pa.BufferOutputStream()
            table = pa.Table.from_pylist([_without_zone(row) for row in found], SCHEMA)
            # the Arrow schema would tell a reader of types that the table has not
            pq.write_table(table, sink, compression="zstd", store_schema=False)
            first, last = (row["sequence_number"] for row in (found[0], found[-1]))
            name = f"{found[0]['shard_id']}-{first}-{last}.parquet"
            key = f"curated/{self.table}/{self.partition_key}={day}/{name}"
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=sink.getvalue().to_pybytes())
            keys.append(key)
        self._register(days)
        return keys

    def _register(self, days: Iterable[date]) -> None:
        """Make the days' partitions known to Glue; one that is known stays as it is."""
        new = [day for day in days if day not in self._registered]
        if not new:
            return
        descriptor = self.glue.get_table(DatabaseName=self.database, Name=self.table)["Table"]["StorageDescriptor"]
        root = descriptor["Location"].rstrip("/")
        partitions = [
            {
                "Values": [str(day)],
                "StorageDescriptor": descriptor | {"Location": f"{root}/{self.partition_key}={day}/"},
            }
            for day in new
        ]
        for start in range(0, len(partitions), PARTITIONS_A_CALL):
            answer = self.glue.batch_create_partition(
                DatabaseName=self.database,
                TableName=self.table,
                PartitionInputList=partitions[start : start + PARTITIONS_A_CALL],
            )
            failed = [
                error
                for error in answer.get("Errors", ())
                if error.get("ErrorDetail", {}).get("ErrorCode") != "AlreadyExistsException"
            ]
            if failed:
                raise RuntimeError(f"Glue did not create partitions of {self.database}.{self.table}: {failed}")
        self._registered.update(new)


def _without_zone(row: Row) -> Row:
    # Hive's timestamps have no zone: all are UTC
    return row | {name: row[name].replace(tzinfo=None) for name in ("requested_at", "ended_at")}
