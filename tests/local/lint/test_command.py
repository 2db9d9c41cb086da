"""`lakelab lint` as a person runs it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lakelab.cli.lint import register
from lakelab.errors import LakelabError
from lakelab.lint import deployment
from lakelab.settings import Settings, find_root

ROOT = find_root(Path(__file__).parent)


def lint(*arguments: str):
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, list(arguments))


def test_a_clean_tool_exits_with_0_and_says_what_it_looked_at():
    done = lint("--only", "documents")
    assert done.exit_code == 0, done.output
    assert "nothing found by 1 tools" in done.output


def test_json_and_saved_reports(tmp_path: Path):
    states = deployment.states(Settings(root=ROOT))  # type: ignore[call-arg]  # the rest have defaults
    state = next(state for state in states if state.stem.startswith("lake-"))
    done = lint(
        "--only", "iam", "--state", str(state), "--format", "json", "--save", f"sarif={tmp_path / 'lint.sarif'}"
    )
    assert done.exit_code == 0, done.output
    (tool,) = json.loads(done.stdout)["tools"]
    assert (tool["tool"], tool["unit"], tool["scanned"] > 0) == ("iam", "policy documents", True)
    assert json.loads((tmp_path / "lint.sarif").read_text())["version"] == "2.1.0"


def test_a_finding_exits_with_1_and_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "a.py").write_text("import os\n")
    (tmp_path / "a.json").write_text("{}\n")
    config = Settings(root=tmp_path)  # type: ignore[call-arg]
    monkeypatch.setattr("lakelab.cli.lint.settings", lambda: config)
    done = lint("--fast", str(tmp_path / "a.py"), str(tmp_path / "a.json"))
    assert done.exit_code == 1
    assert "a.py:1 F401 `os` imported but unused" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--only", "ruf"], "no tool ruf", id="no-such-tool"),
        pytest.param(["--save", "html=a"], "--save html=a: no such format", id="no-such-format"),
        pytest.param(["Pulumi.yaml"], "files can be given with --fast alone", id="files-without-fast"),
    ],
)
def test_is_refused(arguments: list[str], message: str):
    done = lint(*arguments)
    assert isinstance(done.exception, LakelabError)
    assert message in done.exception.message
