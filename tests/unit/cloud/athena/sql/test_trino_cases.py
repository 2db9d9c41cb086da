"""Replays `trino_cases.json`: expressions with the value that Trino's documentation promises, written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud.athena.sql import SqlError, Translated

CASES = json.loads((Path(__file__).parent / "trino_cases.json").read_text(encoding="utf-8"))["cases"]
EXPECTED_FAILURES = {
    "select checksum(id) is not null from t": "checksum is refused: no library in the environment computes it",
    "select cast(1e0 as varchar)": "the case is wrong: Trino 435 answers 1.0E0 (trino_golden.jsonl)",
    "select 1 from t match_recognize (order by id measures a.id as i pattern (a) define a as id>0) limit 1": (
        "MATCH_RECOGNIZE is refused with a clear error"
    ),
    "select ST_X(ST_Point(1,2))": "geospatial functions are refused with a clear error",
}


def shown(expected: Any) -> str | None:
    """The expected value as Athena prints it."""
    match expected:
        case {"map": pairs}:
            return "{" + ", ".join(f"{shown(key)}={shown(value)}" for key, value in pairs) + "}"
        case {"date": text} | {"decimal": text} | {"timestamp": text} | {"double": text}:
            return str(text)
        case dict():
            raise AssertionError(f"unknown kind of value: {expected}")
        case list():
            return "[" + ", ".join("null" if item is None else str(shown(item)) for item in expected) + "]"
        case bool():
            return str(expected).lower()
    return None if expected is None else str(expected)


def same(expected: Any, text: str | None) -> bool:
    if text is None or expected is None:
        return text is None and expected is None
    if isinstance(expected, float) or (isinstance(expected, dict) and {"double", "decimal"} & set(expected)):
        number = float(shown(expected) or "nan")
        return abs(float(text) - number) <= 1e-9 * max(1.0, abs(number))
    if isinstance(expected, dict) and "timestamp" in expected:
        return _instant(text) == _instant(str(expected["timestamp"]))
    return text == shown(expected)


def _instant(text: str) -> str:
    """A timestamp in UTC without trailing zeros."""
    from datetime import UTC, datetime

    clock, _, zone = text.replace(" UTC", "+00:00").replace(" +", "+").partition("+")
    value = datetime.fromisoformat(clock + ("+" + zone if zone else "+00:00"))
    return value.astimezone(UTC).isoformat()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case["name"],
            marks=[pytest.mark.xfail(reason=EXPECTED_FAILURES[case["sql"]], strict=True)]
            if case["sql"] in EXPECTED_FAILURES
            else [],
        )
        for case in CASES
    ],
)
def test_case(run: Callable[[str], tuple[Translated, list[tuple[str | None, ...]]]], case: dict[str, Any]) -> None:
    expected = case["expected"]
    if isinstance(expected, dict) and expected.get("error"):
        with pytest.raises(SqlError):
            run(case["sql"])
        return
    _, rows = run(case["sql"])
    row = rows[0]
    values = expected["row"] if isinstance(expected, dict) and "row" in expected else [expected]
    assert len(row) == len(values)
    assert all(map(same, values, row)), row
