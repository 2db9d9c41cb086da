"""How far a learner is: one small file for each exercise in `.lakelab/labs`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from lakelab.practice.exercises import Exercise
from lakelab.settings import Settings


class Progress(BaseModel):
    """What a learner has done on one exercise; times are UTC."""

    started: datetime | None = None
    checks: int = 0
    hints: int = 0
    solution_seen: datetime | None = None
    passed: datetime | None = None

    @property
    def state(self) -> str:
        """`passed`, `started` or `open`."""
        return "passed" if self.passed else "started" if self.started else "open"


def read(config: Settings, exercise: Exercise) -> Progress:
    """The progress on an exercise; that of one never started is empty."""
    file = _file(config, exercise)
    return Progress.model_validate_json(file.read_text()) if file.exists() else Progress()


def write(config: Settings, exercise: Exercise, progress: Progress) -> None:
    """Keep the progress on an exercise."""
    file = _file(config, exercise)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".tmp")
    partial.write_text(progress.model_dump_json(indent=2) + "\n")
    partial.replace(file)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _file(config: Settings, exercise: Exercise) -> Path:
    return config.state / "labs" / f"{exercise.name}.json"
