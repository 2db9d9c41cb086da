"""checkov, with the kit's own rules, on the graph as a Terraform plan; and on the Dockerfile and the workflows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lakelab.lint.environment import tool
from lakelab.lint.findings import Finding, Location, Run
from lakelab.lint.graph import Graph, Resource
from lakelab.lint.plan import render
from lakelab.lint.process import Result, execute, finish

TOOL = "checkov"
RULES = Path("policies/rules")
PLAN = "terraform_plan"
FRAMEWORKS = (PLAN, "dockerfile", "github_actions")
# Said better by a rule of ours: LAKE_LAMBDA_DEAD_LETTERS knows on-failure destinations.
REPLACED = ("CKV_AWS_116",)
# What checkov says on its log when a rule could not be loaded or run; its exit code does not tell.
TROUBLE = re.compile(r"Cannot load external check.*|Failed to run check.*|Error while running.*")
ENVIRONMENT = {"LOG_LEVEL": "ERROR", "CHECKOV_MAX_FILE_SIZE": "0"}


def run(graph: Graph, root: Path, state: Path, files: list[Path] | None = None) -> Run:
    """checkov's findings about the graph's resources and, if given, about the Dockerfile and workflow files.

    Raises:
        LakelabError: checkov cannot be installed.
    """
    program = tool(TOOL, root, state)
    plan, by_address = render(graph)
    with TemporaryDirectory(prefix="lakelab-lint-") as folder:
        file = Path(folder) / "plan.json"
        file.write_text(
            json.dumps(plan, indent=1)
        )  # checkov finds lines by the indentation; one line would be all of it
        command = [
            str(program),
            *("--file", str(file), *(str(path) for path in files or [])),
            *("--framework", *(FRAMEWORKS if files else FRAMEWORKS[:1])),
            *("--external-checks-dir", str(root / RULES)),
            *("--skip-check", ",".join(REPLACED)),
            *("--output", "json", "--compact", "--quiet", "--soft-fail", "--skip-download"),
        ]
        result = execute(command, root, ENVIRONMENT)
    trouble = TROUBLE.search(result.stderr)
    if trouble:
        return Run(TOOL, seconds=result.seconds, failure=trouble[0])
    return finish(TOOL, result, lambda done: _parse(done, graph, by_address, root))


def _parse(result: Result, graph: Graph, by_address: dict[str, Resource], root: Path) -> Run:
    answer = json.loads(result.stdout)
    reports = {report["check_type"]: report for report in (answer if isinstance(answer, list) else [answer])}
    plan = reports.get(PLAN)
    if plan is None:
        raise ValueError("there is no report about the plan")
    broken = [report["check_type"] for report in reports.values() if report["summary"]["parsing_errors"]]
    if broken:
        raise ValueError(f"checkov could not parse {', '.join(broken)}")
    scanned = plan["summary"]["resource_count"]
    if scanned < len(by_address):
        raise ValueError(f"checkov saw {scanned} of {len(by_address)} resources")
    findings = [_about_resource(graph, by_address, check) for check in plan["results"]["failed_checks"]]
    for kind, report in reports.items():
        if kind != PLAN:
            findings += _about_file(report, root)
    return Run(TOOL, tuple(findings), scanned, "resources")


def _about_resource(graph: Graph, by_address: dict[str, Resource], check: dict[str, Any]) -> Finding:
    details = "; ".join(check.get("details") or [])
    return graph.finding(
        by_address[check["resource"]],
        tool=TOOL,
        rule=check["check_id"],
        message=f"{check['check_name']}: {details}" if details else check["check_name"],
        url=check.get("guideline") or "",
    )


def _about_file(report: dict[str, Any], root: Path) -> Iterator[Finding]:
    for check in report["results"]["failed_checks"]:
        file = Path(check["file_abs_path"]).resolve()
        path = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
        lines = check.get("file_line_range") or [0]
        yield Finding(
            TOOL,
            check["check_id"],
            check["check_name"],
            Location(path, max(lines[0], 0)),
            url=check.get("guideline") or "",
        )
