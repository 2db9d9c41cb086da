"""The named queries in athena_queries/*.sql: SQL with a header of comments that says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "athena_queries"
HEADER = re.compile(r"-- (name|description|database): (.+)")
DATABASES = ("lake", "analytics")


@dataclass(frozen=True)
class NamedQuery:
    """A query. `database` is `lake` (the contracts' tables) or `analytics` (what the transforms make)."""

    name: str
    description: str
    database: str
    sql: str


def named_queries() -> Iterator[NamedQuery]:
    """All named queries, by name."""
    for path in sorted(FOLDER.glob("*.sql")):
        yield read_named_query(path)


def read_named_query(path: Path) -> NamedQuery:
    """The query in a file: lines `-- name: …`, `-- description: …`, `-- database: …`, then SQL.

    Raises:
        ValueError: a header is missing, the name is not the file's, or the database is unknown.
    """
    text = path.read_text()
    header = {found[1]: found[2].strip() for line in text.splitlines() if (found := HEADER.fullmatch(line))}
    missing = {"name", "description", "database"} - set(header)
    if missing:
        raise ValueError(f"{path.name}: no header {', '.join(sorted(missing))}")
    if header["name"] != path.stem:
        raise ValueError(f"{path.name}: the name is {header['name']!r}, the file's is {path.stem!r}")
    if header["database"] not in DATABASES:
        raise ValueError(f"{path.name}: the database {header['database']!r} is none of {', '.join(DATABASES)}")
    return NamedQuery(header["name"], header["description"], header["database"], text)
