"""Aliases and source positions of registrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.goal import Goal, alias_urns, from_request
from lakelab.deploy.protocol import _load, resource_pb2

alias_pb2 = _load("alias_pb2")
source_pb2 = _load("source_pb2")
STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
ZONE = "urn:pulumi:dev::p::lab:x:Zone::new"
OLD_ZONE = "urn:pulumi:dev::p::lab:x:Zone::old"
QUEUE = "aws:sqs/queue:Queue"


def goal(own: str, above: str, **spec: object) -> Goal:
    specs = (alias_pb2.Alias.Spec(**spec),) if spec else ()
    return Goal(QUEUE, own, above, True, {}, alias_specs=specs)


@pytest.mark.parametrize(
    ("wanted", "parents", "found"),
    [
        pytest.param(goal("q", STACK), (), [], id="none"),
        pytest.param(goal("q", STACK, name="r"), (), [f"urn:pulumi:dev::p::{QUEUE}::r"], id="other-name"),
        pytest.param(goal("q", STACK, type="a:b:C"), (), ["urn:pulumi:dev::p::a:b:C::q"], id="other-type"),
        pytest.param(
            goal("q", STACK, parentUrn=ZONE), (), [f"urn:pulumi:dev::p::lab:x:Zone${QUEUE}::q"], id="other-parent"
        ),
        pytest.param(goal("q", ZONE, noParent=True), (), [f"urn:pulumi:dev::p::{QUEUE}::q"], id="no-parent"),
        pytest.param(
            goal("new-queue", ZONE),
            (OLD_ZONE,),
            [f"urn:pulumi:dev::p::lab:x:Zone${QUEUE}::old-queue"],
            id="of-the-parent",
        ),
        pytest.param(goal("q", STACK, stack="s", project="o"), (), [f"urn:pulumi:s::o::{QUEUE}::q"], id="other-stack"),
    ],
)
def test_aliases(wanted: Goal, parents: tuple[str, ...], found: list[str]) -> None:
    assert alias_urns(wanted, "p", "dev", parents) == found


def test_the_source_position_is_the_programs_own(tmp_path: Path) -> None:
    def frame(path: Path, line: int) -> object:
        return source_pb2.StackFrame(pc=source_pb2.SourcePosition(uri=path.as_uri(), line=line))

    library = tmp_path / ".venv" / "lib" / "x.py"
    frames = [frame(library, 1), frame(Path("/usr/lib/y.py"), 2), frame(tmp_path / "my stacks" / "lake.py", 41)]
    request = resource_pb2.RegisterResourceRequest(type=QUEUE, stackTrace=source_pb2.StackTrace(frames=frames))
    found = from_request(request, tmp_path)
    assert found.source_position == "project:///my%20stacks/lake.py#41"
    assert found.line == "my stacks/lake.py:41"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        pytest.param("q", True, id="name"),
        pytest.param(f"{STACK.rsplit('::', 2)[0]}::{QUEUE}::q", True, id="urn"),
        pytest.param("*queue:Queue::q", True, id="pattern"),
        pytest.param("queue", False, id="part-of-a-name"),
    ],
)
def test_targets(pattern: str, matches: bool) -> None:
    assert urns.matches(urns.make("dev", "p", STACK, QUEUE, "q"), pattern) is matches
