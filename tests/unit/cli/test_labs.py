"""`lakelab lab`, `check`, `hint`, `solution`, `labs` on a project with one small lab."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakelab.cli import main
from lakelab.settings import settings

FILES = {
    "README.md": "---\nday: 3\ntitle: Answers\ntheme: Tests\nminutes: 5\n---\n# Find the answer\n",
    "hints.md": "## 1\nthink\n## 2\nmultiply\n## 3\nsix times seven\n",
    "skeleton/answer.py": "def answer():\n    raise NotImplementedError\n",
    "solution/answer.py": "def answer():\n    return 42\n",
    "solution/README.md": "# Why\nBecause it was computed.\n",
    "wrong/one/wrong.yaml": "mistake: counting fingers\nsays: is 10\n",
    "wrong/one/answer.py": "def answer():\n    return 10\n",
    "check.py": '''
from lakelab.practice import Wrong


def prepare(work):
    (work.data / "question.txt").write_text("?")


def check_answer(work):
    """The answer is found."""
    found = work.call("answer.py", "answer")
    if found != 42:
        raise Wrong(f"answer() is {found}")
    work.measure("the answer", found, "units")
''',
}


class Project:
    """A project with a lab, and the command line in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.root, self._monkeypatch, self._capsys = root, monkeypatch, capsys
        for name, text in FILES.items():
            file = root / "labs" / "day-03-answers" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        for name in [name for name in os.environ if name.startswith("LAKELAB_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("LAKELAB_ROOT", str(root))
        monkeypatch.chdir(root)
        settings.cache_clear()

    def run(self, *arguments: str, code: int = 0) -> str:
        self._monkeypatch.setattr(sys, "argv", ["lakelab", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, printed
        return printed.out + printed.err

    @property
    def answer(self) -> Path:
        return self.root / "work" / "day-03" / "answer.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Project]:
    yield Project(tmp_path, monkeypatch, capsys)
    settings.cache_clear()


def test_a_lab_from_its_task_to_its_end(project: Project):
    assert "lab 3 has not been started" in project.run("check", "3", code=1)

    begun = project.run("lab", "3")
    assert "Find the answer" in begun
    assert "work/day-03" in begun
    assert project.answer.read_text() == FILES["skeleton/answer.py"]
    assert (project.root / "work" / "day-03" / "data" / "question.txt").read_text() == "?"

    failed = project.run("check", "3", code=1)
    assert "answer() in answer.py is still to be written at answer.py line 2" in failed

    assert "think" in project.run("hint", "3")
    assert "multiply" in project.run("hint", "3")
    assert "six times seven" in project.run("hint", "3")
    assert "six times seven" in project.run("hint", "3")
    assert "think" in project.run("hint", "3", "--number", "1")

    project.answer.write_text(FILES["solution/answer.py"])
    passed = project.run("check", "3")
    assert "lab 3 is done" in passed
    assert "42.000 units" in passed

    (row,) = json.loads(project.run("labs", "--json"))
    assert (row["day"], row["state"], row["checks"], row["hints"]) == (3, "passed", 2, 3)
    assert row["solution_seen"] is None
    assert "passed" in project.run("labs")


def test_a_lab_that_is_begun_again_keeps_the_work(project: Project):
    project.run("lab", "3")
    project.answer.write_text("mine\n")
    assert "your work from before" in project.run("lab", "3")
    assert project.answer.read_text() == "mine\n"

    assert "is as it was" in project.run("lab", "3", "--fresh", code=1)  # nobody is there to say yes
    assert project.answer.read_text() == "mine\n"

    assert "your work so far is in work/day-03.1" in project.run("lab", "3", "--fresh", "--yes")
    assert project.answer.read_text() == FILES["skeleton/answer.py"]
    assert (project.root / "work" / "day-03.1" / "answer.py").read_text() == "mine\n"


def test_the_outcome_as_json(project: Project):
    project.run("lab", "3")
    project.answer.write_text(FILES["wrong/one/answer.py"])
    facts = json.loads(project.run("check", "3", "--json", code=1))
    assert facts["passed"] is False
    (check,) = facts["checks"]
    assert (check["title"], check["state"], check["message"]) == ("The answer is found", "failed", "answer() is 10")


def test_the_solution_is_shown_with_the_why_and_the_mistakes(project: Project):
    shown = project.run("solution", "3")
    for part in ("Because it was computed", "return 42", "counting fingers"):
        assert part in shown
    assert json.loads(project.run("labs", "--json"))[0]["solution_seen"]


@pytest.mark.parametrize("command", ["lab", "check", "hint", "solution"])
def test_a_day_without_a_lab(project: Project, command: str):
    told = project.run(command, "4", code=1)
    assert "there is no lab on day 4" in told
    assert "choose one of: 3" in told
