"""Secrets in files: keys and tokens by their form, passwords by the name of what they are assigned to."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from lakelab.lint.findings import Finding, Location, Run

TOOL = "secrets"
MAX_BYTES = 1_000_000
ALLOWED = "lint: not a secret"  # on the line, with which a person says so
FORMS = {
    "aws-access-key": re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "private-key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----"),
    "github-token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b"),
    "slack-token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "pypi-token": re.compile(r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{20,}"),
    "pulumi-token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "json-web-token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "password-in-url": re.compile(r"\b[a-z][a-z0-9+]*://[^/\s:@'\"{}$]+:(?P<value>[^/\s:@'\"{}$<>]{3,})@"),
    "aws-secret-key": re.compile(
        r"(?i)aws_?secret_?(?:access_?)?key['\"]?\s*[:=]\s*['\"]?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
    ),
    "password": re.compile(
        r"(?i)\b[\w.-]*(?:passw(?:or)?d|secret|api_?key|auth_?token|access_?token)[\w.-]*['\"]?\s*[:=]\s*['\"]"
        r"(?P<value>[^'\"\s]{8,})['\"]"
    ),
}
# What people write where a password would be: references, placeholders, emulators' own keys.
HARMLESS = re.compile(
    r"(?i)^(?:\$|<|\{|%|arn:|https?:|s3:|aws:|alias/|env|test|example|changeme|dummy|fake|placeholder|your[-_ ])"
    r"|^(?:x{3,}|\*{3,})"
    r"|\.\.\.|^(?-i:[a-z_.]+)$|^[\w-]+[:/]|^\[secret\]$"
)


def run(root: Path, files: Iterable[Path]) -> Run:
    """The places in text files that look like secrets. The secret itself is not repeated."""
    begin = time.perf_counter()
    findings: list[Finding] = []
    scanned = 0
    for file in files:
        text = _text(root / file)
        if text is None:
            continue
        scanned += 1
        findings += _scan(file.as_posix(), text)
    return Run(TOOL, tuple(findings), scanned, seconds=time.perf_counter() - begin)


def _text(path: Path) -> str | None:
    """The text of a file; None for one that is binary or too large to have been typed."""
    if path.suffix == ".lock" or path.stat().st_size > MAX_BYTES:
        return None
    data = path.read_bytes()
    return None if b"\0" in data[:8000] else data.decode("utf-8", errors="replace")


def _scan(file: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), start=1):
        if ALLOWED in line or len(line) > 5000:
            continue
        for rule, form in FORMS.items():
            if rule == "password" and file.endswith(".py"):
                continue  # ruff's S105 to S107 know Python's syntax
            match = form.search(line)
            if match and not _harmless(match):
                message = f"looks like a secret ({rule}); if it is none, say so on the line: {ALLOWED}"
                yield Finding(TOOL, rule, message, Location(file, number, match.start() + 1))
                break


def _harmless(match: re.Match[str]) -> bool:
    """Whether it is one of AWS's documented examples, or no password."""
    value = match.groupdict().get("value")
    rules = (FORMS["password"], FORMS["password-in-url"])
    return "EXAMPLE" in match[0] or (match.re in rules and bool(HARMLESS.search(value or "")))
