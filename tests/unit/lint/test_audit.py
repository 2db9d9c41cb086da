"""pip-audit's answers, in the form that its README gives (`--format json`), and what the lint makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakelab.lint import audit
from lakelab.lint.process import Result

AUDITED = {"name": "jinja2", "version": "3.1.6", "vulns": []}
VULNERABLE = {
    "name": "Jinja2",
    "version": "2.10",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": [], "description": "a sandbox escape"}],
}
UNKNOWN = {"name": "agate", "skip_reason": "Dependency not found on PyPI and could not be audited: agate (1.9.1)"}


@pytest.fixture
def answer(monkeypatch, tmp_path: Path):
    (tmp_path / "requirements.lock").write_text("agate==1.9.1\njinja2==2.10\n")
    monkeypatch.setattr(audit, "tool", lambda name, root, state: Path(name))

    def run(*packages: dict, code: int = 0, stderr: str = ""):
        result = Result([], code, json.dumps({"dependencies": packages, "fixes": []}), stderr, 1.0)
        monkeypatch.setattr(audit, "execute", lambda command, root: result)
        return audit.run(tmp_path, tmp_path)

    return run


def test_nothing_known(answer):
    run = answer(AUDITED)
    assert (run.scanned, run.findings, run.failure, run.skipped) == (1, (), "", "")


def test_a_vulnerability_is_found_at_its_line(answer):
    run = answer(AUDITED, VULNERABLE, code=1)
    (finding,) = run.findings
    assert (finding.rule, finding.location.file, finding.location.line) == ("PYSEC-2019-217", "requirements.lock", 2)
    assert finding.message == "Jinja2 2.10; repaired in 2.10.1"


def test_an_index_that_knows_no_vulnerabilities_is_no_success(answer):
    assert answer(UNKNOWN).skipped == f"no package could be audited, the first because: {UNKNOWN['skip_reason']}"


def test_a_package_that_was_not_audited_is_no_success(answer):
    assert answer(AUDITED, UNKNOWN).failure == "1 of 2 packages could not be audited: agate"


@pytest.mark.parametrize(
    ("stderr", "skipped"),
    [
        pytest.param("requests.exceptions.ConnectionError: Max retries", True, id="no-network"),
        pytest.param("ValueError: no such file", False, id="broken"),
    ],
)
def test_a_run_that_ended_with_an_error(answer, stderr, skipped):
    run = answer(code=2, stderr=stderr)
    assert bool(run.skipped) is skipped
    assert bool(run.failure) is not skipped
