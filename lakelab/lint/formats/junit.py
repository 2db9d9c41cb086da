"""The report as JUnit XML: a suite for each tool, a failed case for each finding."""

from __future__ import annotations

from xml.etree import ElementTree as xml

from lakelab.lint.findings import Finding, Report, Run


def render(report: Report) -> str:
    """A tool without findings is one passed case, one that did not do its work an error, a skipped one skipped."""
    root = xml.Element("testsuites", name="lakelab lint", time=f"{report.seconds:.2f}")
    left = list(report.findings)
    for run in report.runs:
        _suite(root, run.tool, [finding for finding in left if finding.tool == run.tool], run)
    tools = {run.tool for run in report.runs}
    if others := [finding for finding in left if finding.tool not in tools]:
        _suite(root, "exceptions", others, None)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True)


def _suite(root: xml.Element, name: str, findings: list[Finding], run: Run | None) -> None:
    failing = [finding for finding in findings if finding.fails]
    failed, skipped = (run.failure, run.skipped) if run else ("", "")
    suite = xml.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(max(len(findings), 1)),
        failures=str(len(failing)),
        errors=str(int(bool(failed))),
        skipped=str(int(bool(skipped))),
        time=f"{run.seconds if run else 0:.2f}",
    )
    if failed or skipped or not findings:
        case = xml.SubElement(suite, "testcase", classname=name, name=name)
        if failed:
            xml.SubElement(case, "error", message=failed)
        elif skipped:
            xml.SubElement(case, "skipped", message=skipped)
    for finding in findings:
        about = finding.resource or finding.location.file
        case = xml.SubElement(suite, "testcase", classname=f"{name}.{finding.rule}", name=f"{finding.rule} {about}")
        text = f"{finding.location}: {finding.message}"
        if finding.fails:
            xml.SubElement(case, "failure", message=finding.message, type=finding.rule).text = text
        else:
            xml.SubElement(case, "system-out").text = text
