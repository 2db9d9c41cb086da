"""A dbt-duckdb plugin: DuckDB reads the lake's objects on S3, as the caller that the standard AWS environment names."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Its one setting is `root`, where the lake is: a bucket as s3://bucket, or a folder, which needs no plugin."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the settings that the profile gives."""
        self._root = plugin_config["root"]

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load S3 and tell DuckDB whose credentials to use there."""
        if not self._root.startswith("s3://"):
            return
        _load_httpfs(conn)
        parameters = {name: value for name, value in _secret().items() if value is not None}
        settings = ", ".join(f"{name} {_literal(value)}" for name, value in parameters.items())
        conn.execute(f"create or replace secret lake (type s3, {settings})")


def _load_httpfs(conn: duckdb.DuckDBPyConnection) -> None:
    """From the package duckdb-extension-httpfs where that is installed, and else from DuckDB's own repository."""
    package = find_spec("duckdb_extension_httpfs")
    for place in (package.submodule_search_locations or ()) if package else ():
        file = Path(place, "extensions", f"v{duckdb.__version__}", "httpfs.duckdb_extension")
        if file.is_file():
            conn.execute(f"load {_literal(str(file))}")
            return
    conn.install_extension("httpfs")
    conn.load_extension("httpfs")


def _secret() -> dict[str, str | bool | None]:
    """What DuckDB's S3 secret says: https://duckdb.org/docs/stable/core_extensions/httpfs/s3api."""
    session = boto3.Session()
    credentials = session.get_credentials()
    if credentials is None:
        raise RuntimeError("there are no AWS credentials in the environment, and the lake is on S3")
    frozen = credentials.get_frozen_credentials()
    url = urlsplit(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "")
    return {
        "key_id": frozen.access_key,
        "secret": frozen.secret_key,
        "session_token": frozen.token,
        "region": session.region_name,
        "endpoint": url.netloc or None,
        "url_style": "path" if url.netloc else None,
        "use_ssl": url.scheme != "http",
    }


def _literal(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else "'" + value.replace("'", "''") + "'"
