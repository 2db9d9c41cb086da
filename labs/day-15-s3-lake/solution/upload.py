"""Uploads files of the orders feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def upload(s3: Any, file: Path, bucket: str) -> str:
    """Put the file under raw/orders/ with its own name, and give back the key. `s3` is a boto3 client."""
    key = f"raw/orders/{file.name}"
    s3.upload_file(str(file), bucket, key)
    return key
