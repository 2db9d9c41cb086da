"""Mistakes made in a copy of the project: in the program, which is deployed and linted, and in the other files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lakelab.lint import deployment
from lakelab.lint.findings import Finding
from lakelab.lint.run import lint
from lakelab.settings import Settings, find_root

ROOT = find_root(Path(__file__).parent)
COPIED = ("stacks", "lambdas", "policies", "glue", "athena_queries", "transforms", ".github")
FILES = (".sqlfluff", "pyproject.toml", "requirements.lock", "Dockerfile")
IGNORED = shutil.ignore_patterns("__pycache__", "target", "logs", "dbt_packages")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, with this one's environments."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=IGNORED)
    for file in [*(ROOT / name for name in FILES), *ROOT.glob("Pulumi*.yaml")]:
        shutil.copy(file, tmp_path)
    (tmp_path / ".gitignore").write_text(".venv\n.lakelab\n__pycache__/\n")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / ".lakelab").mkdir()
    (ROOT / ".lakelab/tools").mkdir(parents=True, exist_ok=True)
    (tmp_path / ".lakelab/tools").symlink_to(ROOT / ".lakelab/tools")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def edit(project: Path, file: str, old: str, new: str) -> str:
    """Replaces a text, which must be there; the place of it."""
    path = project / file
    text = path.read_text()
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, 1))
    return f"{file}:{text[: text.index(old)].count(chr(10)) + 1}"


def append(project: Path, file: str, text: str) -> str:
    """Adds a line at the end; the place of it."""
    path = project / file
    before = path.read_text() if path.exists() else ""
    path.write_text(f"{before}{text}\n")
    return f"{file}:{before.count(chr(10)) + 1}"


def line(project: Path, file: str, text: str) -> str:
    return f"{file}:{(project / file).read_text().split(text)[0].count(chr(10)) + 1}"


def found(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(finding.rule, str(finding.location)) for finding in findings}


def test_mistakes_in_the_program_are_found_at_their_lines(project: Path):
    edit(project, "stacks/components/bucket.py", 'status="Enabled"', 'status="Suspended"')
    edit(project, "stacks/ingest.py", "sqs_managed_sse_enabled=True", "sqs_managed_sse_enabled=False")
    statement = edit(
        project, "policies/iam/ingest.json", '"Action": ["s3:GetObject", "s3:GetObjectVersion"]', '"Action": "s3:*"'
    )
    report = lint(Settings(root=project), tools=["checkov", "cfn-lint", "iam"])  # type: ignore[call-arg]
    assert not report.failures
    assert found(report.findings) >= {
        ("LAKE_S3_VERSIONING", line(project, "stacks/components/bucket.py", "made = aws.s3.Bucket(")),
        ("CKV_AWS_27", line(project, "stacks/ingest.py", "queue = aws.sqs.Queue(")),
        ("IAM_WILDCARD_ACTION", line(project, "stacks/access.py", "aws.iam.RolePolicy(")),
    }
    wildcard = next(finding for finding in report.findings if finding.rule == "IAM_WILDCARD_ACTION")
    assert wildcard.resource == "aws:iam/rolePolicy:RolePolicy::ingest"
    file, number = statement.rsplit(":", 1)
    assert str(wildcard.related[0]) == f"{file}:{int(number) - 2}", "the line of the statement's Sid"


def test_a_program_that_cannot_be_deployed_fails_the_lint(project: Path):
    edit(project, "stacks/lake.py", "noncurrent_days=", "noncurrent_day=")
    report = lint(Settings(root=project), tools=["checkov", "iam"])  # type: ignore[call-arg]
    assert not report.passed
    (failure,) = report.failures
    assert "noncurrent_day" in failure.failure


PIN = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
MISTAKES = [
    pytest.param("ruff", "F401", lambda p: append(p, "stacks/layers.py", "import os"), id="unused-import"),
    pytest.param(
        "pyright", "reportAssignmentType", lambda p: append(p, "stacks/layers.py", 'DAYS: int = "1"'), id="type"
    ),
    pytest.param("sqlfluff", "PRS", lambda p: append(p, "athena_queries/new.sql", "selct 1 from x"), id="no-sql"),
    pytest.param("sqlfluff", "CP01", lambda p: append(p, "athena_queries/new.sql", "SELECT 1 from x"), id="case"),
    pytest.param(
        "dbt",
        "MainEncounteredError",
        lambda p: append(p, "transforms/models/marts/new.sql", "select * from {{ ref('gone') }}").partition(":")[0],
        id="model-that-is-not-there",
    ),
    pytest.param(
        "documents",
        "schema-contract",
        lambda p: edit(p, "glue/tables/orders.yaml", "type: bigint", "type: money"),
        id="no-such-type-in-a-contract",
    ),
    pytest.param(
        "documents",
        "schema-policy",
        lambda p: edit(p, "policies/iam/analyst.json", '"Effect": "Allow"', '"Effect": "Permit"'),
        id="no-such-effect-in-a-policy",
    ),
    pytest.param(
        "secrets", "aws-access-key", lambda p: append(p, "stacks/layers.py", f"# {'AKIA' + 'Q' * 16}"), id="secret"
    ),
    pytest.param(
        "zizmor",
        "unpinned-uses",
        lambda p: edit(p, ".github/workflows/ci.yml", PIN, "actions/checkout@v4"),
        id="unpinned",
    ),
    pytest.param(
        "check-jsonschema",
        "schema",
        lambda p: edit(p, ".github/workflows/ci.yml", "    timeout-minutes: 20", "    timeout: 20"),
        id="no-such-key-in-a-workflow",
    ),
    pytest.param(
        "checkov",
        "CKV_DOCKER_3",
        lambda p: edit(p, "Dockerfile", "USER lakelab\n", "")[:10] + ":1",
        id="root-in-the-image",
    ),
]


@pytest.mark.parametrize(("tool", "rule", "mistake"), MISTAKES)
def test_mistakes_in_files_are_found_at_their_lines(
    tool: str, rule: str, mistake: Callable[[Path], str], project: Path
):
    place = mistake(project)
    states = deployment.states(Settings(root=ROOT)) if tool == "checkov" else None  # type: ignore[call-arg]
    report = lint(Settings(root=project), tools=[tool], states=states)  # type: ignore[call-arg]
    assert not report.failures, report.failures
    assert (rule, place) in found(report.findings), report.findings
