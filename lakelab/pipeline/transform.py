"""Run dbt on the transforms, and read what it did from its own results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakelab.errors import LakelabError
from lakelab.processes import end_with_parent


class TransformFailed(LakelabError):
    """dbt ended with an error: a model did not build or a test failed."""


@dataclass(frozen=True)
class Built:
    """How many nodes of each resource type (`model`, `seed`, `test`, `unit_test` …) dbt has run."""

    nodes: Mapping[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{count} {kind.replace('_', ' ')}s" for kind, count in sorted(self.nodes.items()))


def build(
    project: Path,
    output: Path,
    environment: Mapping[str, str],
    progress: Callable[[str], None],
    *,
    exclude: Sequence[str] = (),
) -> Built:
    """`dbt build` of `project` with the variables of `environment`; dbt's artifacts and log go to `output`.

    Args:
        exclude: what is not built, as dbt's node selection has it: `tag:rides`.

    Raises:
        TransformFailed: with the messages of the nodes that failed.
    """
    dbt = [sys.executable, "-m", "lakelab.pipeline.dbt"]
    command = [*dbt, "--log-format", "json", "--no-use-colors", "build", "--project-dir", str(project)]
    folders = ["--profiles-dir", str(project), "--target-path", str(output), "--log-path", str(output)]
    process = subprocess.Popen(
        [*command, *folders, "--target", "local", *(("--exclude", *exclude) if exclude else ())],
        env={**os.environ, **environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        preexec_fn=end_with_parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        for line in process.stdout or ():
            name, message = _event(line)
            said.append(message)
            if name in ("LogStartLine", "LogModelResult", "LogTestResult", "LogSeedResult"):
                progress(message)
        code = process.wait()
    finally:
        process.kill()
        process.wait()
    if code != 0:
        raise TransformFailed(
            "dbt build failed:\n" + "\n".join(said[-25:]),
            fix='correct the model, then: eval "$(.venv/bin/lakelab env)"; cd transforms; ../.venv/bin/dbt build',
        )
    results = json.loads((output / "run_results.json").read_text())["results"]
    kinds = Counter(result["unique_id"].partition(".")[0] for result in results)
    del kinds["operation"]  # hooks: no nodes of the graph
    return Built(kinds)


def is_built(output: Path) -> bool:
    """Whether the last `dbt build` into `output` went through, every node of it."""
    try:
        results = json.loads((output / "run_results.json").read_text())["results"]
    except (OSError, ValueError):
        return False
    return bool(results) and all(result["status"] in ("success", "pass", "warn") for result in results)


def _event(line: str) -> tuple[str, str]:
    try:
        info = json.loads(line)["info"]
    except (ValueError, KeyError, TypeError):
        return "", line.rstrip()
    return info["name"], info["msg"]
