"""Java's patterns beyond RE2, and the limit of time for one value."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from lakelab.cloud.athena.sql import SqlError
from lakelab.cloud.athena.sql.functions import regexps
from lakelab.cloud.athena.sql.functions.registry import TrinoError

CATASTROPHIC, TEXT = r"(?!x)(a|aa)+$", "a" * 60 + "b"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param(r"regexp_extract('a1', '\p{L}(?=\d)')", "a", id="look-ahead"),
        pytest.param(r"regexp_like('abab', '(?<x>ab)\k<x>')", "true", id="named-back-reference"),
        pytest.param(r"regexp_extract('abc', '[a-z&&[^b]]+')", "a", id="intersection-of-sets"),
        pytest.param(r"regexp_extract('xaB', '(?=a)a(?i)b')", "aB", id="flag-in-the-middle"),
        pytest.param(r"regexp_like('a.b', '(?=a)\Qa.b\E')", "true", id="quotation"),
        pytest.param(r"regexp_like('axb', '(?=a)\Qa.b\E')", "false", id="quotation-is-literal"),
        pytest.param(r"regexp_like('a', '(?=a)\x{61}')", "true", id="code-point"),
        pytest.param(r"regexp_replace('aé1', '\p{Lu}', 'x')", "aé1", id="class-of-unicode"),
        pytest.param("regexp_extract(rpad('', 1200, 'x'), 'x{1001}y?')", "x" * 1001, id="many-repetitions"),
    ],
)
def test_matches(run: Callable, sql: str, expected: str):
    assert run(f"select {sql}")[1] == [(expected,)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param("regexp_extract('a', '(', 1)", "missing ) at position 1: (", id="open-group"),
        pytest.param("regexp_replace('a', '(?=a', 'b')", "missing ) at position 4: (?=a", id="open-look-ahead"),
        pytest.param("regexp_replace('a', '(?=a)', '$1')", "Illegal replacement sequence: unknown group 1", id="group"),
    ],
)
def test_refuses(failure: Callable[[str], SqlError], sql: str, message: str):
    error = failure(f"select {sql}")
    assert (error.name, error.message) == ("INVALID_FUNCTION_ARGUMENT", message)


def test_a_deeply_nested_pattern_is_refused():
    with pytest.raises(TrinoError, match="INVALID_FUNCTION_ARGUMENT: maximum recursion depth"):
        regexps.regexp_like("a", "(?=a)" + "(" * 3000 + "a" + ")" * 3000)


def test_gives_up_and_lets_other_threads_run(monkeypatch: pytest.MonkeyPatch, failure: Callable[[str], SqlError]):
    monkeypatch.setattr(regexps, "SECONDS", 0.5)
    longest, last, done = 0.0, time.monotonic(), threading.Event()

    def watch() -> None:
        nonlocal longest, last
        while not done.wait(0.01):
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    watcher = threading.Thread(target=watch)
    watcher.start()
    error = failure(f"select regexp_like('{TEXT}', '{CATASTROPHIC}')")
    done.set()
    watcher.join()
    assert error.name == "INVALID_FUNCTION_ARGUMENT"
    assert error.message == f"Regular expression matching took more than 0.5 seconds: {CATASTROPHIC}"
    assert max(longest, time.monotonic() - last) < 0.4, "the match held Python's lock"
