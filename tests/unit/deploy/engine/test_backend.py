"""Checkpoints, locks and history in Pulumi's layout."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from lakelab.deploy.engine.backend import Backend, history_entry
from lakelab.deploy.engine.checkpoint import Checkpoint, in_order
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import Operation, ResourceState, Snapshot, StateError
from lakelab.deploy.values import Secret

URN = "urn:pulumi:dev::p::aws:sqs/queue:Queue::"


def queue(name: str, **more: object) -> ResourceState:
    return ResourceState(URN + name, "aws:sqs/queue:Queue", True, name, **more)  # type: ignore[arg-type]


FULL = queue(
    "q",
    inputs={"a": 1, "s": Secret("hunter2")},
    outputs={"a": 1, "nested": {"s": [Secret({"deep": True})]}},
    parent="urn:parent",
    provider="urn:provider::id",
    dependencies=("urn:x",),
    property_dependencies={"a": ("urn:x",)},
    protect=True,
    retain_on_delete=True,
    additional_secret_outputs=("s",),
    ignore_changes=("a",),
    created="2026-01-01T00:00:00Z",
)


def test_a_state_survives_the_file_and_keeps_its_secrets(tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    snapshot = Snapshot((FULL,), (Operation(queue("new"), "creating"),))
    backend.save("p", "dev", snapshot, Secrets("pass"))
    text = (tmp_path / ".pulumi" / "stacks" / "p" / "dev.json").read_text()
    assert "hunter2" not in text
    assert (tmp_path / ".pulumi" / "meta.yaml").read_text() == "version: 1\n"
    loaded, secrets = backend.load("p", "dev", "pass", None)
    assert loaded.resources == snapshot.resources
    assert loaded.pending == snapshot.pending
    backend.save("p", "dev", loaded, secrets)
    again = json.loads((tmp_path / ".pulumi" / "stacks" / "p" / "dev.json").read_text())
    before = json.loads(text)["checkpoint"]["latest"]
    after = again["checkpoint"]["latest"]
    assert after["resources"] == before["resources"], "a secret that did not change keeps its ciphertext"
    assert after["manifest"]["magic"] == hashlib.sha256(after["manifest"]["version"].encode()).hexdigest()


def test_a_secret_of_another_stack_gets_this_stacks_key(tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    backend.save("p", "one", Snapshot((FULL,)), Secrets("pass"))
    loaded, _ = backend.load("p", "one", "pass", None)
    backend.save("p", "two", loaded, Secrets("pass"))
    assert backend.load("p", "two", "pass", None)[0].resources == (FULL,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('{"version": 2}', "has version 2, not 3", id="old-version"),
        pytest.param('{"version": 3', "cannot be read", id="broken"),
    ],
)
def test_a_file_that_is_no_checkpoint(tmp_path: Path, text: str, message: str) -> None:
    backend = Backend(tmp_path)
    file = backend.checkpoint_file("p", "dev")
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(StateError, match=message):
        backend.read("p", "dev")


def test_a_file_url_names_the_folder(tmp_path: Path) -> None:
    assert Backend(f"file://{tmp_path}").folder == tmp_path


def test_a_backend_that_is_no_folder() -> None:
    with pytest.raises(StateError, match="the backend s3://bucket is not a folder"):
        Backend("s3://bucket")


def test_history_is_newest_first(tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    backend.add_history("p", "dev", history_entry("update", 1.0, "succeeded", {"create": 2}))
    backend.add_history("p", "dev", history_entry("destroy", 2.0, "failed", {}))
    assert [entry["kind"] for entry in backend.history("p", "dev")] == ["destroy", "update"]


def test_every_change_is_on_disk_when_the_call_returns() -> None:
    texts: list[str] = []
    old = queue("old")
    checkpoint = Checkpoint(Snapshot((old,)), Secrets(""), texts.append)

    def latest() -> dict[str, list[str]]:
        data = json.loads(texts[-1])
        return {
            "resources": [item["urn"].rsplit("::")[-1] for item in data["resources"]],
            "pending": [f"{op['type']} {op['resource']['urn'].rsplit('::')[-1]}" for op in data["pending_operations"]],
        }

    operation = checkpoint.begin(queue("new"), "creating")
    assert latest() == {"resources": ["old"], "pending": ["creating new"]}
    checkpoint.add(queue("new"), operation=operation)
    assert latest() == {"resources": ["new", "old"], "pending": []}
    checkpoint.add(queue("old", protect=True), instead_of=old, durable=False)
    assert latest() == {"resources": ["new", "old"], "pending": []}
    checkpoint.close()
    assert json.loads(texts[-1])["resources"][1]["protect"] is True
    assert len(texts) == 3


def test_a_write_that_fails_stops_the_step() -> None:
    def full(text: str) -> None:
        raise OSError("disk full")

    checkpoint = Checkpoint(Snapshot(), Secrets(""), full)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.add(queue("new"))


def test_what_others_stand_on_comes_first() -> None:
    a, b, c = queue("a", dependencies=(URN + "b",)), queue("b", parent=URN + "c"), queue("c")
    assert in_order([a, b, c]) == [c, b, a]
