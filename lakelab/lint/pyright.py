"""pyright: types. It needs a minute for everything, so what it said of a part is kept until that part changes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lakelab.lint.findings import Finding, Location, Run, Severity
from lakelab.lint.process import Result, execute, finish, tool
from lakelab.lint.sources import below, digest

TOOL = "pyright"
PROGRAM = "basedpyright"  # pyright, with its JavaScript and node in the wheel: it downloads nothing
# A part is checked again when one of these folders changes: its own, and those that it imports from.
PARTS = {
    "stacks": ("stacks",),
    "lambdas": ("lambdas",),
    "lakelab": ("lakelab",),
}
SETTINGS = ("pyproject.toml", "requirements.lock")
SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "information": Severity.NOTE}


def run(root: Path, state: Path, files: Iterable[Path]) -> Run:
    """pyright's findings about stacks, lambdas and lakelab."""
    known = list(files)
    kept = state / "lint" / TOOL
    kept.mkdir(parents=True, exist_ok=True)
    answers: dict[str, Any] = {}
    missing: dict[str, Path] = {}
    for part, folders in PARTS.items():
        sources = below(known, *folders, suffixes=(".py",))
        if not below(sources, part):
            continue
        file = kept / f"{part}-{digest(root, [*sources, *below(known, *SETTINGS)], version(PROGRAM))}.json"
        if file.is_file():
            answers[part] = json.loads(file.read_text())
        else:
            missing[part] = file
    seconds = 0.0
    if missing:
        result = execute(tool(PROGRAM, "--outputjson", "--threads", "2", *missing), root)
        failed = finish(TOOL, result, _parse, codes=(0, 1))
        if failed.failure:
            return failed
        seconds = result.seconds
        for part, answer in _by_part(json.loads(result.stdout), root, missing).items():
            for old in kept.glob(f"{part}-*.json"):
                old.unlink()
            missing[part].write_text(json.dumps(answer))
            answers[part] = answer
    findings = tuple(_finding(found) for answer in answers.values() for found in answer)
    scanned = len(below(known, *answers, suffixes=(".py",)))
    unchanged = [part for part in answers if part not in missing]
    notes = (f"unchanged since they were checked: {', '.join(unchanged)}",) if unchanged else ()
    return Run(TOOL, findings, scanned, "files", seconds, notes=notes)


def _parse(result: Result) -> Run:
    return Run(TOOL, scanned=json.loads(result.stdout)["summary"]["filesAnalyzed"]).checked()


def _by_part(answer: dict[str, Any], root: Path, parts: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {part: [] for part in parts}
    for diagnostic in answer["generalDiagnostics"]:
        path = Path(diagnostic["file"])
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        found[name.split("/")[0]].append({**diagnostic, "file": name})
    return found


def _finding(found: dict[str, Any]) -> Finding:
    start = found.get("range", {}).get("start", {"line": -1, "character": -1})
    return Finding(
        TOOL,
        found.get("rule", "error"),
        " ".join(found["message"].split()),
        Location(found["file"], start["line"] + 1, start["character"] + 1),
        SEVERITIES[found["severity"]],
    )
