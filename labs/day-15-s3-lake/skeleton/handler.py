"""The function: counts the rows of a CSV file."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> None:
    """Write counts/<name of the file>.json with {"key": …, "rows": …} for each file that the event names.

    The first line of a file is its header and no row.
    """
