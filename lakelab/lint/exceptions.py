"""policies/exceptions.yaml: which finding is allowed where, why, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from lakelab.lint.findings import Excused, Finding, LintError, Location, Severity

FILE = Path("policies/exceptions.yaml")
KEYS = {"rule", "resource", "reason", "expires"}


@dataclass(frozen=True)
class Allowance:
    """One entry of the file.

    Attributes:
        rule: the rule's id.
        resource: `<type>::<name>` of a resource, or a file; `*` stands for any text.
        line: where the entry stands.
    """

    rule: str
    resource: str
    reason: str
    expires: date
    line: int

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is what this entry is about."""
        return self.rule == finding.rule and fnmatchcase(finding.resource or finding.location.file, self.resource)


def read(root: Path) -> list[Allowance]:
    """The entries of the project's file; none when it has no such file.

    Raises:
        LintError: an entry lacks a key, has one too many, no reason, or an expiry that is no date.
    """
    file = root / FILE
    if not file.is_file():
        return []
    node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    entries = document.get("exceptions") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not isinstance(node, yaml.MappingNode):
        raise LintError(f"{FILE}: there is no list `exceptions`")
    lines = [item.start_mark.line + 1 for _, value in node.value for item in value.value]
    return [_allowance(entry, line) for entry, line in zip(entries, lines, strict=True)]


def _allowance(entry: Any, line: int) -> Allowance:
    where = f"{FILE}:{line}"
    if not isinstance(entry, dict) or set(entry) != KEYS:
        raise LintError(f"{where}: an exception has the keys {', '.join(sorted(KEYS))}")
    if not isinstance(entry["expires"], date):
        raise LintError(f"{where}: expires must be a date, YYYY-MM-DD, not {entry['expires']!r}")
    if not str(entry["reason"] or "").strip():
        raise LintError(f"{where}: an exception needs a reason")
    return Allowance(str(entry["rule"]), str(entry["resource"]), str(entry["reason"]).strip(), entry["expires"], line)


def apply(
    findings: Iterable[Finding], allowances: list[Allowance], today: date, *, complete: bool = True
) -> tuple[list[Finding], list[Excused]]:
    """The findings that stay, and those that an entry allows.

    An entry past its date allows nothing, and is a finding of its own as long as there is something for it to allow. So
    is one that nothing matches any more: it would allow the next such mistake unseen.

    Args:
        today: an entry holds through the day that it names.
        complete: all tools ran, so that what nothing matches is really unused.
    """
    stay: list[Finding] = []
    excused: list[Excused] = []
    used: set[Allowance] = set()
    for finding in findings:
        entries = [entry for entry in allowances if entry.covers(finding)]
        used |= set(entries)
        valid = next((entry for entry in entries if entry.expires >= today), None)
        if valid:
            excused.append(Excused(finding, valid.reason, valid.expires.isoformat()))
        else:
            stay.append(finding)
    for entry in allowances:
        if entry in used and entry.expires < today:
            message = f"the exception for {entry.rule} on {entry.resource} ended on {entry.expires}: {entry.reason}"
            stay.append(_about(entry, "EXCEPTION_EXPIRED", message))
        elif entry not in used and complete:
            stay.append(
                _about(entry, "EXCEPTION_UNUSED", f"nothing breaks {entry.rule} on {entry.resource}: take it out")
            )
    return stay, excused


def _about(entry: Allowance, rule: str, message: str) -> Finding:
    return Finding("exceptions", rule, message, Location(FILE.as_posix(), entry.line), Severity.ERROR)
