"""The proof of every lab: the skeleton fails, each wrong answer fails helpfully, the solution passes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from lakelab.practice import exercises, grading, needs, workspace
from lakelab.practice.exercises import Exercise
from lakelab.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
# what `make test` proves, too; the other labs take longer
QUICK = (2,)


def _cases() -> Iterator[object]:
    for exercise in exercises.exercises(ROOT):
        marks = () if exercise.front.day in QUICK else (pytest.mark.slow,)
        answers = {"skeleton": (), "solution": (exercise.solution,)}
        answers |= {f"wrong/{folder.name}": (exercise.solution, folder) for folder in exercise.mistakes}
        for name, folders in answers.items():
            yield pytest.param(exercise, folders, id=f"{exercise.name} {name}", marks=marks)


@pytest.mark.parametrize(("exercise", "answers"), list(_cases()))
def test_the_checker_tells_a_right_answer_from_wrong_ones(
    place: Settings, exercise: Exercise, answers: tuple[Path, ...]
):
    work = place.work / exercise.name
    shutil.rmtree(work, ignore_errors=True)
    workspace.lay_out(place, exercise, work, *answers)
    needs.start(place, exercise, Console(stderr=True))
    grading.prepare(place, exercise, work)

    found = grading.grade(place, exercise, work)

    if answers == (exercise.solution,):
        assert found.passed, found.messages
        return
    assert not found.passed
    assert found.messages
    if answers:
        assert exercise.mistakes[answers[-1]].says in found.messages


@pytest.mark.parametrize("exercise", [pytest.param(each, id=each.name) for each in exercises.exercises(ROOT)])
def test_a_folder_keeps_the_contract(exercise: Exercise):
    assert len(exercise.hints) == 3
    assert all(exercise.hints)
    assert len(exercise.mistakes) >= 2
    assert (exercise.solution / "README.md").is_file()
    assert (exercise.folder / "check.py").is_file()
    for part in ("## Theory", "## The problem", "## What you will measure"):
        assert part in exercise.text
    unknown = [
        file.relative_to(folder)
        for folder in exercise.mistakes
        for file in folder.rglob("*")
        if file.is_file() and file.name != "wrong.yaml" and not _known(exercise, file.relative_to(folder))
    ]
    assert unknown == [], "a wrong answer differs from the solution in these files, which the solution has not"


@pytest.mark.slow
@pytest.mark.parametrize("exercise", [pytest.param(each, id=each.name) for each in exercises.exercises(ROOT)])
def test_a_lab_is_on_the_map(exercise: Exercise):
    rows = [line for line in (ROOT / "docs" / "curriculum.md").read_text().splitlines() if line.startswith("|")]
    front, link = exercise.front, f"(../labs/{exercise.folder.name}/README.md)"
    found = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if link in row]
    assert len(found) == 1, f"docs/curriculum.md has {len(found)} rows that link to {link}"
    (cells,) = found
    assert cells[:4] == [str(front.day), front.theme, f"[{front.title}]{link}", str(front.minutes)]
    assert all(cells[4:6])


def _known(exercise: Exercise, name: Path) -> bool:
    return (exercise.solution / name).exists() or (exercise.skeleton / name).exists()
