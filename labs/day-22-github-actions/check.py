"""What lab 22 asks for: a workflow that runs on every pull request, and is red when the dbt project is broken."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from pathlib import Path

from workflow import Workflow

from lakelab.practice import Work, Wrong

FILE = ".github/workflows/ci.yml"
PULL_REQUESTS = (
    ("main", ["transforms/models/revenue.sql"]),
    ("main", ["transforms/macros/cents_to_dollars.sql"]),
    ("main", ["requirements.txt"]),
    ("release/2025-06", ["transforms/models/revenue.sql"]),
    ("main", [FILE]),
)
COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
BROKEN = "select * from {{ ref('orders_of_yesterday') }}\n"
MINUTES = 15
# pip looks whether it has what it is asked for, and touches nothing
HARMLESS = {"PIP_DRY_RUN": "1", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "CI": "true"}


def check_when(work: Work) -> str:
    """It runs on every pull request."""
    found = _workflow(work)
    if "pull_request_target" in found.events():
        raise Wrong("pull_request_target runs with the secrets of the target, on the code of whoever asks", stop=True)
    for branch, files in PULL_REQUESTS:
        if not found.runs_on_pull_request(branch, files):
            raise Wrong(f"it does not run on a pull request to {branch} that changes {', '.join(files)}", stop=True)
    return f"{len(PULL_REQUESTS)} pull requests"


def check_trust(work: Work) -> str:
    """Its actions cannot change, its token can only read, and it ends."""
    found, wrong = _workflow(work), []
    for job, action in found.uses():
        if not action.startswith("./") and not COMMIT.fullmatch(action):
            wrong.append(f"job {job}: {action} is no commit; whoever owns it can change what it does")
    common = found.document.get("permissions")
    for job, about in found.jobs.items():
        given = about.get("permissions", common)
        if not isinstance(given, dict):
            wrong.append(f"job {job}: its permissions are {given or 'not written down'}")
        elif any(right != "read" and right != "none" for right in given.values()) or set(given) - {"contents"}:
            wrong.append(f"job {job}: its token can do more than read contents")
        elif given.get("contents") != "read":
            wrong.append(f"job {job}: its token cannot read contents, and nothing can be checked out")
        minutes = about.get("timeout-minutes")
        if not isinstance(minutes, int) or minutes > MINUTES:
            wrong.append(f"job {job}: it may run {minutes or 360} minutes")
        if not about.get("runs-on"):
            wrong.append(f"job {job}: nothing says what it runs on")
        order = [name.split("@")[0] for where, name in found.uses() if where == job]
        if order[:1] != ["actions/checkout"] or "actions/setup-python" not in order:
            wrong.append(f"job {job}: it does not check out the repository and set up Python first")
    if wrong:
        raise Wrong("\n".join(wrong), stop=True)
    return f"{len(list(found.uses()))} actions, {len(found.jobs)} job"


def check_green(work: Work) -> str:
    """Its steps are green on the repository as it is."""
    began = time.perf_counter()
    green, said = _run(work, {})
    work.measure("the steps on the good project", time.perf_counter() - began, "s")
    if not green:
        raise Wrong(f"the repository is in order, and the workflow is red: {said}", stop=True)
    return f"{len(list(_workflow(work).steps()))} steps"


def check_red(work: Work) -> str:
    """Its steps are red when a model names a table that does not exist."""
    began = time.perf_counter()
    green, said = _run(work, {"transforms/models/revenue.sql": BROKEN})
    work.measure("the steps on the broken project", time.perf_counter() - began, "s")
    if green:
        raise Wrong("a model names orders_of_yesterday, which does not exist, and the workflow is green all the same")
    if "orders_of_yesterday" not in said:
        raise Wrong(f"the workflow is red for another reason than the broken model: {said}")
    return "dbt parse names the model"


def _workflow(work: Work) -> Workflow:
    return Workflow(work.read(FILE), FILE)


def _run(work: Work, changed: dict[str, str]) -> tuple[bool, str]:
    """Run the workflow in a copy of the repository with some files changed."""
    with tempfile.TemporaryDirectory(prefix="repository-") as place:
        repository = Path(place)
        shutil.copytree(
            work.workspace, repository, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data", "target", "logs")
        )
        for name, text in changed.items():
            (repository / name).write_text(text, encoding="utf-8")
        return _workflow(work).run(repository, work.environment | HARMLESS)
