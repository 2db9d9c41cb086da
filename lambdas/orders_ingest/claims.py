"""Which file an order counts for: a ledger object a partition, changed by compare-and-swap.

Two functions may read files that share an order at the same time. Before a file's rows are written, its orders are
claimed in the ledger of their partition; S3 takes the new ledger only if nobody has changed it since it was read
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html), so that an order has one owner, for
good. A file that is delivered again finds its own claims and writes the same rows again.
"""

from __future__ import annotations

import random
import time
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

pc: Any = pyarrow.compute  # its functions are made while it is imported: type checkers do not see them
ATTEMPTS = 40
PAUSE_SECONDS = 0.02
LEDGER = pa.schema([("order_id", pa.string()), ("source_id", pa.string())])
LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class Contended(Exception):
    """Other functions kept changing the ledger; the event's next delivery tries again."""


def claim(s3: Any, bucket: str, key: str, source_id: str, order_ids: pa.Array) -> pa.Array:
    """Claim orders of one partition for a file.

    Args:
        key: the partition's ledger, made by the first claim.
        order_ids: each order once.

    Returns:
        For each order, whether it counts for this file.

    Raises:
        Contended: the ledger changed under every one of 40 attempts.
    """
    for attempt in range(ATTEMPTS):
        ledger, etag = _read(s3, bucket, key)
        taken = pc.is_in(order_ids, ledger.filter(pc.field("source_id") != source_id)["order_id"].combine_chunks())
        ours = pc.invert(taken)
        new = order_ids.filter(pc.invert(pc.is_in(order_ids, ledger["order_id"].combine_chunks())))
        if not len(new):
            return ours
        added = pa.table({"order_id": new, "source_id": pa.repeat(source_id, len(new))}, LEDGER)
        if _swap(s3, bucket, key, pa.concat_tables([ledger, added]), etag):
            return ours
        time.sleep(random.uniform(0, PAUSE_SECONDS * min(attempt + 1, 10)))  # noqa: S311  # jitter
    raise Contended(f"s3://{bucket}/{key} changed under {ATTEMPTS} attempts to claim orders")


def _read(s3: Any, bucket: str, key: str) -> tuple[pa.Table, str | None]:
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if _code(error) == "NoSuchKey":
            return LEDGER.empty_table(), None
        raise
    return pq.read_table(pa.BufferReader(answer["Body"].read()), schema=LEDGER), answer["ETag"]


def _swap(s3: Any, bucket: str, key: str, ledger: pa.Table, etag: str | None) -> bool:
    sink = pa.BufferOutputStream()
    pq.write_table(ledger, sink, compression="zstd")
    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=sink.getvalue().to_pybytes(), **condition)
    except ClientError as error:
        if _code(error) in LOST:
            return False
        raise
    return True


def _code(error: ClientError) -> str | None:
    return error.response.get("Error", {}).get("Code")
