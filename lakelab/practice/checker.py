"""The process in which an exercise's check.py runs: one JSON line for each thing that begins or ends.

It is a process of its own as it runs the learner's code, which may crash it, hang or print; its standard output
belongs to the lines, and what the work prints goes to standard error.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from lakelab.practice import modules
from lakelab.practice.exercises import Exercise
from lakelab.practice.work import Work, Wrong
from lakelab.practice.workspace import data_of, discard_stale
from lakelab.settings import settings

PREPARE, BREAK = "the data are prepared", "it is broken"
Check = Callable[[Work], str | None]


def load(file: Path) -> tuple[dict[str, Check], dict[str, Check], dict[str, Check]]:
    """`prepare` and `break_it` of a check.py, if it has them, and its checks, by their titles, in the file's order."""
    module = modules.load(file, f"check_{file.parent.name.replace('-', '_')}")
    checks: dict[str, Any] = {
        (inspect.getdoc(found) or name).splitlines()[0].rstrip("."): found
        for name, found in vars(module).items()
        if name.startswith("check_") and callable(found)
    }
    prepare, break_it = getattr(module, "prepare", None), getattr(module, "break_it", None)
    return {PREPARE: prepare} if prepare else {}, {BREAK: break_it} if break_it else {}, checks


def run(work: Work, checks: dict[str, Check], tell: Callable[..., None]) -> None:
    """Run the checks in order and tell of each."""
    stopped, told = False, set()
    for title, check in checks.items():
        if stopped:
            tell(title=title, state="skipped")
            continue
        tell(title=title, state="begins")
        began = time.perf_counter()
        outcome: dict[str, Any]
        try:
            outcome = {"state": "passed", "message": check(work) or ""}
        except Wrong as wrong:
            stopped = wrong.stop
            message = "as above" if wrong.message in told else wrong.message
            told.add(wrong.message)
            outcome = {"state": "failed", "message": message}
        except Exception:  # noqa: BLE001  # told as the checker's own failure
            outcome = {"state": "broken", "message": traceback.format_exc(limit=-8)}
        measures = [asdict(each) for each in work.measures]
        work.measures.clear()
        tell(title=title, seconds=time.perf_counter() - began, measures=measures, **outcome)


def main() -> None:
    """`python -m lakelab.practice.checker prepare|break|check <the exercise's folder> <workspace>`."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    what, folder, place = sys.argv[1:]
    config = settings()
    found = Exercise(Path(folder))
    workspace = Path(place)
    data = data_of(config, found)
    data.mkdir(parents=True, exist_ok=True)
    if what == "prepare":
        discard_stale(found, data)
    work = Work(config, found.name, workspace, data)
    os.environ.update(work.environment)  # the work's own clients read these
    os.chdir(workspace)
    prepare, break_it, checks = load(found.folder / "check.py")

    with work.cleanup:
        run(work, {"prepare": prepare, "break": break_it}.get(what, checks), _teller(lines))
    _teller(lines)(state="end")


def _teller(lines: TextIO) -> Callable[..., None]:
    def tell(**facts: Any) -> None:
        print(json.dumps(facts), file=lines, flush=True)

    return tell


if __name__ == "__main__":
    main()
