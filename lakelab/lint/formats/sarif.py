"""The report as SARIF 2.1.0, which GitHub's code scanning shows: https://docs.oasis-open.org/sarif/sarif/v2.1.0/"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lakelab import __version__
from lakelab.lint.findings import Excused, Finding, Location, Report, Run


def render(report: Report) -> str:
    """One run; excused findings are suppressed results, failed tools make the invocation unsuccessful."""
    findings = [*report.findings, *(item.finding for item in report.excused)]
    rules = sorted({(finding.rule, finding.url) for finding in findings})
    index: dict[str, int] = {}
    descriptors: list[dict[str, Any]] = []
    for rule, url in rules:
        if rule not in index:
            index[rule] = len(descriptors)
            descriptors.append({"id": rule} | ({"helpUri": url} if url else {}))
    results = [_result(finding, index) for finding in report.findings]
    results += [_result(item.finding, index) | _suppression(item) for item in report.excused]
    run = {
        "tool": {"driver": {"name": "lakelab lint", "version": __version__, "rules": descriptors}},
        "invocations": [
            {
                "executionSuccessful": not report.failures,
                "toolExecutionNotifications": [_notification(run) for run in (*report.failures, *report.skipped)],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, indent=2
    )


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    text = f"{finding.message} [{finding.resource}]" if finding.resource else finding.message
    identity = f"{finding.rule}\0{finding.location.file}\0{finding.resource or finding.message}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [_place(finding.location)],
        "relatedLocations": [_place(place) | {"id": number} for number, place in enumerate(finding.related)],
        "partialFingerprints": {"lakelabLint/v1": hashlib.sha256(identity.encode()).hexdigest()},
        "properties": {"tool": finding.tool, "also": list(finding.also), "resource": finding.resource},
    }


def _place(location: Location) -> dict[str, Any]:
    region = {"startLine": max(location.line, 1)} | ({"startColumn": location.column} if location.column else {})
    return {
        "physicalLocation": {"artifactLocation": {"uri": location.file, "uriBaseId": "%SRCROOT%"}, "region": region}
    }


def _suppression(item: Excused) -> dict[str, Any]:
    return {"suppressions": [{"kind": "external", "justification": f"{item.reason} (until {item.expires})"}]}


def _notification(run: Run) -> dict[str, Any]:
    level, text = ("error", run.failure) if run.failure else ("note", f"skipped: {run.skipped}")
    return {"level": level, "message": {"text": f"{run.tool}: {text}"}}
