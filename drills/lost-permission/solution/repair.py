"""Puts the role's rights back by its stack, and has the file ingested again."""

from __future__ import annotations

import subprocess
from typing import Any

import boto3

RAW = "lakelab-local-raw-000000000000"

subprocess.run(
    ["lakelab", "deploy", "up", "-s", "access-local", "--refresh", "--yes", "--engine", "embedded"], check=True
)

s3: Any = boto3.client("s3")
found = s3.list_objects_v2(Bucket=RAW, Prefix="raw/orders/")["Contents"]
newest = max(found, key=lambda each: each["LastModified"])["Key"]
body = s3.get_object(Bucket=RAW, Key=newest)["Body"].read()
s3.put_object(Bucket=RAW, Key=newest, Body=body)
