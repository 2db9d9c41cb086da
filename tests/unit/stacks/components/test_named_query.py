"""Named queries: the header that a file must have."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.components.named_query import read_named_query

GOOD = "-- name: trips\n-- description: All trips.\n-- database: lake\nselect 1\n"


def test_the_header_says_what_the_query_is(tmp_path: Path):
    (tmp_path / "trips.sql").write_text(GOOD)
    query = read_named_query(tmp_path / "trips.sql")
    assert (query.name, query.description, query.database, query.sql) == ("trips", "All trips.", "lake", GOOD)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("select 1", "trips.sql: no header database, description, name", id="no header"),
        pytest.param(
            GOOD.replace("name: trips", "name: rides"),
            "trips.sql: the name is 'rides', the file's is 'trips'",
            id="name",
        ),
        pytest.param(
            GOOD.replace("lake", "pond"), "trips.sql: the database 'pond' is none of lake, analytics", id="database"
        ),
    ],
)
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "trips.sql").write_text(text)
    with pytest.raises(ValueError, match=f"^{message}$"):
        read_named_query(tmp_path / "trips.sql")
