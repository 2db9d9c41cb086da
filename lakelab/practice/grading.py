"""Grades the work on an exercise: runs its checker as a process with a deadline, and tells of each check."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lakelab.errors import LakelabError
from lakelab.practice.exercises import Exercise
from lakelab.practice.work import Measure
from lakelab.processes import end_with_parent
from lakelab.settings import Settings

PREPARE_SECONDS = 540
State = Literal["passed", "failed", "skipped"]


class CheckerError(LakelabError):
    """The checker itself is broken, or the exercise's data cannot be made: not the learner's fault."""


@dataclass(frozen=True)
class Outcome:
    """What became of one check."""

    title: str
    state: State
    message: str = ""
    seconds: float = 0.0
    measures: tuple[Measure, ...] = ()


@dataclass
class Grade:
    """What became of all checks of an exercise."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return bool(self.outcomes) and all(outcome.state == "passed" for outcome in self.outcomes)

    @property
    def messages(self) -> str:
        """All that is wrong, as one text."""
        return "\n".join(outcome.message for outcome in self.outcomes if outcome.state == "failed")


def prepare(config: Settings, exercise: Exercise, workspace: Path) -> None:
    """Make the exercise's data, unless they are there.

    Raises:
        CheckerError: they cannot be made.
    """
    for _ in _run(config, exercise, workspace, "prepare", PREPARE_SECONDS):
        pass


def break_it(config: Settings, exercise: Exercise, workspace: Path) -> None:
    """Break what a drill is about.

    Raises:
        CheckerError: it cannot be broken.
    """
    for _ in _run(config, exercise, workspace, "break", PREPARE_SECONDS):
        pass


def grade(
    config: Settings, exercise: Exercise, workspace: Path, told: Callable[[Outcome], None] = lambda outcome: None
) -> Grade:
    """Run all checks of an exercise on the work in a workspace.

    Args:
        told: told of each check when it has ended.

    Raises:
        CheckerError: the checker is broken.
    """
    found = Grade()
    for outcome in _run(config, exercise, workspace, "check", exercise.front.seconds):
        found.outcomes.append(outcome)
        told(outcome)
    return found


def log_of(config: Settings, exercise: Exercise) -> Path:
    """Where what the work printed during the last check is kept."""
    return config.state / "labs" / f"{exercise.name}.log"


def _run(config: Settings, exercise: Exercise, workspace: Path, what: str, seconds: float) -> Iterator[Outcome]:
    log = log_of(config, exercise)
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAKELAB_")}
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "lakelab.practice.checker", what, str(exercise.folder), str(workspace)],
            env=kept | config.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    deadline = threading.Timer(seconds, end)
    deadline.start()
    try:
        yield from _outcomes(process, log, lambda: f"did not end within {seconds:g} s" if late.is_set() else None)
    finally:
        deadline.cancel()
        _kill(process)
        process.wait()


def _outcomes(process: subprocess.Popen[str], log: Path, killed: Callable[[], str | None]) -> Iterator[Outcome]:
    title, ended = "", False
    assert process.stdout is not None
    for line in process.stdout:
        facts: dict[str, Any] = json.loads(line)
        state = facts.pop("state")
        if state == "end":
            ended = True
        elif state == "begins":
            title = facts["title"]
        elif state == "broken":
            raise CheckerError(f"the checker is broken, not your work, in “{facts['title']}”:\n{facts['message']}")
        else:
            title = ""
            measures = tuple(Measure(**each) for each in facts.pop("measures", ()))
            yield Outcome(state=state, measures=measures, **facts)
    if ended:
        return
    code = process.wait()
    how = killed() or f"ended the checker's process ({_how(code)})"
    if not title:
        raise CheckerError(f"the checker {how} outside of its checks:\n{_last_words(log)}", fix=f"see {log}")
    yield Outcome(title, "failed", f"your work {how}, and this check and those after it were not finished; see {log}")


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])
