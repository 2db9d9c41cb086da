"""The function: counts the rows of a CSV file."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: Any) -> None:
    """Write counts/<name of the file>.json with {"key": …, "rows": …} for each file that the event names."""
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        lines = s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()
        rows = sum(1 for _ in lines) - 1
        name = key.rpartition("/")[2]
        s3.put_object(Bucket=bucket, Key=f"counts/{name}.json", Body=json.dumps({"key": key, "rows": rows}).encode())
