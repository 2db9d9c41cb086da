"""The lint never passes when a tool broke, is missing, or looked at nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lakelab.errors import LakelabError
from lakelab.lint import deployment, run
from lakelab.lint.findings import Finding, LintError, Location, Run
from lakelab.lint.process import Result, execute, finish
from lakelab.settings import Settings

FINDING = Finding("ruff", "R", "message", Location("a.py", 1))


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "a.py").write_text("x = 1\n")
    return Settings(root=tmp_path)  # type: ignore[call-arg]  # the rest have defaults


def replace(monkeypatch: pytest.MonkeyPatch, name: str, work) -> None:
    monkeypatch.setitem(run.FILES, name, work)


def broken(error: Exception):
    def work(context: run.Context) -> Run:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "failure"),
    [
        pytest.param(lambda context: Run("ruff"), "ruff scanned no files", id="looked-at-nothing"),
        pytest.param(lambda context: Run("ruff", scanned=1, failure="exit code 3"), "exit code 3", id="failed"),
        pytest.param(broken(LakelabError("no lock file")), "no lock file", id="raised"),
        pytest.param(broken(FileNotFoundError("ruff")), "ruff", id="is-missing"),
        pytest.param(broken(subprocess.TimeoutExpired("ruff", 300)), "timed out after 300 seconds", id="hung"),
    ],
)
def test_a_tool_that_did_not_do_its_work_fails_the_lint(work, failure, config, monkeypatch):
    replace(monkeypatch, "ruff", work)
    report = run.lint(config, tools=["ruff", "secrets"])
    assert not report.passed
    (failed,) = report.failures
    assert failed.tool == "ruff"
    assert failure in failed.failure


def test_a_finding_fails_the_lint_and_a_clean_run_passes(config, monkeypatch):
    replace(monkeypatch, "ruff", lambda context: Run("ruff", (FINDING,), 1))
    assert not run.lint(config, tools=["ruff"]).passed
    replace(monkeypatch, "ruff", lambda context: Run("ruff", (), 1))
    assert run.lint(config, tools=["ruff"]).passed


def test_a_failed_deployment_fails_the_lint_and_the_files_are_linted_all_the_same(config, monkeypatch):
    def fail(config: Settings) -> list[Path]:
        raise LakelabError("up of lake-local failed: no such property")

    monkeypatch.setattr(deployment, "states", fail)
    report = run.lint(config, tools=["checkov", "iam", "secrets"])
    assert not report.passed
    assert [failed.failure for failed in report.failures] == [
        "the policy tools had nothing to look at: up of lake-local failed: no such property"
    ]
    assert [item.tool for item in report.runs if item.scanned] == ["secrets"]


def test_what_needs_the_network_is_skipped_unless_asked_for(config, monkeypatch):
    replace(monkeypatch, "pip-audit", lambda context: Run("pip-audit", scanned=1))
    assert (
        run.lint(config, tools=["pip-audit", "secrets"]).skipped[0].skipped
        == "needs the network: lakelab lint --online"
    )
    assert run.lint(config, tools=["pip-audit", "secrets"], online=True).skipped == ()


def test_a_tool_that_none_of_the_chosen_files_is_for_is_skipped(config):
    report = run.lint(config, tools=["ruff", "documents", "secrets"], files=[Path("a.py")])
    assert report.passed
    assert [item.skipped for item in report.skipped] == ["none of the files is one that documents looks at"]
    assert not run.lint(config, tools=["documents"], files=[Path("a.py")]).passed, "something must have been looked at"


def test_an_unknown_tool_is_refused(config):
    with pytest.raises(LintError, match="no tool ruf"):
        run.lint(config, tools=["ruf"])


def test_a_project_that_is_not_in_git_is_refused(tmp_path: Path):
    with pytest.raises(LintError, match="git cannot list the files"):
        run.lint(Settings(root=tmp_path), tools=["secrets"])  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        pytest.param(Result([], 0, "fine", "", 1.0), "", id="done"),
        pytest.param(Result([], 2, "", "no such option", 1.0), "exit code 2: no such option", id="wrong-exit-code"),
        pytest.param(Result([], 0, "nonsense", "", 1.0), "its output cannot be read (ValueError", id="unreadable"),
    ],
)
def test_what_a_process_left(result: Result, failure: str):
    def parse(done: Result) -> Run:
        if done.stdout != "fine":
            raise ValueError(done.stdout)
        return Run("t", scanned=1)

    found = finish("t", result, parse)
    assert found.seconds == 1.0
    assert failure in found.failure
    assert bool(failure) == bool(found.failure)


def test_a_missing_command_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        execute([str(tmp_path / "no-such-tool")], tmp_path)
