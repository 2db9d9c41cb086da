"""The report as one JSON document."""

from __future__ import annotations

import json
from typing import Any

from lakelab.lint.findings import Finding, Report


def render(report: Report) -> str:
    """Whether it passed, each tool's run, findings, and what exceptions allow."""
    found = {
        "passed": report.passed,
        "seconds": round(report.seconds, 2),
        "tools": [
            {
                "tool": run.tool,
                "scanned": run.scanned,
                "unit": run.unit,
                "findings": len(run.findings),
                "seconds": round(run.seconds, 2),
                "failure": run.failure,
                "skipped": run.skipped,
                "notes": list(run.notes),
            }
            for run in report.runs
        ],
        "findings": [_finding(finding) for finding in report.findings],
        "excused": [
            {**_finding(item.finding), "reason": item.reason, "expires": item.expires} for item in report.excused
        ],
    }
    return json.dumps(found, indent=2)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "tool": finding.tool,
        "rule": finding.rule,
        "also": list(finding.also),
        "severity": finding.severity.value,
        "message": finding.message,
        "file": finding.location.file,
        "line": finding.location.line,
        "column": finding.location.column,
        "resource": finding.resource,
        "stack": finding.stack,
        "related": [str(place) for place in finding.related],
        "url": finding.url,
    }
