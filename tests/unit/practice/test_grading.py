"""Grading: what crashes, hangs, exits or prints is told apart, and a broken checker is not the learner's fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.practice import grading, workspace
from lakelab.practice.exercises import Exercise, ExerciseError, exercise, exercises
from lakelab.practice.grading import CheckerError, Grade
from lakelab.settings import Settings

README = """---
day: 1
title: Answers
theme: Tests
minutes: 5
seconds: 5
---
# An exercise
"""
CHECK = '''
from lakelab.practice import Wrong


def check_first(work):
    """The answer is found."""
    found = work.call("answer.py", "answer")
    if found != 42:
        raise Wrong(f"answer() is {found}", stop=found == 0)
    work.measure("a figure", 1.5, "s")
    return "found"


def check_second(work):
    """It is found again."""
    assert work.call("answer.py", "answer") != 13
'''


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    folder = tmp_path / "labs" / "day-01-answers"
    (folder / "skeleton").mkdir(parents=True)
    (folder / "README.md").write_text(README)
    (folder / "hints.md").write_text("## One\na\n## Two\nb\n## Three\nc\n")
    (folder / "check.py").write_text(CHECK)
    (folder / "skeleton" / "answer.py").write_text("def answer():\n    return None\n")
    return Settings(root=tmp_path)


def graded(place: Settings, answer: str) -> Grade:
    found = exercise(place.root, 1)
    folder = workspace.workspace_of(place, found)
    workspace.lay_out(place, found, folder)
    (folder / "answer.py").write_text(answer)
    return grading.grade(place, found, folder)


@pytest.mark.parametrize(
    ("answer", "states", "message"),
    [
        pytest.param("def answer(): return 42", ["passed", "passed"], "", id="right"),
        pytest.param("def answer(): return 41", ["failed", "passed"], "answer() is 41", id="wrong"),
        pytest.param("def answer(): return 0", ["failed", "skipped"], "answer() is 0", id="the rest makes no sense"),
        pytest.param("def ask(): ...", ["failed", "failed"], "answer.py has no function answer()\nas above", id="none"),
        pytest.param(
            "x = 1\ndef answer():\n    return x / 0",
            ["failed", "failed"],
            "answer() in answer.py failed at answer.py line 3: ZeroDivisionError: division by zero",
            id="a crash",
        ),
        pytest.param("def answer(:", ["failed", "failed"], "answer.py failed: SyntaxError", id="no Python"),
        pytest.param(
            "import sys\ndef answer(): sys.exit(0)", ["failed", "failed"], "ended the whole program", id="sys.exit"
        ),
        pytest.param("import os\ndef answer(): os._exit(0)", ["failed"], "exit code 0", id="os._exit"),
        pytest.param("import os\ndef answer(): os.abort()", ["failed"], "SIGABRT", id="a signal"),
        pytest.param("import time\ndef answer(): time.sleep(60)", ["failed"], "did not end within 5 s", id="a hang"),
        pytest.param('def answer():\n    print("{}")\n    return 42', ["passed", "passed"], "", id="prints"),
    ],
)
def test_what_becomes_of_an_answer(place: Settings, answer: str, states: list[str], message: str):
    found = graded(place, answer)
    assert [outcome.state for outcome in found.outcomes] == states
    assert found.passed == (states == ["passed", "passed"])
    assert message in found.messages


def test_figures_and_times_are_told(place: Settings):
    first, _ = graded(place, "def answer(): return 42").outcomes
    assert (first.title, first.message) == ("The answer is found", "found")
    assert [(each.label, each.value, each.unit) for each in first.measures] == [("a figure", 1.5, "s")]
    assert first.seconds > 0


def test_a_broken_checker_is_not_the_learners_fault(place: Settings):
    with pytest.raises(CheckerError, match="the checker is broken, not your work, in “It is found again”"):
        graded(place, "def answer(): return 13")


def test_a_checker_that_cannot_be_read_is_told(place: Settings):
    (place.root / "labs" / "day-01-answers" / "check.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(CheckerError, match="nothing_of_that_name"):
        graded(place, "def answer(): return 42")


def test_what_the_work_prints_is_kept(place: Settings):
    graded(place, 'def answer():\n    print("hello")\n    return 42')
    assert "hello" in grading.log_of(place, exercise(place.root, 1)).read_text()


def test_a_workspace_keeps_work_and_is_set_aside(place: Settings):
    found = exercise(place.root, 1)
    folder = workspace.workspace_of(place, found)
    workspace.lay_out(place, found, folder)
    (folder / "notes.txt").write_text("mine")
    assert workspace.set_aside(folder) == folder.with_name("day-01.1")
    assert not folder.exists()
    assert (folder.with_name("day-01.1") / "notes.txt").read_text() == "mine"
    assert workspace.set_aside(folder) is None


def test_an_answer_is_laid_over_the_skeleton_without_what_is_about_it(place: Settings):
    found = exercise(place.root, 1)
    answer = found.folder / "wrong" / "one"
    answer.mkdir(parents=True)
    (answer / "wrong.yaml").write_text("mistake: a\nsays: b\n")
    (answer / "answer.py").write_text("of the answer\n")
    folder = workspace.workspace_of(place, found)
    workspace.lay_out(place, found, folder, answer)
    assert sorted(file.name for file in folder.iterdir()) == ["answer.py", "data"]
    assert (folder / "answer.py").read_text() == "of the answer\n"
    assert (folder / "data").resolve() == workspace.data_of(place, found)


EDITED = """
mistake: a
says: b
edits:
  answer.py:
  - lines: |2
          return 42
    instead: |2
          return 41
"""


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        pytest.param("def answer():\n    return 42\n", "def answer():\n    return 41\n", id="once"),
        pytest.param("def answer():\n    return 43\n", "0 times", id="the solution has changed"),
        pytest.param("if x:\n    return 42\nelse:\n    return 42\n", "2 times", id="twice"),
    ],
)
def test_a_wrong_answer_is_an_edit_of_the_solution(place: Settings, solution: str, expected: str):
    folder = place.root / "labs" / "day-01-answers"
    wrong = folder / "wrong" / "one"
    for each, name, text in ((folder / "solution", "answer.py", solution), (wrong, "wrong.yaml", EDITED)):
        each.mkdir(parents=True)
        (each / name).write_text(text)
    found = exercise(place.root, 1)
    work = workspace.workspace_of(place, found)
    if expected.endswith("times"):
        with pytest.raises(ExerciseError, match=f"answer.py has the lines of an edit {expected}"):
            workspace.lay_out(place, found, work, found.solution, wrong)
        return
    workspace.lay_out(place, found, work, found.solution, wrong)
    assert (work / "answer.py").read_text() == expected


@pytest.mark.parametrize(
    ("readme", "message"),
    [
        pytest.param("# no front matter\n", "has no front matter", id="none"),
        pytest.param(README.replace("minutes: 5", "minutes: many"), "minutes", id="a wrong type"),
        pytest.param(README.replace("seconds", "secs"), "secs", id="an unknown key"),
    ],
)
def test_a_readme_that_breaks_the_contract_is_an_error(place: Settings, readme: str, message: str):
    (place.root / "labs" / "day-01-answers" / "README.md").write_text(readme)
    with pytest.raises(ExerciseError, match=message):
        exercises(place.root)


def test_a_day_without_a_lab_is_an_error_that_names_the_others(place: Settings):
    with pytest.raises(ExerciseError) as caught:
        exercise(place.root, 2)
    assert "there is no lab on day 2" in caught.value.message
    assert caught.value.fix == "choose one of: 1"


def test_data_are_kept_until_their_checker_changes(place: Settings):
    found = exercise(place.root, 1)
    data = workspace.data_of(place, found)
    workspace.discard_stale(found, data)
    (data / "made").write_text("once")
    workspace.discard_stale(found, data)
    assert (data / "made").exists()
    (found.folder / "check.py").write_text(CHECK + "# another version\n")
    workspace.discard_stale(found, data)
    assert not (data / "made").exists()


def test_the_hints_are_read_in_order(place: Settings):
    found: Exercise = exercise(place.root, 1)
    assert found.hints == ["a", "b", "c"]
