"""sqlfluff: the SQL of the named queries and of the models, in Athena's dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from lakelab.lint.findings import Finding, Location, Run
from lakelab.lint.process import Result, execute, finish, tool
from lakelab.lint.sources import below

TOOL = "sqlfluff"
FOLDERS = ("athena_queries", "transforms/models", "transforms/snapshots", "transforms/tests")


def run(root: Path, files: Iterable[Path]) -> Run:
    """sqlfluff's findings about the SQL files; `.sqlfluff` has its settings."""
    names = [str(file) for file in below(files, *FOLDERS, suffixes=(".sql",)) if "tests/generic" not in file.as_posix()]

    def parse(result: Result) -> Run:
        answer = json.loads(result.stdout)
        findings = tuple(
            Finding(
                TOOL,
                found["code"],
                found["description"],
                Location(entry["filepath"], found["start_line_no"], found["start_line_pos"]),
                url=f"https://docs.sqlfluff.com/en/stable/perma/rule/{found['code']}.html",
            )
            for entry in answer
            for found in entry["violations"]
        )
        return Run(TOOL, findings, len(answer))

    if not names:
        return Run(TOOL)
    return finish(TOOL, execute(tool(TOOL, "lint", "--format", "json", "--nofail", *names), root), parse)
