"""The report in each format: findings with their places, excused ones apart, failed and skipped tools named."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree as xml

import pytest
from rich.console import Console

from lakelab.lint.findings import Excused, Finding, Location, Report, Run, Severity
from lakelab.lint.formats import FORMATS, table

BUCKET = Finding(
    "checkov",
    "LAKE_S3_VERSIONING",
    "it has no BucketVersioning, 100 % sure",
    Location("stacks/components/bucket.py", 42, 9),
    resource="aws:s3/bucket:Bucket::raw",
    stack="lake-local",
    related=(Location("stacks/lake.py", 23),),
    also=("CKV_AWS_21",),
    url="https://example.org/rule",
)
NOTE = Finding("ruff", "N1", "a note", Location("a.py", 3), Severity.NOTE)
EXPIRED = Finding("exceptions", "EXCEPTION_EXPIRED", "it ended", Location("policies/exceptions.yaml", 5))
ALLOWED = Finding(
    "checkov", "CKV_AWS_18", "no access log", Location("stacks/lake.py", 9), resource="aws:s3/bucket:Bucket::raw"
)
REPORT = Report(
    (
        Run("checkov", (BUCKET, ALLOWED), 60, "resources", 3.2),
        Run("ruff", (NOTE,), 12, seconds=0.1, notes=("left out",)),
        Run("dbt", failure="exit code 2"),
        Run("pip-audit", skipped="needs the network"),
    ),
    (BUCKET, NOTE, EXPIRED),
    (Excused(ALLOWED, "nobody reads it", "2027-11-30"),),
    4.0,
)
CLEAN = Report((Run("ruff", (), 12),), ())


def test_sarif():
    (run,) = json.loads(FORMATS["sarif"](REPORT))["runs"]
    bucket, note, expired, allowed = run["results"]
    assert (bucket["ruleId"], bucket["level"]) == ("LAKE_S3_VERSIONING", "error")
    assert bucket["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "stacks/components/bucket.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 42, "startColumn": 9},
    }
    assert bucket["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "stacks/lake.py"
    assert note["level"] == "note"
    assert "suppressions" not in expired
    assert allowed["suppressions"] == [{"kind": "external", "justification": "nobody reads it (until 2027-11-30)"}]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [item["message"]["text"] for item in invocation["toolExecutionNotifications"]] == [
        "dbt: exit code 2",
        "pip-audit: skipped: needs the network",
    ]


def test_a_fingerprint_outlives_a_change_of_line():
    def fingerprint(line: int) -> str:
        moved = Finding("t", "R", "m", Location("a.py", line), resource="x::y")
        (run,) = json.loads(FORMATS["sarif"](Report((), (moved,))))["runs"]
        return run["results"][0]["partialFingerprints"]["lakelabLint/v1"]

    assert fingerprint(1) == fingerprint(2)


def test_junit():
    root = xml.fromstring(FORMATS["junit"](REPORT))
    suites = {suite.get("name"): suite for suite in root}
    assert {
        name: (s.get("tests"), s.get("failures"), s.get("errors"), s.get("skipped")) for name, s in suites.items()
    } == {
        "checkov": ("1", "1", "0", "0"),
        "ruff": ("1", "0", "0", "0"),
        "dbt": ("1", "0", "1", "0"),
        "pip-audit": ("1", "0", "0", "1"),
        "exceptions": ("1", "1", "0", "0"),
    }
    failure = suites["checkov"].find("testcase/failure")
    assert failure is not None
    assert failure.text == "stacks/components/bucket.py:42: it has no BucketVersioning, 100 % sure"


def test_junit_of_a_clean_run_has_a_passed_case():
    (suite,) = xml.fromstring(FORMATS["junit"](CLEAN))
    assert [child.tag for child in suite] == ["testcase"]
    assert list(suite[0]) == []


def test_github():
    assert FORMATS["github"](REPORT).splitlines() == [
        "::error file=stacks/components/bucket.py,line=42,col=9,title=LAKE_S3_VERSIONING::"
        "it has no BucketVersioning, 100 %25 sure [aws:s3/bucket:Bucket::raw]",
        "::notice file=a.py,line=3,title=N1::a note",
        "::error file=policies/exceptions.yaml,line=5,title=EXCEPTION_EXPIRED::it ended",
        "::error title=dbt::exit code 2",
        "::notice title=pip-audit::skipped: needs the network",
    ]


def test_json():
    document = json.loads(FORMATS["json"](REPORT))
    assert document["passed"] is False
    assert [(item["tool"], item["failure"], item["skipped"]) for item in document["tools"]][2:] == [
        ("dbt", "exit code 2", ""),
        ("pip-audit", "", "needs the network"),
    ]
    assert document["findings"][0]["related"] == ["stacks/lake.py:23"]
    assert document["excused"][0]["reason"] == "nobody reads it"


def shown(report: Report, **options: bool) -> str:
    console = Console(file=io.StringIO(), width=200)
    for part in table.render(report, **options):
        console.print(part, highlight=False, soft_wrap=True)
    return console.file.getvalue()  # type: ignore[attr-defined]  # the file above


def test_table():
    text = shown(REPORT)
    assert "stacks/components/bucket.py:42 LAKE_S3_VERSIONING (also CKV_AWS_21)" in text
    assert "aws:s3/bucket:Bucket::raw, by way of stacks/lake.py:23" in text
    assert "dbt did not do its work: exit code 2" in text
    assert "skipped: needs the network" in text
    assert "2 findings in 2 files" in text
    assert "a note" not in text
    assert "nobody reads it" not in text


def test_table_with_notes():
    text = shown(REPORT, notes=True)
    assert "allowed until 2027-11-30: CKV_AWS_18 on aws:s3/bucket:Bucket::raw: nobody reads it" in text
    assert "a.py:3 N1 a note" in text
    assert "ruff: left out" in text


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        pytest.param(CLEAN, "nothing found by 1 tools", id="clean"),
        pytest.param(Report((), ()), "no tool ran", id="no-tool"),
        pytest.param(Report((Run("dbt", failure="x"),), ()), "dbt did not do its work: x", id="a-tool-that-failed"),
    ],
)
def test_verdict(report: Report, verdict: str):
    text = shown(report)
    assert verdict in text
    assert report.passed or "nothing found" not in text
