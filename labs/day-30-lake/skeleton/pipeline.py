"""The steps from the files of the feed to the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def extract(folder: Path, s3: Any, bucket: str) -> int:
    """Upload the files to raw/orders/ as UTF-8, those that differ from what is there; how many those were.

    `s3` is a boto3 client.
    """
    raise NotImplementedError


def load(connection: duckdb.DuckDBPyConnection, s3: Any, bucket: str) -> None:
    """Make curated/orders/ and reports/orders/load.json out of raw/orders/. `connection` reads and writes s3://."""
    raise NotImplementedError


def transform(bucket: str, database: Path) -> None:
    """Build the kit's models with dbt-duckdb from the lake in the bucket into a DuckDB file."""
    raise NotImplementedError
