"""`lakelab deploy` as a person types it."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from lakelab.errors import LakelabError


def test_the_life_of_a_stack(program: Any, run: Any) -> None:
    text = 'pulumi.export("url", aws.sqs.Queue("jobs", name=UNIQUE, delay_seconds=DELAY).url)'
    program.write(text, DELAY=1)
    assert " + aws:sqs/queue:Queue jobs to create" in run("preview")
    assert "1 to create" not in run("preview", "--expect-no-changes", code=1).splitlines()[0]
    assert "2 created in" in run("up", "--yes")
    assert "2 unchanged in" in run("up", "--yes", "--expect-no-changes")
    assert run("outputs", "url").strip().endswith(program.unique)
    assert json.loads(run("outputs", "--json")) == program.outputs()
    program.write(text, DELAY=2)
    data = json.loads(run("preview", "--json"))
    assert data["counts"] == {"same": 1, "update": 1}
    assert next(s for s in data["steps"] if s["name"] == "jobs")["changes"] == [
        {"path": "delaySeconds", "old": 1, "new": 2, "kind": "update", "replaces": False}
    ]
    assert "~ delaySeconds: 1 => 2" in run("up", "--yes")
    program.cloud.client("sqs").set_queue_attributes(
        QueueUrl=program.outputs()["url"], Attributes={"DelaySeconds": "9"}
    )
    drift = run("refresh", "--expect-no-changes", code=1)
    assert "jobs drifted" in drift
    assert "~ delaySeconds: 2 => 9" in drift
    assert run("graph").startswith("flowchart LR\n")
    assert "written" in run("graph", "--svg", str(program.folder / "graph.svg"))
    picture = ElementTree.parse(program.folder / "graph.svg").getroot()
    assert [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")] == ["jobs", "Queue"]
    kinds = [entry["kind"] for entry in json.loads(run("history", "--json"))]
    assert kinds == ["refresh", "update", "update", "update"]
    assert "0 locks" in run("cancel")
    assert "2 deleted in" in run("destroy", "--yes")


def test_export_and_import(program: Any, run: Any) -> None:
    program.write('aws.sqs.Queue("jobs", tags={"s": pulumi.Output.secret("hunter2")})')
    program.up()
    exported = run("export")
    assert "hunter2" not in exported
    assert "hunter2" in run("export", "--show-secrets")
    kept = program.state()
    assert "3 resources imported" in run("import", stdin=exported)
    assert program.state() == kept
    assert not program.up().changed
    with pytest.raises(LakelabError, match="belongs to another stack"):
        run("import", stdin=exported.replace("urn:pulumi:dev:", "urn:pulumi:prod:"))
    with pytest.raises(LakelabError, match="not an exported state"):
        run("import", stdin="{}")


def test_a_failure_exits_with_what_was_done(program: Any, run: Any) -> None:
    program.write('aws.sqs.Queue("q", delay_seconds=-1)')
    with pytest.raises(LakelabError, match="delaySeconds: must be from 0 to 900, not -1"):
        run("up", "--yes")
    data = json.loads(run("up", "--yes", "--json", code=1))
    assert "delaySeconds" in data["error"]
    with pytest.raises(LakelabError, match="no engine 'other'"):
        run("preview", "--engine", "other")
    with pytest.raises(LakelabError, match="the pulumi CLI is not on PATH"):
        run("preview", "--engine", "pulumi")
    program.write("").up()
    with pytest.raises(LakelabError, match="exports no nothing"):
        run("outputs", "nothing")


def test_one_resource_alone_is_replaced(program: Any, run: Any) -> None:
    text = 'a = aws.sqs.Queue("a", delay_seconds=DELAY)\nb = aws.sqs.Queue("b", delay_seconds=DELAY)'
    program.write(text, DELAY=1).up()
    before = {name: program.resource(name) for name in "ab"}
    told = json.loads(run("up", "--yes", "--json", "--target-replace", "a"))
    assert {step["name"]: step["op"] for step in told["steps"] if step["name"] in "ab"} == {"a": "replace", "b": "same"}
    program.write(text, DELAY=2)
    assert json.loads(run("up", "--yes", "--json", "--target-replace", "a"))["counts"] == {"replace": 1, "same": 2}
    assert program.resource("a")["id"] != before["a"]["id"]
    assert program.resource("b")["inputs"] == before["b"]["inputs"]
