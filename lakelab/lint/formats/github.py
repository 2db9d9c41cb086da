"""The report as workflow commands, which GitHub shows as annotations in a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from lakelab.lint.findings import Finding, Report, Severity

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """A line for each finding and for each tool that did not do its work or was skipped."""
    lines = [_annotation(finding) for finding in report.findings]
    lines += [f"::error title={_property(run.tool)}::{_data(run.failure)}" for run in report.failures]
    lines += [f"::notice title={_property(run.tool)}::{_data('skipped: ' + run.skipped)}" for run in report.skipped]
    return "\n".join(lines)


def _annotation(finding: Finding) -> str:
    place = finding.location
    properties = f"file={_property(place.file)},line={max(place.line, 1)}"
    if place.column:
        properties += f",col={place.column}"
    text = f"{finding.message} [{finding.resource}]" if finding.resource else finding.message
    return f"::{COMMANDS[finding.severity]} {properties},title={_property(finding.rule)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
