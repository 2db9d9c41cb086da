"""`python -m lakelab.pipeline.dbt`: dbt's command line, in a process in which botocore reads each model file once.

dbt-athena makes a new boto3 session for every connection, and each session parses the JSON models of its services anew,
several megabytes a time. Two fifths of what `dbt build` of this project computed, by py-spy, was that.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader
from dbt.cli.main import cli

_load_file = JSONFileLoader.load_file


@cache
def _load_once(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def main() -> None:
    """Run dbt with this process's arguments."""
    JSONFileLoader.load_file = lambda self, file_path: _load_once(file_path)
    cli()


if __name__ == "__main__":
    main()
