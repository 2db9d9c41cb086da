"""The workflows hold no logic: each command is one of the Makefile's or of `lakelab`, and is there."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from lakelab.cli import application
from lakelab.lint.formats import FORMATS
from lakelab.settings import find_root

ROOT = find_root(Path(__file__).parent)
WORKFLOWS = {file.name: yaml.safe_load(file.read_text()) for file in sorted((ROOT / ".github/workflows").glob("*.yml"))}


def steps() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}:{job}", step)
        for name, workflow in WORKFLOWS.items()
        for job, content in workflow["jobs"].items()
        for step in content["steps"]
    ]


COMMANDS = sorted({step["run"] for _, step in steps() if "run" in step})


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_there(command: str):
    words = shlex.split(command)
    if words[0] == "make":
        done = subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return
    assert words[0] == ".venv/bin/lakelab"
    group = typer.main.get_command(application())
    assert words[1] in group.commands  # type: ignore[attr-defined]  # a group
    deploy = group.commands[words[1]]  # type: ignore[attr-defined]
    variables = {"$VERB": WORKFLOWS["sandbox.yml"][True]["workflow_dispatch"]["inputs"]["verb"]["options"]}
    for verb in variables.get(words[2], [words[2]]):
        options = {option for parameter in deploy.commands[verb].params for option in parameter.opts}
        asked = {word for word in words[3:] if word.startswith("--")}
        assert asked <= options, f"{verb}: {asked - options}"


def test_the_lint_job_asks_for_formats_that_there_are():
    command = next(command for command in COMMANDS if command.startswith("make lint"))
    arguments = shlex.split(shlex.split(command)[-1].partition("=")[2])
    assert {word.partition("=")[0] for word in arguments if "=" in word} <= set(FORMATS)
    assert arguments[arguments.index("--format") + 1] in FORMATS


def test_the_sandbox_offers_the_layers_that_there_are():
    layers = runpy.run_path(str(ROOT / "stacks/layers.py"))["LAYERS"]
    assert WORKFLOWS["sandbox.yml"][True]["workflow_dispatch"]["inputs"]["layer"]["options"] == list(layers)


def test_the_sandbox_waits_for_a_person_and_has_no_stored_key():
    (job,) = WORKFLOWS["sandbox.yml"]["jobs"].values()
    assert set(WORKFLOWS["sandbox.yml"][True]) == {"workflow_dispatch"}
    assert job["environment"] == "sandbox"
    assert job["permissions"]["id-token"] == "write"
    assert "aws-access-key-id" not in (ROOT / ".github/workflows/sandbox.yml").read_text()


def test_every_action_is_pinned_to_a_commit_and_every_job_has_a_limit():
    for place, step in steps():
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), place
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {}
        assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_the_image_is_pinned_and_runs_as_a_person():
    text = (ROOT / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", base) for base in bases)
    assert re.search(r"^USER lakelab$", text, re.MULTILINE)
