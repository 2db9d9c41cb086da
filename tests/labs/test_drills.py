"""The proof of every drill: when it is broken its checks say so, and when it has been repaired they pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from lakelab.practice import Work, exercises, grading, needs, workspace
from lakelab.practice.exercises import Exercise
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DRILLS = [pytest.param(each, id=each.folder.name) for each in exercises.drills(ROOT)]


@pytest.mark.slow
@pytest.mark.parametrize("drill", DRILLS)
def test_a_drill_is_broken_and_can_be_repaired(broken_place: Settings, drill: Exercise):
    place = broken_place
    work = workspace.workspace_of(place, drill)
    work.mkdir(parents=True, exist_ok=True)
    needs.start(place, drill, Console(stderr=True))

    grading.break_it(place, drill, work)
    broken = grading.grade(place, drill, work)
    repair = subprocess.run(
        [sys.executable, str(drill.solution / "repair.py")],
        cwd=ROOT,
        env=Work(place, drill.name, work, workspace.data_of(place, drill)).environment | place.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    repaired = grading.grade(place, drill, work)

    assert not broken.passed
    assert broken.messages
    assert repair.returncode == 0, repair.stdout + repair.stderr
    assert repaired.passed, repaired.messages


@pytest.mark.parametrize("drill", DRILLS)
def test_a_drills_folder_keeps_the_contract(drill: Exercise):
    assert len(drill.hints) == 3
    assert all(drill.hints)
    for file in ("check.py", "solution/README.md", "solution/repair.py"):
        assert (drill.folder / file).is_file()
