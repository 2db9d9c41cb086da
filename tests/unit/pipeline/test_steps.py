"""A step's line: never a tick for what has not ended well."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lakelab.pipeline.steps import Steps


def test_a_step_that_ended_well_has_its_line_and_its_time():
    console = Console(file=io.StringIO(), width=100)
    steps = Steps(console)
    with steps.step("upload") as step:
        step.say("half of it")
        step.result = "3 files"
    assert [done.title for done in steps.done] == ["upload"]
    line = console.file.getvalue()  # type: ignore[attr-defined]
    assert line.startswith("✓ upload")
    assert line.rstrip().endswith("3 files")


def test_a_step_that_failed_has_no_tick():
    console = Console(file=io.StringIO(), width=100)
    steps = Steps(console)
    with pytest.raises(RuntimeError, match="no disk"), steps.step("upload"):
        raise RuntimeError("no disk")
    assert steps.done == []
    assert console.file.getvalue() == "✗ upload\n"  # type: ignore[attr-defined]
