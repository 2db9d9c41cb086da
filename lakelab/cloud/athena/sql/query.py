"""A translated query: what selects, set operations and VALUES give, and what stands around them takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakelab.cloud.athena.sql.scope import Column


@dataclass
class Query:
    """A translated query. `columns` are what Trino calls them, which may repeat; `stored` their names in DuckDB."""

    sql: str
    columns: list[Column]
    stored: list[str]


def unique_names(names: Sequence[str | None]) -> list[str]:
    """Names for DuckDB: `_col0` for a column without one, and a number added to one that repeats."""
    result: list[str] = []
    seen: set[str] = set()
    for index, name in enumerate(names):
        candidate = base = name or f"_col{index}"
        number = 1
        while candidate.lower() in seen:
            number += 1
            candidate = f"{base}_{number}"
        seen.add(candidate.lower())
        result.append(candidate)
    return result
