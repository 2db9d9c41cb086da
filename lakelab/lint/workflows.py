"""GitHub workflows: zizmor for their security, GitHub's own JSON schema for their form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lakelab.lint.environment import tool
from lakelab.lint.findings import Finding, Location, Run, Severity
from lakelab.lint.process import Result, execute, finish
from lakelab.lint.sources import below
from lakelab.lint.yaml_lines import keys_of, line_of

FOLDER = ".github"
ZIZMOR, SCHEMA = "zizmor", "check-jsonschema"
SEVERITIES = {"Unknown": Severity.WARNING, "Informational": Severity.NOTE}


def workflow_files(files: Iterable[Path]) -> list[Path]:
    """The workflows among the project's files."""
    return below(files, f"{FOLDER}/workflows", suffixes=(".yml", ".yaml"))


def run_zizmor(root: Path, state: Path, files: Iterable[Path]) -> Run:
    """zizmor's findings: unpinned actions, injected templates, credentials that stay, permissions too wide."""
    names = [str(file) for file in workflow_files(files)]

    def parse(result: Result) -> Run:
        return Run(ZIZMOR, tuple(map(_audit, json.loads(result.stdout))), len(names), "workflows")

    if not names:
        return Run(ZIZMOR, unit="workflows")
    command = [str(tool(ZIZMOR, root, state)), "--offline", "--no-exit-codes", "--quiet", "--format", "json", *names]
    return finish(ZIZMOR, execute(command, root), parse)


def _audit(found: dict[str, Any]) -> Finding:
    place = next((at for at in found["locations"] if at["symbolic"]["kind"] == "Primary"), found["locations"][0])
    start = place["concrete"]["location"]["start_point"]
    return Finding(
        ZIZMOR,
        found["ident"],
        f"{found['desc']}: {place['symbolic']['annotation']}",
        Location(_path(place["symbolic"]["key"]), start["row"] + 1, start["column"] + 1),
        SEVERITIES.get(found["determinations"]["severity"], Severity.ERROR),
        url=found["url"],
    )


def _path(key: dict[str, dict[str, str]]) -> str:
    return next(iter(key.values()))["verbatim_path"]


def run_schema(root: Path, state: Path, files: Iterable[Path]) -> Run:
    """Where a workflow is not what GitHub's schema says: misspelt keys, wrong types, missing ones."""
    names = [str(file) for file in workflow_files(files)]

    def parse(result: Result) -> Run:
        answer = json.loads(result.stdout)
        found = [_mistake(root, error) for error in answer.get("errors", [])]
        found += [
            Finding(SCHEMA, "syntax", error["message"], Location(error["filename"]))
            for error in answer.get("parse_errors", [])
        ]
        return Run(SCHEMA, tuple(found), len(names), "workflows")

    if not names:
        return Run(SCHEMA, unit="workflows")
    program = str(tool(SCHEMA, root, state))
    command = [program, "--builtin-schema", "vendor.github-workflows", "--output-format", "json", *names]
    return finish(SCHEMA, execute(command, root), parse, codes=(0, 1))


def _mistake(root: Path, error: dict[str, Any]) -> Finding:
    best = error.get("best_deep_match") or error
    line = line_of(
        (root / error["filename"]).read_text(encoding="utf-8"), keys_of(_keys(best["path"]), best["message"])
    )
    return Finding(SCHEMA, "schema", f"{best['path']}: {best['message']}", Location(error["filename"], line))


def _keys(path: str) -> list[str | int]:
    """`$.jobs.a.steps[1]` as keys."""
    found: list[str | int] = []
    for part in path.removeprefix("$").replace("[", ".[").split("."):
        if part.startswith("[") and part[1:-1].isdigit():
            found.append(int(part[1:-1]))
        elif part:
            found.append(part.strip("[]'\""))
    return found
