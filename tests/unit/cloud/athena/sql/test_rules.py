"""Every function's rule: the SQL before and after, as `rules/*.txt` lists them, and the same rows run on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakelab.cloud.athena.sql import SqlError, Translated
from lakelab.cloud.athena.sql.rules import RULES

FOLDER = Path(__file__).parent / "rules"
REFUSED = {
    "checksum": "SELECT checksum(id) FROM t",
    "murmur3": "SELECT murmur3(X'00')",
    "numeric_histogram": "SELECT numeric_histogram(2, x) FROM t",
    "spooky_hash_v2_32": "SELECT spooky_hash_v2_32(X'00')",
    "spooky_hash_v2_64": "SELECT spooky_hash_v2_64(X'00')",
    "word_stem": "SELECT word_stem('running')",
}


def rows() -> Iterator[tuple[str, str, str]]:
    """(function, Athena's SQL, DuckDB's SQL) of every block `[name]`."""
    for path in sorted(FOLDER.glob("*.txt")):
        for block in path.read_bytes().decode().split("\n[")[1:]:
            name, _, body = block.partition("]\n")
            before, _, after = body.strip("\n").partition("\nSELECT ")
            yield name, before, "SELECT " + after


@pytest.mark.parametrize(("before", "after"), [pytest.param(b, a, id=name) for name, b, a in rows()])
def test_rule(translated: Callable[..., Translated], before: str, after: str) -> None:
    assert translated(before).sql == after


def test_every_rule_has_a_row_or_a_refusal() -> None:
    assert {name for name, _, __ in rows()} | set(REFUSED) == set(RULES)


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in REFUSED.items()])
def test_refused_function_says_so(translated: Callable[..., Translated], sql: str) -> None:
    with pytest.raises(SqlError, match="is not supported in the local Athena") as caught:
        translated(sql)
    assert caught.value.name == "NOT_SUPPORTED"
