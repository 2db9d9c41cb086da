"""The steps from the files of the feed to the models."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
from lake import DBT, TRANSFORMS

RAW, CURATED = "raw/orders/", "curated/orders/"
LINES = """
create or replace temp table lines as
with

files as (

    select
        regexp_extract(filename, '^s3://[^/]+/(.*)$', 1) as source_key,
        string_split(rtrim(content, chr(10)), chr(10)) as lines
    from read_text('s3://{bucket}/raw/orders/*.csv')

),

typed as (

    select
        source_key,
        source_line,
        string_split(line, ',') as fields,
        fields[1] as order_id,
        fields[2] as customer_id,
        try_cast(fields[3] as date) as order_date,
        try_cast(fields[4] as bigint) as order_total_cents,
        fields[5] as currency,
        fields[6] as status,
        nullif(fields[7], '') as city
    from files
    cross join unnest(lines) with ordinality as numbered (line, source_line)
    where source_line > 1

)

select
    *,
    len(fields) = 7
    and order_id <> ''
    and customer_id <> ''
    and order_date is not null
    and coalesce(order_total_cents, -1) >= 0
    and currency in ('EUR', 'GBP', 'USD')
    and status in ('placed', 'completed', 'cancelled', 'refunded') as is_good
from typed
"""
ORDERS = """
create or replace temp table orders as
select
    order_id,
    customer_id,
    order_total_cents,
    currency,
    status,
    city,
    source_key,
    source_line,
    order_date
from lines
where is_good
"""
REPORT = """
select
    count(*) as rows_in,
    (select count(*) from orders) as clean,
    count(*) filter (where not is_good) as quarantined,
    count(*) filter (where is_good) - (select count(*) from orders) as duplicate
from lines
"""


def extract(folder: Path, s3: Any, bucket: str) -> int:
    """Upload the files to raw/orders/ as UTF-8, those that differ from what is there; how many those were."""
    there = {
        item["Key"]: item["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=RAW)
        for item in page.get("Contents", ())
    }
    uploaded = 0
    for file in sorted(folder.glob("*.csv")):
        body = _text(file.read_bytes()).encode()
        if there.get(RAW + file.name) != hashlib.md5(body, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=bucket, Key=RAW + file.name, Body=body, ContentType="text/csv; charset=utf-8")
            uploaded += 1
    return uploaded


def load(connection: duckdb.DuckDBPyConnection, s3: Any, bucket: str) -> None:
    """Make curated/orders/ and reports/orders/load.json out of raw/orders/."""
    connection.execute(LINES.format(bucket=bucket))
    connection.execute(ORDERS)
    _delete(s3, bucket, CURATED)
    connection.execute(f"copy orders to 's3://{bucket}/curated/orders' (format parquet, partition_by (order_date))")
    connection.execute(f"copy ({REPORT}) to 's3://{bucket}/reports/orders/load.json' (format json)")


def transform(bucket: str, database: Path) -> None:
    """Build the kit's models with dbt-duckdb from the lake in the bucket into a DuckDB file."""
    output = database.parent / "dbt"
    command = [str(DBT), "build", "--target", "duckdb", "--exclude", "tag:rides", "--profiles-dir", str(TRANSFORMS)]
    subprocess.run(
        [*command, "--target-path", str(output), "--log-path", str(output)],
        cwd=TRANSFORMS,
        env=os.environ | {"DBT_LAKE": f"s3://{bucket}", "DBT_DUCKDB": str(database)},
        check=True,
    )


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n")


def _delete(s3: Any, bucket: str, prefix: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", ())]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
