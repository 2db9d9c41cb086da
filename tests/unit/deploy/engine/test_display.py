"""What people see of a deployment."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree

from rich.console import Console

from lakelab.deploy import Change, Event, Result, Step
from lakelab.deploy.engine import graph
from lakelab.deploy.engine.display import Display
from lakelab.deploy.engine.state import ResourceState, Snapshot

URN = "urn:pulumi:dev::p::aws:sqs/queue:Queue::"


def test_lines_and_summary_without_a_terminal() -> None:
    out = io.StringIO()
    display = Display(Console(file=out, width=80), "up", "dev")
    step = Step(
        URN + "jobs",
        "aws:sqs/queue:Queue",
        "jobs",
        "update",
        [
            Change("visibilityTimeoutSeconds", 60, 90),
            Change("tags.a", None, "x", "add"),
            Change("fifoQueue", False, True, "update", replaces=True),
        ],
        seconds=1.25,
    )
    failed = Step(URN + "bad", "aws:sqs/queue:Queue", "bad", "create", error="CreateQueue: no\nsecond line")
    for event in (Event("started", step), Event("done", step), Event("failed", failed), Event("diagnostic", text="hi")):
        display(event)
    display(Event("diagnostic", severity="debug", text="not shown"))
    result = Result("up", "p", "dev", [step, failed], {"url": "http://x"}, seconds=2.0)
    display.summary(result)
    assert out.getvalue() == (
        "Updating dev (embedded engine)\n"
        " ~ aws:sqs/queue:Queue jobs updated (1.2 s)\n"
        "     ~ visibilityTimeoutSeconds: 60 => 90\n"
        "     + tags.a: x\n"
        "     ~ fifoQueue: false => true  replaces\n"
        " x aws:sqs/queue:Queue bad failed\n"
        "     CreateQueue: no\n"
        "     second line\n"
        "    hi\n"
        "\nOutputs\n    url  http://x\n"
        "\nResources 1 updated, 1 failed in 2.0 s\n"
    )


def test_a_result_is_plain_data() -> None:
    result = Result("preview", "p", "dev", [Step(URN + "a", "t", "a", "create", [Change("x", 1, 2)])], seconds=1.23456)
    data = result.as_dict()
    assert data["counts"] == {"create": 1}
    assert data["seconds"] == 1.235
    assert data["steps"][0]["changes"] == [{"path": "x", "old": 1, "new": 2, "kind": "update", "replaces": False}]


def snapshot() -> Snapshot:
    stack = ResourceState("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "pulumi:pulumi:Stack", False)
    a = ResourceState(URN + "a", "aws:sqs/queue:Queue", True)
    b = ResourceState(URN + 'b"<', "aws:sqs/queue:Queue", True, dependencies=(URN + "a",), parent=stack.urn)
    return Snapshot((stack, a, b))


def test_a_stack_is_drawn_as_mermaid() -> None:
    assert graph.mermaid(snapshot()) == (
        "flowchart LR\n"
        '    r0["a<br/><small>Queue</small>"]\n'
        '    r1["b#quot;<<br/><small>Queue</small>"]\n'
        "    r0 --> r1\n"
    )


def test_a_stack_is_drawn_as_svg() -> None:
    root = ElementTree.fromstring(graph.svg(snapshot()))
    space = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in root.iter(f"{space}text")] == ["a", "Queue", 'b"<', "Queue"]
    assert len(root.findall(f"{space}path")) == 1
