"""Exceptions allow what they name until their day; expired and unused ones are findings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lakelab.lint.exceptions import FILE, apply, read
from lakelab.lint.findings import Finding, LintError, Location

ENTRY = """\
# why
exceptions:
  - rule: {rule}
    resource: {resource}
    reason: {reason}
    expires: {expires}
"""
VALID = {"rule": "R1", "resource": "aws:s3/bucket:Bucket::*", "reason": "because of that", "expires": "2026-12-31"}
BEFORE, LAST_DAY, AFTER = date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)


def write(root: Path, text: str) -> Path:
    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
    (root / FILE).write_text(text)
    return root


def finding(rule: str = "R1", resource: str = "aws:s3/bucket:Bucket::raw", **values) -> Finding:
    return Finding("checkov", rule, "message", Location("stacks/lake.py", 7), resource=resource, **values)


@pytest.mark.parametrize(
    ("today", "excused", "rules"),
    [
        pytest.param(BEFORE, 1, [], id="before"),
        pytest.param(LAST_DAY, 1, [], id="on-its-last-day"),
        pytest.param(AFTER, 0, ["R1", "EXCEPTION_EXPIRED"], id="after"),
    ],
)
def test_an_exception_ends(today: date, excused: int, rules: list[str], tmp_path: Path):
    allowances = read(write(tmp_path, ENTRY.format(**VALID)))
    stay, allowed = apply([finding()], allowances, today)
    assert len(allowed) == excused
    assert [item.rule for item in stay] == rules


def test_an_expired_exception_is_named_with_its_line_and_reason(tmp_path: Path):
    stay, _ = apply([finding()], read(write(tmp_path, ENTRY.format(**VALID))), AFTER)
    assert stay[1].location == Location("policies/exceptions.yaml", 3)
    assert stay[1].message == "the exception for R1 on aws:s3/bucket:Bucket::* ended on 2026-12-31: because of that"
    assert stay[1].fails


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(finding(rule="R2"), id="another-rule"),
        pytest.param(finding(resource="aws:sqs/queue:Queue::raw"), id="another-resource"),
        pytest.param(finding(rule="R2", also=("R1",)), id="only-joined-by-the-rule"),
    ],
)
def test_an_exception_allows_nothing_else(other: Finding, tmp_path: Path):
    stay, excused = apply([other], read(write(tmp_path, ENTRY.format(**VALID))), BEFORE)
    assert excused == []
    assert [item.rule for item in stay] == ["R2" if other.rule == "R2" else "R1", "EXCEPTION_UNUSED"]


def test_an_unused_exception_is_a_finding_only_when_all_tools_ran(tmp_path: Path):
    allowances = read(write(tmp_path, ENTRY.format(**VALID)))
    assert [item.rule for item in apply([], allowances, BEFORE)[0]] == ["EXCEPTION_UNUSED"]
    assert apply([], allowances, BEFORE, complete=False) == ([], [])


def test_a_file_is_named_by_its_path(tmp_path: Path):
    allowances = read(write(tmp_path, ENTRY.format(**{**VALID, "resource": "Dockerfile"})))
    found = Finding("checkov", "R1", "message", Location("Dockerfile", 1))
    assert len(apply([found], allowances, BEFORE)[1]) == 1


def test_no_file_is_no_exception(tmp_path: Path):
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("- a", "there is no list `exceptions`", id="no-mapping"),
        pytest.param("exceptions: yes", "there is no list `exceptions`", id="no-list"),
        pytest.param(
            ENTRY.format(**{**VALID, "expires": "soon"}), "exceptions.yaml:3: expires must be a date", id="no-date"
        ),
        pytest.param(
            ENTRY.format(**{**VALID, "reason": '""'}), "exceptions.yaml:3: an exception needs a reason", id="no-reason"
        ),
        pytest.param(
            ENTRY.format(**VALID) + "    owner: me\n", "has the keys expires, reason, resource, rule", id="a-key-more"
        ),
        pytest.param("exceptions:\n  - rule: R\n", "exceptions.yaml:2: an exception has the keys", id="a-key-less"),
    ],
)
def test_a_broken_file_is_refused(text: str, message: str, tmp_path: Path):
    with pytest.raises(LintError, match=message):
        read(write(tmp_path, text))
