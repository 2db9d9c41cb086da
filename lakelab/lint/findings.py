"""What the tools found: findings, the runs they came from, and the report that merges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lakelab.errors import LakelabError


class LintError(LakelabError):
    """The lint itself could not do its work."""


class Severity(StrEnum):
    """How bad a finding is. Errors and warnings fail the lint, notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file. `file` is relative to the project's root; lines and columns count from 1, 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        tool: the tool that found it.
        rule: the rule's id, for example `LAKE_S3_VERSIONING` or `CKV_AWS_272`.
        message: what is wrong.
        location: where to repair it.
        resource: `<type>::<name>` of the Pulumi resource; empty for findings about files.
        stack: the stack that the resource is in.
        related: the places that led here, innermost first: the component, the layer.
        also: the rules of other tools that say the same.
        url: where the rule is explained.
    """

    tool: str
    rule: str
    message: str
    location: Location
    severity: Severity = Severity.ERROR
    resource: str = ""
    stack: str = ""
    related: tuple[Location, ...] = ()
    also: tuple[str, ...] = ()
    url: str = ""

    @property
    def fails(self) -> bool:
        return self.severity is not Severity.NOTE


@dataclass(frozen=True)
class Run:
    """One tool's run. A run neither failed nor skipped has scanned something.

    Attributes:
        scanned: how many `unit`s the tool says it looked at.
        failure: why the tool did not do its work; fails the lint.
        skipped: why it was not run, and how to run it; does not fail the lint.
        notes: what the tool could not look at.
    """

    tool: str
    findings: tuple[Finding, ...] = ()
    scanned: int = 0
    unit: str = "files"
    seconds: float = 0.0
    failure: str = ""
    skipped: str = ""
    notes: tuple[str, ...] = ()

    def checked(self) -> Run:
        """The same run; a failed one when the tool looked at nothing."""
        if self.scanned or self.failure or self.skipped:
            return self
        return replace(self, failure=f"{self.tool} scanned no {self.unit}")


# Rules that say the same of a resource as a rule of ours: one finding, ours, names the others.
SAME = {
    "CKV_AWS_21": "LAKE_S3_VERSIONING",
    "CKV_AWS_19": "LAKE_S3_ENCRYPTION",
    "CKV2_AWS_61": "LAKE_S3_LIFECYCLE",
    "CKV_AWS_300": "LAKE_S3_LIFECYCLE",
    "CKV2_AWS_6": "LAKE_S3_PUBLIC_ACCESS",
    "CKV_AWS_53": "LAKE_S3_PUBLIC_ACCESS",
    "CKV_AWS_54": "LAKE_S3_PUBLIC_ACCESS",
    "CKV_AWS_55": "LAKE_S3_PUBLIC_ACCESS",
    "CKV_AWS_56": "LAKE_S3_PUBLIC_ACCESS",
    "CKV_AWS_115": "LAKE_LAMBDA_CONCURRENCY",
    "CKV_AWS_82": "LAKE_ATHENA_OUTPUT",
    "CKV_AWS_45": "LAKE_LAMBDA_SECRET",
    "CKV_AWS_62": "IAM_WILDCARD_ACTION",
    "CKV_AWS_63": "IAM_WILDCARD_ACTION",
    "CKV_AWS_290": "IAM_WILDCARD_RESOURCE",
    "CKV_AWS_355": "IAM_WILDCARD_RESOURCE",
    "CKV_AWS_288": "IAM_WILDCARD_RESOURCE",
    "CKV_AWS_287": "IAM_WILDCARD_RESOURCE",
    "CKV_AWS_286": "IAM_PRIVILEGE_ESCALATION",
    "CKV2_AWS_40": "IAM_WILDCARD_ACTION",
    "CKV_AWS_60": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_61": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_70": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_168": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_169": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_33": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_301": "IAM_PUBLIC_PRINCIPAL",
    "CKV_AWS_364": "IAM_CONFUSED_DEPUTY",
}


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Each problem once, in order of place: a rule that says the same as one of ours joins it.

    Only findings about the same resource (or, without a resource, the same place) join.
    """
    found: dict[tuple[str, str], Finding] = {}
    for finding in sorted(findings, key=lambda item: item.rule in SAME):
        where = (
            f"{finding.stack} {finding.resource}".strip()
            or f"{finding.location}:{finding.location.column}:{finding.message}"
        )
        own = found.get((where, SAME.get(finding.rule, finding.rule)))
        if own is None:
            found[where, finding.rule] = finding
        elif finding.rule != own.rule and finding.rule not in own.also:
            found[where, own.rule] = replace(own, also=(*own.also, finding.rule))
        elif finding.rule == own.rule and finding.message not in own.message:
            found[where, own.rule] = replace(own, message=f"{own.message}; {finding.message}")
    return sorted(found.values(), key=lambda item: (item.location, item.rule, item.resource))


@dataclass(frozen=True)
class Excused:
    """A finding that an exception allows, and why."""

    finding: Finding
    reason: str
    expires: str


@dataclass(frozen=True)
class Report:
    """All that a lint has to say."""

    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]
    excused: tuple[Excused, ...] = field(default=())
    seconds: float = 0.0

    @property
    def failures(self) -> tuple[Run, ...]:
        """The tools that did not do their work."""
        return tuple(run for run in self.runs if run.failure)

    @property
    def skipped(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.skipped)

    @property
    def passed(self) -> bool:
        """Nothing is wrong, every tool that was to run has run, and at least one has."""
        ran = any(not run.skipped for run in self.runs)
        return ran and not self.failures and not any(finding.fails for finding in self.findings)
