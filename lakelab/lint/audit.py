"""pip-audit: known vulnerabilities of the locked packages. It asks the network about each, so only when told to."""

from __future__ import annotations

import json
from pathlib import Path

from lakelab.lint.environment import tool
from lakelab.lint.findings import Finding, Location, Run
from lakelab.lint.process import Result, execute, finish

TOOL = "pip-audit"
LOCK = "requirements.lock"
OFFLINE = (
    "ConnectionError",
    "NameResolutionError",
    "Max retries exceeded",
    "ConnectTimeout",
    "ProxyError",
    "Connection refused",
)


def run(root: Path, state: Path) -> Run:
    """The locked packages with known vulnerabilities; skipped, with a message, where PyPI cannot be asked.

    A package index that stands in for PyPI may lack PyPI's JSON API, which is what knows the vulnerabilities: pip-audit
    then skips every package and still ends with 0, which is no success here.
    """
    lines = (root / LOCK).read_text(encoding="utf-8").splitlines()
    where = {line.split("==")[0].lower(): number for number, line in enumerate(lines, start=1) if "==" in line}

    def parse(result: Result) -> Run:
        packages = json.loads(result.stdout)["dependencies"]
        skipped = [package for package in packages if "skip_reason" in package]
        if len(skipped) == len(packages):
            reason = skipped[0]["skip_reason"] if skipped else "it saw none"
            return Run(TOOL, skipped=f"no package could be audited, the first because: {reason}")
        if skipped:
            names = ", ".join(package["name"] for package in skipped)
            return Run(TOOL, failure=f"{len(skipped)} of {len(packages)} packages could not be audited: {names}")
        findings = tuple(
            Finding(
                TOOL,
                problem["id"],
                f"{package['name']} {package['version']}; repaired in {', '.join(problem['fix_versions']) or 'none'}",
                Location(LOCK, where.get(package["name"].lower(), 0)),
            )
            for package in packages
            for problem in package["vulns"]
        )
        return Run(TOOL, findings, len(packages), "packages")

    program = str(tool(TOOL, root, state))
    command = [
        program,
        "--requirement",
        LOCK,
        "--disable-pip",
        "--require-hashes",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    result = execute([*command, "--timeout", "10"], root)
    if result.code and any(sign in result.stderr for sign in OFFLINE):
        return Run(
            TOOL, seconds=result.seconds, skipped="the package index cannot be reached: run it where there is a network"
        )
    return finish(TOOL, result, parse, codes=(0, 1))
