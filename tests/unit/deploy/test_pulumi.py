"""The real Pulumi CLI, played by a script that writes down how it was called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakelab.deploy import Event, Project
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import ResourceState, Snapshot
from lakelab.deploy.pulumi import Cli, OtherEngine, PulumiFailed, find, require_same_engine


def test_up_is_steered_by_the_environment_alone(project: Project, stand_in: Any) -> None:
    fake = stand_in()
    said: list[Event] = []
    before = {path.name: path.read_bytes() for path in project.root.iterdir()}
    cli = Cli(str(fake.executable), {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    result = cli.run("up", project, "dev", listener=said.append, targets=("urn:x",), expect_no_changes=True)
    select, up, output = fake.calls
    assert select["argv"] == ["stack", "select", "--create", "dev", "--non-interactive"]
    assert up["argv"][:5] == ["up", "--yes", "--skip-preview", "--stack", "dev"]
    assert up["argv"][-3:] == ["--target", "urn:x", "--expect-no-changes"]
    assert output["argv"] == ["stack", "output", "--json", "--stack", "dev"]
    backend = project.root / ".lakelab" / "pulumi"
    assert up["env"]["PULUMI_BACKEND_URL"] == f"file://{backend}"
    assert up["env"]["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert up["env"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert up["cwd"] == str(project.root)
    assert result.outputs == {"bucket": "raw"}
    assert [event.text for event in said] == ["Updating (dev)"]
    after = {path.name: path.read_bytes() for path in project.root.iterdir() if path.is_file()}
    assert after == before, "no file is rewritten"


def test_a_backend_elsewhere_is_left_to_the_cli(project: Project, stand_in: Any) -> None:
    fake = stand_in()
    Cli(str(fake.executable), {}, "s3://state-of-the-team").run("up", project, "dev")
    assert {call["env"]["PULUMI_BACKEND_URL"] for call in fake.calls} == {"s3://state-of-the-team"}
    assert not (project.root / ".lakelab").exists()


def test_preview_reads_the_steps(project: Project, stand_in: Any) -> None:
    result = Cli(str(stand_in().executable), {}).run("preview", project, "dev")
    assert [(step.op, step.type, step.name) for step in result.steps] == [("create", "aws:sqs/queue:Queue", "jobs")]
    assert result.changed


def test_the_other_verbs_ask_the_cli(project: Project, stand_in: Any) -> None:
    fake = stand_in()
    cli = Cli(str(fake.executable), {})
    assert cli.export(project, "dev", show_secrets=True) == {"version": 3, "deployment": {"resources": []}}
    assert cli.import_(project, "dev", '{"version": 3, "deployment": {"resources": [{}]}}') == 1
    assert [entry["kind"] for entry in cli.history(project, "dev")] == ["update"]
    assert cli.cancel(project, "dev") == 0
    assert cli.stacks(project) == ["dev"]
    assert fake.commands == [
        "stack export --stack dev --show-secrets",
        "stack select --create dev --non-interactive",
        "stack import --stack dev",
        "stack history --json --stack dev",
        "cancel --yes --stack dev",
        "stack ls --json",
    ]
    assert json.loads(fake.calls[2]["stdin"])["deployment"] == {"resources": [{}]}


def test_cancel_counts_the_locks(project: Project, stand_in: Any) -> None:
    locks = project.root / ".lakelab/pulumi/.pulumi/locks/organization" / project.name / "dev"
    locks.mkdir(parents=True)
    (locks / "one.json").write_text("{}")
    executable = str(stand_in().executable)
    assert Cli(executable, {}).cancel(project, "dev") == 1
    assert Cli(executable, {}, "s3://state-of-the-team").cancel(project, "dev") == 1


def test_a_failure_is_told_in_the_words_of_the_cli(project: Project, stand_in: Any) -> None:
    with pytest.raises(PulumiFailed, match="pulumi up failed:\nerror: no credentials"):
        Cli(str(stand_in(fail="up").executable), {}).run("up", project, "dev")


def test_it_is_found_on_path(project: Project, stand_in: Any) -> None:
    executable = stand_in().executable
    assert find({"PATH": str(executable.parent)}) == str(executable)
    assert find({"PATH": str(project.root)}) is None


def test_two_engines_do_not_take_turns_without_a_refresh(project: Project, stand_in: Any) -> None:
    backend = Backend(project.root / ".lakelab" / "pulumi")
    require_same_engine(backend, "p", "dev", embedded=False)
    stack = ResourceState("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "pulumi:pulumi:Stack", False)
    backend.save("p", "dev", Snapshot((stack,)), Secrets(""))
    require_same_engine(backend, "p", "dev", embedded=True)
    cli = Cli(str(stand_in().executable), {})
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
