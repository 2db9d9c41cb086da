"""Where a value stands in YAML and JSON."""

from __future__ import annotations

import pytest

from lakelab.lint.yaml_lines import keys_of, line_of

TEXT = """\
name: a
jobs:
  lint:
    steps:
      - uses: x
      - run: y
        shel: bash
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        pytest.param((), 1, id="all-of-it"),
        pytest.param(("name",), 1, id="scalar"),
        pytest.param(("jobs", "lint"), 3, id="mapping"),
        pytest.param(("jobs", "lint", "steps", 1), 6, id="item"),
        pytest.param(("jobs", "lint", "steps", 1, "shel"), 7, id="key-in-an-item"),
        pytest.param(("jobs", "lint", "needs"), 3, id="key-that-is-not-there"),
        pytest.param(("jobs", "lint", "steps", 9), 4, id="item-that-is-not-there"),
    ],
)
def test_line_of(keys, line):
    assert line_of(TEXT, keys) == line


def test_line_of_in_json():
    assert line_of('{\n "a": [\n  1,\n  2\n ]\n}', ("a", 1)) == 4


@pytest.mark.parametrize(
    ("message", "keys"),
    [
        ("Additional properties are not allowed ('shel' was unexpected)", ("jobs", "shel")),
        ("'timeout' does not match any of the regexes: '^x'", ("jobs", "timeout")),
        ("5 is not of type 'string'", ("jobs",)),
    ],
)
def test_keys_of(message, keys):
    assert keys_of(["jobs"], message) == keys
