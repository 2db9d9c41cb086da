"""The commands of the workflows, job by job, in a checkout of their own, as GitHub's runner runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lakelab.lint.run import TOOLS
from lakelab.lint.sources import tracked
from lakelab.processes import free_port
from lakelab.settings import find_root

ROOT = find_root(Path(__file__).parent)
CI = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
SANDBOX = yaml.safe_load((ROOT / ".github/workflows/sandbox.yml").read_text())
SECONDS = 600


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows, as they are now, and nothing else: no environment, no data."""
    folder = tmp_path_factory.mktemp("checkout")
    for file in tracked(ROOT):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, folder / file)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def runner(checkout: Path) -> Iterator[dict[str, str]]:
    """The environment of a job; its local AWS is stopped afterwards, even if the job failed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAKELAB_", "AWS_", "PULUMI_"))}
    environment = {**kept, "CI": "true", "LAKELAB_PORT": str(free_port())}
    yield environment
    if (checkout / ".venv/bin/lakelab").is_file():
        subprocess.run([".venv/bin/lakelab", "cloud", "stop"], cwd=checkout, env=environment, check=False)


def run(job: dict, checkout: Path, environment: dict[str, str]) -> str:
    """Runs a job's commands up to its end or its first failure; what they printed."""
    printed = ""
    for step in job["steps"]:
        if "run" in step and step.get("if") != "failure()":
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=checkout,
                env={**environment, **job.get("env", {})},
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            printed += done.stdout
            assert done.returncode == 0, f"{step['run']}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return printed


def test_lint(checkout, runner):
    run(CI["lint"], checkout, runner)
    (sarif,) = json.loads((checkout / "lint.sarif").read_text())["runs"]
    assert sarif["invocations"][0]["executionSuccessful"]
    assert sarif["results"], "what the exceptions allow is in the report, suppressed"
    suites = {suite.get("name"): suite for suite in ET.parse(checkout / "lint.xml").getroot()}
    assert suites.keys() >= set(TOOLS)
    assert [name for name, suite in suites.items() if suite.get("skipped") != "0"] in ([], ["pip-audit"])


@pytest.mark.parametrize(
    ("job", "file"),
    [
        pytest.param("test", "tests/local/test_pipeline.py", id="test"),
        pytest.param("core", "tests/local/core/test_localstack.py", id="core"),
        pytest.param("labs", "tests/labs/test_labs.py", id="labs"),
    ],
)
def test_tests(checkout, runner, job, file):
    """The tests of the checkout are found, not run: they are those that run here."""
    assert file in run(CI[job], checkout, {**runner, "PYTEST_ADDOPTS": "--collect-only --quiet"})


def test_no_job_is_forgotten():
    assert set(CI) == {"lint", "test", "core", "labs", "deploy"}


def test_deploy(checkout, runner):
    assert "order_month" in run(CI["deploy"], checkout, runner)
    results = json.loads((checkout / ".lakelab/dbt/run_results.json").read_text())["results"]
    assert {result["status"] for result in results} == {"success", "pass"}


@pytest.mark.parametrize("verb", SANDBOX[True]["workflow_dispatch"]["inputs"]["verb"]["options"])
def test_sandbox(checkout, runner, tmp_path, verb):
    """Without a listed account it ends before Pulumi is asked for more than its version."""
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\necho v3.272.0\n')
    pulumi.chmod(0o755)
    job = SANDBOX["jobs"]["deploy"]
    *_, step = (step["run"] for step in job["steps"] if "run" in step)
    done = subprocess.run(
        ["bash", "-e", "-c", step],
        cwd=checkout,
        env={**runner, "PATH": f"{tmp_path}:{runner['PATH']}", "VERB": verb, "LAYER": "lake"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert "sandboxAccounts" in done.stderr
    calls = tmp_path / "calls"
    assert not calls.exists() or set(calls.read_text().splitlines()) == {"version"}
