"""Uploads the daily files."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def upload(s3: Any, folder: Path, bucket: str) -> None:
    """Put every orders_<day>.csv of the folder at csv/order_date=<day>/orders.csv. `s3` is a boto3 client."""
