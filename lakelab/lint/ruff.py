"""ruff: style, likely bugs and formatting of all Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lakelab.lint.findings import Finding, Location, Run
from lakelab.lint.process import Result, execute, finish, tool

TOOL = "ruff"


def run(root: Path, files: Iterable[Path]) -> Run:
    """ruff's findings about Python files, and which of them are not formatted."""
    names = [str(file) for file in files if file.suffix == ".py"]

    def parse(result: Result) -> Run:
        findings = tuple(
            Finding(
                TOOL,
                found["code"] or "syntax",
                found["message"],
                Location(_relative(found["filename"], root), found["location"]["row"], found["location"]["column"]),
                url=found["url"] or "",
            )
            for found in json.loads(result.stdout)
        )
        return Run(TOOL, findings, len(names))

    def parse_format(result: Result) -> Run:
        unformatted = re.findall(r"^Would reformat: (.+)$", result.stdout, re.MULTILINE)
        message = "is not formatted: ruff format"
        return Run(TOOL, tuple(Finding(TOOL, "format", message, Location(name)) for name in unformatted), len(names))

    if not names:
        return Run(TOOL)
    check = execute(tool("ruff", "check", "--output-format", "json", "--force-exclude", *names), root)
    style = execute(tool("ruff", "format", "--check", "--force-exclude", *names), root)
    checked = finish(TOOL, check, parse, codes=(0, 1))
    formatted = finish(TOOL, style, parse_format, codes=(0, 1))
    return replace(
        checked,
        findings=checked.findings + formatted.findings,
        seconds=checked.seconds + formatted.seconds,
        failure=checked.failure or formatted.failure,
    )


def _relative(name: str, root: Path) -> str:
    path = Path(name)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else name
