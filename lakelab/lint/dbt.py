"""`dbt parse`: references, sources, macros and configurations of the transforms, without a connection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lakelab.lint.findings import Finding, Location, Run, Severity
from lakelab.lint.process import Result, execute, finish, tool
from lakelab.lint.sources import below

TOOL = "dbt"
PROJECT = "transforms"
IN_FILE = re.compile(r"\b((?:models|macros|seeds|snapshots|tests|analyses)/[\w/.-]+\.(?:sql|yml|yaml|csv|py))")
IN_LINE = re.compile(r"\bline (\d+)")


def run(root: Path, state: Path, files: Iterable[Path]) -> Run:
    """What dbt says while it parses the project; its partial parse is kept in the data folder."""
    known = below(files, PROJECT)
    folder = state / "lint" / TOOL
    places = (
        "--project-dir",
        PROJECT,
        "--profiles-dir",
        PROJECT,
        "--target-path",
        str(folder),
        "--log-path",
        str(folder),
    )
    command = tool(TOOL, "--log-format", "json", "--log-level", "warn", "--no-use-colors", "parse", *places)

    def parse(result: Result) -> Run:
        events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        found = [_finding(event, root) for event in events if event["info"]["level"] in ("warn", "error")]
        if result.code and not found:
            raise ValueError("it failed without an error")
        manifest = folder / "manifest.json"
        nodes = len(json.loads(manifest.read_text())["nodes"]) if not result.code else len(known)
        return Run(TOOL, tuple(found), nodes, "nodes")

    if not known:
        return Run(TOOL, unit="nodes")
    return finish(TOOL, execute(command, root), parse, codes=(0, 1, 2))


def _finding(event: dict[str, Any], root: Path) -> Finding:
    info = event["info"]
    text = " ".join(info["msg"].split())
    file = IN_FILE.search(text)
    line = IN_LINE.search(text)
    path = f"{PROJECT}/{file[1]}" if file else f"{PROJECT}/dbt_project.yml"
    place = Location(path, int(line[1]) if line and file and (root / path).is_file() else 0)
    severity = Severity.ERROR if info["level"] == "error" else Severity.WARNING
    return Finding(TOOL, info["name"], text.removeprefix("Encountered an error: "), place, severity)
