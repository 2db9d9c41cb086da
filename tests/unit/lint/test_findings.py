"""Findings merge; a report passes only when tools ran, looked at something, and found nothing."""

from __future__ import annotations

from typing import Any

import pytest

from lakelab.lint.findings import Finding, Location, Report, Run, Severity, merge

PLACE = Location("stacks/lake.py", 7)


def finding(rule: str, **values: Any) -> Finding:
    return Finding(**{"tool": "checkov", "rule": rule, "message": rule.lower(), "location": PLACE, **values})


def test_a_rule_that_says_the_same_joins_ours_whatever_comes_first():
    ours, theirs = finding("LAKE_S3_VERSIONING", resource="b"), finding("CKV_AWS_21", resource="b")
    for order in ([ours, theirs], [theirs, ours]):
        (merged,) = merge(order)
        assert (merged.rule, merged.also) == ("LAKE_S3_VERSIONING", ("CKV_AWS_21",))


def test_a_rule_that_says_the_same_stays_alone_without_ours():
    (merged,) = merge([finding("CKV_AWS_21", resource="b")])
    assert (merged.rule, merged.also) == ("CKV_AWS_21", ())


@pytest.mark.parametrize(
    ("values", "count"),
    [
        pytest.param([{"resource": "a"}, {"resource": "a"}], 1, id="the-same-twice"),
        pytest.param([{"resource": "a"}, {"resource": "b"}], 2, id="two-resources"),
        pytest.param(
            [{"resource": "a", "stack": "lake-local"}, {"resource": "a", "stack": "lake-sandbox"}], 2, id="two-stacks"
        ),
        pytest.param([{}, {"location": Location("a.py", 8)}], 2, id="two-places"),
        pytest.param([{"message": "x"}, {"message": "y"}], 2, id="two-messages-about-a-file"),
    ],
)
def test_merge_counts(values: list[dict[str, Any]], count: int):
    assert len(merge(finding("R", **item) for item in values)) == count


def test_two_messages_of_a_rule_about_a_resource_become_one():
    (merged,) = merge([finding("R", resource="a", message="x"), finding("R", resource="a", message="y")])
    assert merged.message == "x; y"


def test_findings_are_in_the_order_of_places():
    merged = merge([finding("B", location=Location("b.py", 1)), finding("A", location=Location("a.py", 9))])
    assert [item.location.file for item in merged] == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("run", "failure"),
    [
        pytest.param(Run("t", scanned=1), "", id="looked-at-something"),
        pytest.param(Run("t", scanned=0, unit="resources"), "t scanned no resources", id="looked-at-nothing"),
        pytest.param(Run("t", failure="broke"), "broke", id="failed"),
        pytest.param(Run("t", skipped="offline"), "", id="skipped"),
    ],
)
def test_a_run_that_looked_at_nothing_failed(run: Run, failure: str):
    assert run.checked().failure == failure


RAN = Run("t", scanned=1)


@pytest.mark.parametrize(
    ("report", "passed"),
    [
        pytest.param(Report((RAN,), ()), True, id="clean"),
        pytest.param(Report((RAN,), (finding("R", severity=Severity.NOTE),)), True, id="a-note"),
        pytest.param(Report((RAN,), (finding("R", severity=Severity.WARNING),)), False, id="a-warning"),
        pytest.param(Report((RAN,), (finding("R"),)), False, id="an-error"),
        pytest.param(Report((RAN, Run("u", failure="broke")), ()), False, id="a-tool-that-failed"),
        pytest.param(Report((RAN, Run("u", skipped="offline")), ()), True, id="a-tool-that-was-skipped"),
        pytest.param(Report((Run("u", skipped="offline"),), ()), False, id="nothing-but-skipped"),
        pytest.param(Report((), ()), False, id="no-tool"),
    ],
)
def test_passed(report: Report, passed: bool):
    assert report.passed is passed
