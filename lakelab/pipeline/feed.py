"""Order files: generated once, and uploaded to the raw zone where they differ from what is there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakelab.pipeline import orders

PREFIX = "raw/orders/"
UPLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Uploaded:
    """How many files went to the raw zone, and how many were there already, byte for byte."""

    new: int
    unchanged: int


def generate(folder: Path, *, days: int, rows: int, seed: int) -> list[Path]:
    """The daily order files of these parameters, made when they are not there yet; a half-made folder never counts."""
    target = folder / f"orders-{days}d-{rows}r-s{seed}"
    if not target.exists():
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        orders.generate(partial, days=days, rows=rows, seed=seed)
        partial.replace(target)
    return sorted(target.glob("*.csv"))


def upload(s3: Any, bucket: str, files: Iterable[Path], progress: Callable[[str], None]) -> Uploaded:
    """Upload each file to `raw/orders/<its name>` unless the same bytes are there. Uploads run side by side."""
    there = {
        item["Key"]: item["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
        for item in page.get("Contents", ())
    }
    every = list(files)
    changed = [file for file in every if there.get(PREFIX + file.name) != _etag(file)]

    def put(file: Path) -> None:
        s3.put_object(Bucket=bucket, Key=PREFIX + file.name, Body=file.read_bytes(), ContentType="text/csv")

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        for number, _ in enumerate(pool.map(put, changed), 1):
            progress(f"{number} of {len(changed)} files uploaded")
    return Uploaded(len(changed), len(every) - len(changed))


def _etag(file: Path) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
