"""format(): a width or a precision is bounded, for it says how much memory a value takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lakelab.cloud.athena.sql import SqlError


@pytest.mark.parametrize(
    ("pattern", "argument", "expected"),
    [
        pytest.param("%5d|", "42", "   42|", id="width"),
        pytest.param("%-5d|", "42", "42   |", id="left"),
        pytest.param("%05d", "-42", "-0042", id="zeros"),
        pytest.param("%,.2f", "1234567.891e0", "1,234,567.89", id="grouped"),
        pytest.param("%.2s", "'abc'", "ab", id="precision-of-text"),
        pytest.param("%x", "255", "ff", id="hexadecimal"),
    ],
)
def test_format(run: Callable, pattern: str, argument: str, expected: str):
    assert run(f"select format('{pattern}', {argument})")[1] == [(expected,)]


@pytest.mark.parametrize("pattern", ["%100000000d", "%.100000000f", "%-100000000s", "%100000000%"])
def test_refuses_a_huge_width_or_precision(failure: Callable[[str], SqlError], pattern: str):
    error = failure(f"select format('{pattern}', {'1e0' if 'f' in pattern else '1'})")
    assert error.name == "INVALID_FUNCTION_ARGUMENT"
    assert error.message == f"Invalid format string: {pattern} (at most 1000000 characters in the local Athena)"
