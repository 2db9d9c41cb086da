"""compact_orders as a job: few files of many, and never a row more or less than the table has."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakelab.pipeline import athena, jobs
from lakelab.testing import Cloud

SCRIPT = Path(__file__).parents[3] / "glue/jobs/compact_orders.py"
STORAGE = {
    "Columns": [{"Name": "order_id", "Type": "string"}, {"Name": "cents", "Type": "bigint"}],
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
DAYS = ("2025-01-01", "2025-01-02")
FILES, ROWS = 12, 20  # small files of a day, and rows of each


@dataclass
class Lake:
    """The tables orders and orders_compacted in a database of their own, and the job between them."""

    cloud: Cloud
    database: str
    bucket: str
    job: str

    def deliver(self, day: str, number: int) -> None:
        """Write a small file as orders_ingest does: the same file has the same name and the same bytes."""
        sink = io.BytesIO()
        rows = range(ROWS * number, ROWS * (number + 1))
        pq.write_table(pa.table({"order_id": [f"{day}-{row}" for row in rows], "cents": list(rows)}), sink)
        self.cloud.client("s3").put_object(Bucket=self.bucket, Key=self.key(day, number), Body=sink.getvalue())

    def key(self, day: str, number: int) -> str:
        return f"orders/day={day}/file-{number:03}.parquet"

    def register(self, day: str) -> None:
        storage = {**STORAGE, "Location": f"s3://{self.bucket}/orders/day={day}/"}
        self.cloud.client("glue").create_partition(
            DatabaseName=self.database,
            TableName="orders",
            PartitionInput={"Values": [day], "StorageDescriptor": storage},
        )

    def compact(self, **arguments: str) -> str:
        """Run the job; its last line."""
        given = {f"--{name}": value for name, value in arguments.items()}
        return jobs.run(self.cloud.client, self.job, given, timeout=60).lines[-1]

    def query(self, sql: str) -> athena.Result:
        return athena.run(self.cloud.client("athena"), sql, database=self.database, workgroup=self.database)

    def facts(self, table: str) -> list[list[str | None]]:
        """Rows, orders and cents of each day: what must be the same in both tables."""
        return self.query(
            f"select day, count(*), count(distinct order_id), sum(cents) from {table} group by day order by day"
        ).rows

    def files(self, table: str) -> int:
        found = self.query(f'select count(distinct "$path") from {table}').rows[0][0]
        return int(found or 0)

    def objects(self) -> list[str]:
        """The keys of the compacted files, those of old generations too."""
        answer = self.cloud.client("s3").list_objects_v2(Bucket=self.bucket, Prefix="orders_compacted/")
        return [item["Key"] for item in answer.get("Contents", [])]


@pytest.fixture
def lake(cloud: Cloud, make_job: Callable[..., tuple[str, str]]) -> Iterator[Lake]:
    database = cloud.database()
    arguments = {"--database": database, "--table": "orders", "--compacted": "orders_compacted"}
    arguments |= {"--target_mb": "1", "--sort_by": "order_id", "--keep_minutes": "60"}
    job, bucket = make_job(SCRIPT.read_bytes(), actions=("s3:*", "glue:*", "logs:*"), DefaultArguments=arguments)
    glue = cloud.client("glue")
    for table in ("orders", "orders_compacted"):
        document = {
            "Name": table,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": "day", "Type": "date"}],
            "StorageDescriptor": {**STORAGE, "Location": f"s3://{bucket}/{table}/"},
        }
        glue.create_table(DatabaseName=database, TableInput=document)
    results = {"ResultConfiguration": {"OutputLocation": f"s3://{bucket}/results/"}}
    cloud.client("athena").create_work_group(Name=database, Configuration=results)
    made = Lake(cloud, database, bucket, job)
    for day in DAYS:
        made.register(day)
        for number in range(FILES):
            made.deliver(day, number)
    yield made
    cloud.client("athena").delete_work_group(WorkGroup=database, RecursiveDeleteOption=True)
    glue.delete_database(Name=database)


def test_few_files_hold_the_rows_of_many_and_a_query_scans_less(lake: Lake):
    assert lake.compact().startswith(f"2 partitions compacted: {2 * FILES} files")
    assert (lake.files("orders"), lake.files("orders_compacted")) == (2 * FILES, 2)
    assert lake.facts("orders_compacted") == lake.facts("orders")
    sums = [lake.query(f"select sum(cents) from {table}") for table in ("orders", "orders_compacted")]
    assert sums[0].rows == sums[1].rows
    assert sums[1].scanned_bytes < sums[0].scanned_bytes / 2


def test_a_file_that_is_delivered_again_changes_nothing(lake: Lake):
    lake.compact()
    before = lake.objects()
    lake.deliver("2025-01-01", 7)
    assert lake.compact() == "0 partitions compacted: 0 files, 0 bytes -> 0 files, 0 bytes"
    assert lake.objects() == before
    assert lake.facts("orders_compacted") == lake.facts("orders")


def test_a_late_file_comes_with_the_next_run(lake: Lake):
    lake.compact()
    old = lake.facts("orders_compacted")
    lake.deliver("2025-01-02", 99)
    assert lake.facts("orders_compacted") == old
    assert lake.compact().startswith(f"1 partitions compacted: {FILES + 1} files")
    assert lake.facts("orders_compacted") == lake.facts("orders") != old


def test_an_old_generation_stays_for_the_queries_that_read_it(lake: Lake):
    lake.compact()
    lake.deliver("2025-01-02", 99)
    lake.compact()
    assert len(lake.objects()) == 3
    lake.compact(keep_minutes="0")
    assert len(lake.objects()) == 2
    assert lake.facts("orders_compacted") == lake.facts("orders")


def test_a_day_without_files_goes(lake: Lake):
    lake.compact()
    s3 = lake.cloud.client("s3")
    for number in range(FILES):
        s3.delete_object(Bucket=lake.bucket, Key=lake.key("2025-01-01", number))
    lake.compact()
    assert [row[0] for row in lake.facts("orders_compacted")] == ["2025-01-02"]


@contextmanager
def denied(lake: Lake, action: str) -> Iterator[None]:
    """The job's role without the right for one action."""
    name = lake.cloud.client("glue").get_job(JobName=lake.job)["Job"]["Role"].rpartition("/")[2]
    iam = lake.cloud.client("iam")
    statement = f'{{"Effect": "Deny", "Action": "{action}", "Resource": "*"}}'
    document = f'{{"Version": "2012-10-17", "Statement": {statement}}}'
    iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=document)
    yield
    iam.delete_role_policy(RoleName=name, PolicyName="denied")


@pytest.mark.parametrize("action", ["glue:UpdatePartition", "s3:DeleteObject"])
def test_a_run_that_broke_off_is_made_good_by_the_next(lake: Lake, action: str):
    lake.compact()
    before = lake.facts("orders_compacted")
    for day in DAYS:
        lake.deliver(day, 99)
    with denied(lake, action), pytest.raises(jobs.JobFailed, match=action):
        lake.compact(keep_minutes="0")
    assert lake.facts("orders_compacted") in (before, lake.facts("orders"))
    lake.compact(keep_minutes="0")
    assert lake.facts("orders_compacted") == lake.facts("orders")
    assert lake.files("orders_compacted") == len(lake.objects()) == 2
