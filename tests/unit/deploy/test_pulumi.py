"""The real Pulumi CLI, played by a script that writes down how it was called."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from lakelab.deploy import Event, Project
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import ResourceState, Snapshot
from lakelab.deploy.pulumi import Cli, OtherEngine, PulumiFailed, find, require_same_engine

FAKE = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps({{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}}) + "\\n")
if "{fail}" in sys.argv:
    print("error: no credentials")
    sys.exit(255)
if sys.argv[1:3] == ["stack", "output"]:
    print(json.dumps({{"bucket": "raw"}}))
elif sys.argv[1] == "preview":
    urn = "urn:pulumi:dev::p::lab:x:Zone$aws:sqs/queue:Queue::jobs"
    print(json.dumps({{"steps": [{{"op": "create", "urn": urn}}, {{"op": "create-replacement", "urn": urn}}]}}))
else:
    print("Updating (dev)")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("")
    return Project.load(tmp_path)


def fake(folder: Path, fail: str = "-") -> Path:
    executable = folder / "bin" / "pulumi"
    executable.parent.mkdir()
    executable.write_text(FAKE.format(python=sys.executable, log=str(folder / "calls"), fail=fail))
    executable.chmod(0o755)
    return executable


def calls(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def _files(project: Project) -> list[Path]:
    return [path for path in project.root.iterdir() if path.is_file() and path.name != "calls"]


def test_up_is_steered_by_the_environment_alone(project: Project) -> None:
    executable = fake(project.root)
    said: list[Event] = []
    before = {path.name: path.read_bytes() for path in _files(project)}
    cli = Cli(str(executable), {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    result = cli.run(
        "up", project, "dev", listener=said.append, targets=("urn:x",), config={"aws:s3UsePathStyle": "true"}
    )
    select, up, output = calls(project.root)
    assert select["argv"] == ["stack", "select", "--create", "dev", "--non-interactive"]
    assert up["argv"][:5] == ["up", "--yes", "--skip-preview", "--stack", "dev"]
    assert up["argv"][-4:] == ["--target", "urn:x", "--config", "aws:s3UsePathStyle=true"]
    assert output["argv"] == ["stack", "output", "--json", "--stack", "dev"]
    backend = project.root / ".lakelab" / "pulumi"
    assert up["env"]["PULUMI_BACKEND_URL"] == f"file://{backend}"
    assert up["env"]["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert up["env"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert up["cwd"] == str(project.root)
    assert result.outputs == {"bucket": "raw"}
    assert [event.text for event in said] == ["Updating (dev)"]
    assert {path.name: path.read_bytes() for path in _files(project)} == before, "no file is rewritten"


def test_preview_reads_the_steps(project: Project) -> None:
    result = Cli(str(fake(project.root)), {}).run("preview", project, "dev")
    assert [(step.op, step.type, step.name) for step in result.steps] == [("create", "aws:sqs/queue:Queue", "jobs")]
    assert result.changed


def test_a_failure_is_told_in_the_words_of_the_cli(project: Project) -> None:
    with pytest.raises(PulumiFailed, match="pulumi up failed:\nerror: no credentials"):
        Cli(str(fake(project.root, fail="up")), {}).run("up", project, "dev")


def test_it_is_found_on_path(project: Project) -> None:
    executable = fake(project.root)
    assert find({"PATH": str(executable.parent)}) == str(executable)
    assert find({"PATH": str(project.root)}) is None


def test_two_engines_do_not_take_turns_without_a_refresh(project: Project) -> None:
    backend = Backend(project.root / ".lakelab" / "pulumi")
    require_same_engine(backend, "p", "dev", embedded=False)
    stack = ResourceState("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "pulumi:pulumi:Stack", False)
    backend.save("p", "dev", Snapshot((stack,)), Secrets(""))
    require_same_engine(backend, "p", "dev", embedded=True)
    cli = Cli(str(fake(project.root)), {})
    with pytest.raises(OtherEngine, match="was written by lakelab") as raised:
        cli.run("up", project, "dev")
    assert "refresh" in raised.value.fix
    cli.run("refresh", project, "dev")
    data = backend.read("p", "dev")
    assert data
    data["manifest"]["version"] = "v3.272.0"
    backend.write("p", "dev", json.dumps(data))
    with pytest.raises(OtherEngine, match=r"was written by v3\.272\.0, and this is the embedded engine"):
        require_same_engine(backend, "p", "dev", embedded=True)
