"""The generated orders feed: its size, its mess, and that the same seed gives the same bytes."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from pathlib import Path

import pytest

from lakelab.pipeline.orders import HEADER, generate


def read(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == list(HEADER)
    return rows[1:]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return generate(tmp_path_factory.mktemp("feed"), days=6, rows=6000, seed=7)


@pytest.fixture(scope="module")
def rows(feed: list[Path]) -> dict[str, list[list[str]]]:
    return {path.name: read(path) for path in feed}


@pytest.mark.parametrize(
    ("days", "count"),
    [
        pytest.param(1, 1, id="a single line"),
        pytest.param(1, 500, id="one day, no late file"),
        pytest.param(2, 2, id="one line a day"),
        pytest.param(7, 1003, id="lines that do not divide by the days"),
    ],
)
def test_the_files_have_exactly_the_lines_asked_for(tmp_path: Path, days: int, count: int):
    files = generate(tmp_path, days=days, rows=count, seed=1)
    assert sum(len(read(path)) for path in files) == count
    assert len(files) == (days if days == 1 else days + 1)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path):
    def contents(name: str, seed: int) -> list[tuple[str, bytes]]:
        files = generate(tmp_path / name, days=3, rows=900, seed=seed)
        return [(path.name, path.read_bytes()) for path in files]

    assert contents("a", 5) == contents("b", 5)
    assert contents("a", 5) != contents("c", 6)


def test_orders_repeat_within_a_file_and_across_files(rows: dict[str, list[list[str]]]):
    within = [
        name for name, lines in rows.items() if max(Counter(tuple(line) for line in lines if line[0]).values()) > 1
    ]
    assert len(within) == 6
    days = [set(map(tuple, lines)) for name, lines in rows.items() if "late" not in name]
    assert all(days[n] & days[n + 1] for n in range(5))


def test_the_late_file_has_only_orders_of_earlier_days_that_no_other_file_has(rows: dict[str, list[list[str]]]):
    late = rows["orders_2025-01-06_late.csv"]
    assert {line[2] for line in late} == {f"2025-01-0{day}" for day in range(1, 6)}
    elsewhere = {line[0] for name, lines in rows.items() if "late" not in name for line in lines}
    assert not {line[0] for line in late} & elsewhere


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda row: len(row) < len(HEADER), id="a column too few"),
        pytest.param(lambda row: len(row) > len(HEADER), id="a column too many"),
        pytest.param(lambda row: row[2].startswith("2025-13"), id="a date that is none"),
        pytest.param(lambda row: row[3].endswith(" cents"), id="text in the total"),
        pytest.param(lambda row: row[3].startswith("-"), id="a negative total"),
        pytest.param(lambda row: row[0] == "", id="no order id"),
        pytest.param(lambda row: row[4] == "XYZ", id="an unknown currency"),
    ],
)
def test_each_kind_of_bad_line_occurs(rows: dict[str, list[list[str]]], broken):
    assert any(broken(line) for lines in rows.values() for line in lines)


def test_one_file_is_latin1_with_crlf_and_one_begins_with_a_byte_order_mark(feed: list[Path]):
    latin1 = []
    for path in feed:
        try:
            path.read_bytes().decode()
        except UnicodeDecodeError:
            latin1.append(path.name)
            assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n")
    assert latin1 == ["orders_2025-01-04.csv"]
    assert [path.name for path in feed if path.read_bytes().startswith(b"\xef\xbb\xbf")] == ["orders_2025-01-06.csv"]


def test_customers_are_zipf_shaped(rows: dict[str, list[list[str]]]):
    counts = Counter(line[1] for lines in rows.values() for line in lines).most_common()
    assert counts[0][0] == "c-00001"
    assert counts[0][1] > 4 * counts[9][1]


def test_a_hundred_thousand_lines_take_less_than_two_seconds(tmp_path: Path):
    began = time.process_time()
    generate(tmp_path, days=90, rows=100_000, seed=1)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("days", "count", "message"),
    [
        pytest.param(0, 10, "days must be at least 1, got 0", id="no days"),
        pytest.param(5, 4, r"rows must be at least one a day \(5\), got 4", id="fewer lines than days"),
    ],
)
def test_sizes_too_small_are_refused(tmp_path: Path, days: int, count: int, message: str):
    with pytest.raises(ValueError, match=message):
        generate(tmp_path, days=days, rows=count, seed=1)
