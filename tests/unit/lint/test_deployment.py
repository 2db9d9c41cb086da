"""The throw-away deployment keeps away from the project's local AWS; its state is kept until the program changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lakelab.lint import deployment
from lakelab.lint.findings import LintError
from lakelab.settings import Settings


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "Pulumi.yaml").write_text("name: lakelab\nruntime: python\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/lake.py").write_text("x = 1\n")
    (tmp_path / ".gitignore").write_text(".lakelab\n")
    return Settings(root=tmp_path)  # type: ignore[call-arg]  # the rest have defaults


def test_the_private_cloud_has_its_own_folder_and_port(config: Settings, tmp_path: Path):
    assert config.state == tmp_path / ".lakelab"
    private = deployment._private(config, tmp_path / "scratch")
    assert private.state == tmp_path / "scratch/.lakelab"
    assert private.port != config.port
    assert private.account == config.account


def test_a_deployment_is_made_once_for_a_program(config: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[Path] = []

    def deploy(config: Settings, target: str, scratch: Path) -> Path:
        folder = scratch / "states"
        folder.mkdir()
        (folder / "lake-local.json").write_text(str(len(made)))
        made.append(folder)
        return folder

    monkeypatch.setattr(deployment, "_deploy", deploy)
    (first,) = deployment.states(config)
    (again,) = deployment.states(config)
    assert (first, first.read_text(), len(made)) == (again, "0", 1)

    (tmp_path / "stacks/lake.py").write_text("x = 2\n")
    (changed,) = deployment.states(config)
    assert (changed.read_text(), len(made)) == ("1", 2)

    (tmp_path / "README.md").write_text("no part of the program\n")
    deployment.states(config)
    assert len(made) == 2

    for number in range(deployment.KEPT):
        (tmp_path / "stacks/lake.py").write_text(f"y = {number}\n")
        deployment.states(config)
    assert not first.exists(), "only the last deployments are kept"


def test_the_state_of_deployed_stacks(config: Settings):
    with pytest.raises(LintError, match="no stack is deployed to local"):
        deployment.deployed(config)
    folder = config.state / "pulumi/.pulumi/stacks/lakelab"
    folder.mkdir(parents=True)
    for name in ("lake-local", "lake-sandbox"):
        (folder / f"{name}.json").write_text("{}")
    assert [file.name for file in deployment.deployed(config)] == ["lake-local.json"]
