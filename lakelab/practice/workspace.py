"""A learner's workspace: a copy of an exercise's skeleton under `work/`, and a link to its data."""

from __future__ import annotations

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path

from lakelab.errors import LakelabError
from lakelab.practice.exercises import Exercise
from lakelab.settings import Settings

# of the solution's and the wrong answers' folders: what is about them, and no part of the work
ABOUT = ("README.md", "wrong.yaml")


def workspace_of(config: Settings, exercise: Exercise) -> Path:
    """Where a learner works on an exercise."""
    return config.work / exercise.name


def data_of(config: Settings, exercise: Exercise) -> Path:
    """Where an exercise's data are: one folder for each size, as making them can take minutes."""
    return config.state / "labs" / "data" / f"{exercise.name}-{config.lab_size}"


def discard_stale(exercise: Exercise, data: Path) -> None:
    """Empty a data folder that another version of the checker, of the generators or of DuckDB has made.

    DuckDB's `hash`, from which the generators draw, may change between its versions.
    """
    here = Path(__file__).parent
    made_by = hashlib.sha256(version("duckdb").encode())
    for file in (exercise.folder / "check.py", here / "orders.py", here / "shop.py"):
        made_by.update(file.read_bytes())
    stamp = data / ".made-by"
    if not stamp.exists() or stamp.read_text() != made_by.hexdigest():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        stamp.write_text(made_by.hexdigest())


def require(config: Settings, exercise: Exercise) -> Path:
    """The workspace of an exercise that was started.

    Raises:
        LakelabError: it was not.
    """
    workspace = workspace_of(config, exercise)
    if not workspace.is_dir():
        day = exercise.front.day
        raise LakelabError(f"lab {day} has not been started", fix=f"lakelab lab {day}")
    return workspace


def lay_out(config: Settings, exercise: Exercise, workspace: Path, *answers: Path) -> None:
    """Make a workspace out of the skeleton and, over it, the files and the edits of answers.

    What is in the folder stays, unless a file of the same name is laid over it.
    """
    for folder in (exercise.skeleton, *answers):
        shutil.copytree(
            folder,
            workspace,
            dirs_exist_ok=True,
            ignore=lambda where, names, folder=folder: _left_out(Path(where), names, folder, exercise),
        )
        if folder in exercise.mistakes:
            exercise.mistakes[folder].apply(workspace)
    data = data_of(config, exercise)
    data.mkdir(parents=True, exist_ok=True)
    link = workspace / "data"
    if link.is_symlink():
        link.unlink()
    if not link.exists():
        link.symlink_to(data, target_is_directory=True)


def _left_out(where: Path, names: list[str], folder: Path, exercise: Exercise) -> list[str]:
    about = ABOUT if where == folder and folder != exercise.skeleton else ()
    return [name for name in names if name in about or name == "__pycache__"]


def set_aside(workspace: Path) -> Path | None:
    """Move a workspace out of the way, to a name that tells its number. None when there is nothing in it."""
    if not workspace.exists():
        return None
    number = 1
    while (aside := workspace.with_name(f"{workspace.name}.{number}")).exists():
        number += 1
    return workspace.rename(aside)
