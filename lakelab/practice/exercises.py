"""The exercises of `labs/` and `drills/`: what their folders say about them.

`labs/README.md` and `drills/README.md` are the contracts of a folder.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakelab.errors import LakelabError

FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
HINT = re.compile(r"^## .*\n", re.MULTILINE)
Need = Literal["cloud", "pipeline", "postgres"]


class ExerciseError(LakelabError):
    """There is no such exercise, or its folder does not keep the contract."""


class Front(BaseModel):
    """The front matter of an exercise's README; a drill has no day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: int = Field(default=0, ge=0, le=31)
    title: str
    theme: str
    minutes: int = Field(ge=5)  # what a learner needs for it
    needs: tuple[Need, ...] = ()
    seconds: int = Field(default=120, ge=5)  # how long a check may take before it counts as hanging


class Edit(BaseModel):
    """Whole lines of a file of the solution, which stand in it once, and those that a wrong answer has there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: str
    instead: str


class Mistake(BaseModel):
    """`wrong.yaml` of a wrong answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mistake: str  # what was thought wrongly, in a sentence
    says: str  # what the checker's message has to contain
    edits: dict[str, list[Edit]] = {}  # of the solution's files; a file that differs in most lines stands beside

    def apply(self, workspace: Path) -> None:
        """Make the solution in a workspace the wrong answer.

        Raises:
            ExerciseError: a passage does not stand in the solution's file, or not once.
        """
        for name, edits in self.edits.items():
            file = workspace / name
            text = file.read_text(encoding="utf-8")
            for edit in edits:
                if text.count(edit.lines) != 1:
                    raise ExerciseError(
                        f"{name} has the lines of an edit {text.count(edit.lines)} times:\n{edit.lines}",
                        fix="make the edit in wrong.yaml follow the solution",
                    )
                text = text.replace(edit.lines, edit.instead)
            file.write_text(text, encoding="utf-8")


class Exercise:
    """One folder of `labs/` or `drills/`."""

    def __init__(self, folder: Path):
        self.folder = folder
        readme = folder / "README.md"
        found = FRONT.match(readme.read_text(encoding="utf-8"))
        if found is None:
            raise ExerciseError(f"{readme} has no front matter", fix="labs/README.md says what belongs there")
        try:
            self.front = Front.model_validate(yaml.safe_load(found[1]))
        except (ValidationError, yaml.YAMLError) as error:
            raise ExerciseError(f"{readme}: {error}", fix="labs/README.md says what belongs there") from error
        self.text = found[2].strip()

    @property
    def name(self) -> str:
        """The name of its workspace, its data folder and its progress."""
        return f"day-{self.front.day:02}" if self.front.day else f"drill-{self.folder.name}"

    @property
    def skeleton(self) -> Path:
        return self.folder / "skeleton"

    @property
    def solution(self) -> Path:
        return self.folder / "solution"

    @cached_property
    def hints(self) -> list[str]:
        """The hints, from a nudge to nearly the answer."""
        return [part.strip() for part in HINT.split((self.folder / "hints.md").read_text(encoding="utf-8"))[1:]]

    @cached_property
    def mistakes(self) -> dict[Path, Mistake]:
        """The folders of the wrong answers, and what each is."""
        return {
            file.parent: Mistake.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
            for file in sorted(self.folder.glob("wrong/*/wrong.yaml"))
        }


def exercises(root: Path) -> list[Exercise]:
    """All exercises of the project, in the order of their days."""
    found = [Exercise(file.parent) for file in (root / "labs").glob("day-*/README.md")]
    return sorted(found, key=lambda exercise: exercise.front.day)


def exercise(root: Path, day: int) -> Exercise:
    """The exercise of a day.

    Raises:
        ExerciseError: there is none on that day.
    """
    for folder in (root / "labs").glob(f"day-{day:02}-*"):
        return Exercise(folder)
    days = ", ".join(str(each.front.day) for each in exercises(root))
    raise ExerciseError(f"there is no lab on day {day}", fix=f"choose one of: {days}" if days else "see labs/")


def drills(root: Path) -> list[Exercise]:
    """All drills of the project, by name."""
    return [Exercise(file.parent) for file in sorted((root / "drills").glob("*/README.md"))]


def drill(root: Path, name: str) -> Exercise:
    """The drill of a name.

    Raises:
        ExerciseError: there is none.
    """
    known = {each.folder.name: each for each in drills(root)}
    if name not in known:
        raise ExerciseError(f"there is no drill {name!r}", fix=f"choose one of: {', '.join(known)}")
    return known[name]
