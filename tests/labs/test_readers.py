"""The labs' own readers: a Dockerfile's instructions and cache, .dockerignore, a workflow's events and steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakelab.practice.modules import load

LABS = Path(__file__).resolve().parents[2] / "labs"


dockerfile: Any = load(LABS / "day-23-dockerfile/dockerfile.py", "dockerfile")
workflow: Any = load(LABS / "day-22-github-actions/workflow.py", "workflow")

DOCKERFILE = """\
# a comment
FROM python:3.12 AS build
RUN pip install a \\
    # between the lines
    b
FROM python:3.12
COPY requirements.txt ./
RUN pip install --requirement requirements.txt
COPY --from=build /x /x
COPY ["transforms/", "/app/"]
CMD ["dbt"]
"""


def test_instructions_are_joined_and_counted_by_their_first_line():
    found = dockerfile.instructions(DOCKERFILE)

    assert [(each.line, each.name) for each in found][:3] == [(2, "FROM"), (3, "RUN"), (6, "FROM")]
    assert found[1].text == "pip install a b"
    assert [each.name for each in dockerfile.last_stage(found)] == ["FROM", "COPY", "RUN", "COPY", "COPY", "CMD"]


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        pytest.param("requirements.txt", 7, id="the file that is copied"),
        pytest.param("transforms/models/a.sql", 10, id="a file below a folder, in JSON's form"),
        pytest.param("README.md", None, id="a file that nothing copies"),
    ],
)
def test_what_a_changed_file_builds_anew(changed: str, first: int | None):
    again = dockerfile.built_anew(dockerfile.last_stage(dockerfile.instructions(DOCKERFILE)), changed)

    assert (again[0].line if again else None) == first


@pytest.mark.parametrize(
    ("rules", "file", "left_out"),
    [
        pytest.param(".git", ".git/config", True, id="a folder"),
        pytest.param("**/target", "transforms/target/a.json", True, id="a folder anywhere"),
        pytest.param("**/target", "target/a.json", True, id="anywhere is also on top"),
        pytest.param("target", "transforms/target/a.json", False, id="a folder on top alone"),
        pytest.param("*.md", "docs/a.md", False, id="a star stays within a folder"),
        pytest.param("*\n!requirements.txt", "requirements.txt", False, id="an exception"),
        pytest.param("*\n!requirements.txt", "a.txt", True, id="everything but the exception"),
        pytest.param("# .env", ".env", False, id="a comment"),
    ],
)
def test_dockerignore(rules: str, file: str, left_out: bool):
    assert dockerfile.ignored(rules, file) is left_out


@pytest.mark.parametrize(
    ("on", "runs"),
    [
        pytest.param("on: pull_request", True, id="the event alone"),
        pytest.param("on: [push, pull_request]", True, id="in a list"),
        pytest.param("on: {pull_request: }", True, id="without settings"),
        pytest.param("on: push", False, id="another event"),
        pytest.param("on: {pull_request: {types: [opened]}}", False, id="not when commits are added"),
        pytest.param("on: {pull_request: {branches: [main]}}", True, id="a branch that it is"),
        pytest.param("on: {pull_request: {branches: ['release/**']}}", False, id="a branch that it is not"),
        pytest.param("on: {pull_request: {paths: ['models/**']}}", False, id="other paths"),
        pytest.param("on: {pull_request: {paths: ['**', '!**.sql']}}", False, id="paths with an exception"),
        pytest.param("on: {pull_request: {paths-ignore: ['**.md']}}", True, id="ignored paths that it is not in"),
        pytest.param("on: {pull_request: {paths-ignore: ['**.sql']}}", False, id="ignored paths that it is in"),
    ],
)
def test_when_a_workflow_runs(on: str, runs: bool):
    found = workflow.Workflow(f"{on}\njobs: {{a: {{steps: []}}}}", "ci.yml")

    assert found.runs_on_pull_request("main", ["transforms/a.sql"]) is runs


STEPS = """\
on: push
env: {A: top, B: top}
defaults: {run: {working-directory: below}}
jobs:
  one:
    env: {B: job}
    steps:
      - uses: actions/checkout@v4
      - run: test "$A $B $C" = "top job step" && test -f here
        env: {C: step}
      - run: {script}
        shell: {shell}
"""


@pytest.mark.parametrize(
    ("script", "shell", "green"),
    [
        pytest.param('"true"', "bash", True, id="all succeed"),
        pytest.param("false | cat", "bash", False, id="bash by name has pipefail"),
        pytest.param("false | cat", "~", True, id="without a shell there is no pipefail"),
        pytest.param('"false; true"', "~", False, id="the first failure ends the script"),
    ],
)
def test_steps_run_as_on_github(tmp_path: Path, script: str, shell: str, green: bool):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "here").touch()
    text = STEPS.replace("{script}", script).replace("{shell}", shell)

    found, said = workflow.Workflow(text, "ci.yml").run(tmp_path, {"PATH": "/usr/bin:/bin"})

    assert found is green, said
