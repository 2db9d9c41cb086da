"""What the steps share: where the kit's transforms are, and a DuckDB that reads S3. Nothing to do here."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import duckdb

ROOT = Path(
    os.environ.get("LAKELAB_ROOT")
    or next(folder for folder in Path(__file__).resolve().parents if (folder / "Pulumi.yaml").is_file())
)
TRANSFORMS = ROOT / "transforms"
DBT = Path(sys.executable).with_name("dbt")


def connect(bucket: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB that reads and writes a bucket, by the same plugin as dbt's target `duckdb`."""
    connection = duckdb.connect()
    plugins = str(TRANSFORMS / "plugins")
    if plugins not in sys.path:
        sys.path.insert(0, plugins)
    import_module("lake_s3").Plugin("lake_s3", {"root": f"s3://{bucket}"}).configure_connection(connection)
    return connection
