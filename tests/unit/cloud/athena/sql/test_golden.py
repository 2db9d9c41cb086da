"""Replays what Trino 435 answered (`trino_golden.jsonl`, see golden/README.md): names, types, values, error names."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lakelab.cloud.athena.sql import SqlError, Translated

Run = Callable[[str], tuple[Translated, list[tuple[Any, ...]]]]
FILE = Path(__file__).parent / "trino_golden.jsonl"

DOCUMENT = """'{"a":{"b":[1,2,{"c":"x"}]},"s":"hi","n":null,"d":1.50,"t":true,"k k":1,"e":[],"o":{"p":0}}'"""
PEOPLE = """(VALUES
 (1, 'ann', 'x', 10.50, 1.5e0, DATE '2024-01-05', TRUE),
 (2, 'bob', 'y', 20.25, 2.5e0, DATE '2024-02-29', FALSE),
 (3, 'cid', 'x', NULL, 4.0e0, DATE '2024-02-29', NULL),
 (4, 'dot', NULL, 7.75, NULL, DATE '2023-12-31', TRUE),
 (5, 'eve', 'y', -3.10, 8.25e0, NULL, FALSE)
) AS p(id, name, team, amount, score, day, active)"""

# the differences that we accept: what follows SELECT, and why
NANOSECONDS = "DuckDB keeps microseconds"
LISTS = "DuckDB compares lists and structs with NULL as a value like any other"
NAN = "DuckDB orders NaN as the largest value, equal to itself; so do its joins and groups"
RAW_JSON = "DuckDB's JSON parser keeps the value of a number, not the way it is written"
INTERNAL = "Trino 435 fails inside, with an error that is no error of the query"
HASHES = "no library in the environment computes it"
PATHS = "JSON paths beyond members and subscripts are refused with a clear error"
LENIENT = "works here, where this embedded Trino does not have it"
PARSERS = "both refuse it; the parser meets another error first"
ACCEPTED: dict[str, str] = {
    "TIMESTAMP '2024-01-01 10:00:00.123456789'": NANOSECONDS,
    "CAST('2024-01-05 10:00:00.123456789' AS TIMESTAMP(6))": NANOSECONDS,
    "CAST('2024-01-05 10:00:00.123456789' AS TIMESTAMP(9))": NANOSECONDS,
    "from_unixtime_nanos(1700000000123456789)": NANOSECONDS,
    "ARRAY[1, NULL] = ARRAY[1, NULL]": LISTS,
    "ROW(1, NULL) = ROW(1, 2)": LISTS,
    "nan() = nan()": NAN,
    "nan() > infinity()": NAN,
    "upper('straße')": "DuckDB has a capital ß",
    f"json_extract_scalar({DOCUMENT}, '$.d')": RAW_JSON,
    "json_extract_scalar('{\"a\":1e5}', '$.a')": RAW_JSON,
    f"json_value({DOCUMENT}, 'lax $.d')": RAW_JSON,
    'json_array_get(\'["a", [3, 9], "c"]\', 0)': "Trino's deprecated function gives a text that is not JSON",
    'json_array_get(\'["a", "c"]\', -1)': "Trino's deprecated function gives a text that is not JSON",
    f"json_value({DOCUMENT}, 'lax $.a.b.size()')": PATHS,
    f"json_query({DOCUMENT}, 'lax $.a.b[*]' WITH WRAPPER)": PATHS,
    "'a' || NULL": "the value is NULL in both; Trino calls it an array",
    "concat('a', NULL)": "the value is NULL in both; Trino calls it an array",
    "ARRAY[1] || NULL": "works here as the element NULL; Trino cannot choose between element and array",
    "1e400": INTERNAL,
    "CAST(true AS VARCHAR(3))": INTERNAL,
    "mod(7, 0)": INTERNAL,
    "from_iso8601_date('20240105')": INTERNAL,
    "sum(DISTINCT) FROM (VALUES 1) t(x)": INTERNAL,
    "word_stem('running')": HASHES,
    "to_hex(murmur3(to_utf8('')))": HASHES,
    "to_hex(murmur3(to_utf8('hello')))": HASHES,
    "to_hex(spooky_hash_v2_32(to_utf8('')))": HASHES,
    "to_hex(spooky_hash_v2_32(to_utf8('hello')))": HASHES,
    "to_hex(spooky_hash_v2_64(to_utf8('')))": HASHES,
    "to_hex(spooky_hash_v2_64(to_utf8('hello')))": HASHES,
    "typeof(checksum(1))": HASHES,
    f"checksum(id) FROM {PEOPLE}": HASHES,
    f"checksum(amount) FROM {PEOPLE}": HASHES,
    f"checksum(score) FROM {PEOPLE}": HASHES,
    f"numeric_histogram(2, score) FROM {PEOPLE}": "DuckDB has no such sketch",
    "t.x, u.y FROM (VALUES 1, 3) t(x) LEFT JOIN LATERAL (SELECT t.x AS y WHERE t.x > 2) u ON true ORDER BY 1": LENIENT,
    "sequential_number FROM TABLE(sequence(1, 3))": LENIENT,
    "sequential_number FROM TABLE(sequence(start => 5, stop => 1, step => -2))": LENIENT,
    "x FROM (VALUES 1) t(x) GROUP BY ALL": PARSERS,
    "convert(1, varchar)": PARSERS,
}


def answers() -> dict[str, list[dict[str, Any]]]:
    """The recorded answers, by family."""
    families: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in FILE.read_text(encoding="utf-8").splitlines()[1:]:
        answer = json.loads(line)
        families[answer["family"]].append(answer)
    return families


def difference(run: Run, answer: dict[str, Any]) -> str:
    """How our answer differs from Trino's; empty when it does not."""
    try:
        statement, rows = run(answer["sql"])
    except SqlError as error:
        if error.name == answer.get("error"):
            return ""
        return f"expected {answer.get('error') or answer['rows'][:3]}, got {error.name}: {error.message[:200]}"
    except duckdb.Error as error:
        return f"DuckDB refuses it: {str(error)[:200]}"
    if "error" in answer:
        return f"expected {answer['error']}, got {rows[:3]}"
    columns = [[column.name, column.type] for column in statement.columns]
    if columns != answer["columns"]:
        return f"expected columns {answer['columns']}, got {columns}"
    kinds = [kind for _, kind in columns]
    if "ORDER BY" not in answer["sql"]:
        rows, answer["rows"] = sorted(rows, key=repr), sorted(answer["rows"], key=lambda row: repr(tuple(row)))
    same = len(rows) == len(answer["rows"]) and all(
        all(map(same_text, ours, theirs, kinds)) for ours, theirs in zip(rows, answer["rows"], strict=True)
    )
    return "" if same else f"expected {answer['rows'][:5]}, got {rows[:5]}"


def same_text(ours: str | None, theirs: str | None, kind: str) -> bool:
    """Texts are equal; doubles to nine digits, in the same notation; maps in any order: Trino's is its hash's."""
    if ours == theirs or ours is None or theirs is None:
        return ours == theirs
    if kind in ("double", "real"):
        a, b = float(ours), float(theirs)
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b)) and ("E" in ours) == ("E" in theirs)
    if kind.startswith("map("):
        return sorted(ours.strip("{}").split(", ")) == sorted(theirs.strip("{}").split(", "))
    return False


@pytest.mark.parametrize("family", [pytest.param(name) for name in sorted(answers())])
def test_answers_as_trino_does(run: Run, family: str) -> None:
    wrong = []
    for answer in answers()[family]:
        expression = answer["sql"].removeprefix("SELECT ")
        found = difference(run, answer)
        if bool(found) != (expression in ACCEPTED):
            wrong.append(f"{answer['sql']}\n    {found or 'is listed as a difference, and is none'}")
    assert not wrong, "\n".join(wrong)


def test_accepted_differences_are_recorded_statements() -> None:
    recorded = {answer["sql"].removeprefix("SELECT ") for family in answers().values() for answer in family}
    assert set(ACCEPTED) <= recorded


def test_records_a_real_trino() -> None:
    header = json.loads(FILE.read_text(encoding="utf-8").partition("\n")[0])
    assert header["release"] == "435"
    assert header["statements"] == sum(map(len, answers().values())) >= 1000
