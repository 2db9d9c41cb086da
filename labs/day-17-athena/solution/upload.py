"""Uploads the daily files."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def upload(s3: Any, folder: Path, bucket: str) -> None:
    """Put every orders_<day>.csv of the folder at csv/order_date=<day>/orders.csv. `s3` is a boto3 client."""
    for file in sorted(folder.glob("orders_*.csv")):
        day = file.stem.removeprefix("orders_")
        s3.upload_file(str(file), bucket, f"csv/order_date={day}/orders.csv")
