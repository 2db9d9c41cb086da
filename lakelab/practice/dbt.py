"""The dbt project of the work, run in the checker's process: a command takes a second there, and five as a process."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from lakelab.practice.work import Work, Wrong

SAID = 600  # characters of what dbt says of a node that failed


@dataclass(frozen=True)
class Node:
    """What became of one node of a run. `failures` are the rows that a test found."""

    name: str
    kind: str  # model, test, unit_test, seed, snapshot …
    status: str  # success, error, fail, pass, warn, skipped
    message: str
    failures: int
    test: str = ""  # the generic test, as `unique`
    model: str = ""  # the model, seed or source that a generic test is of
    column: str = ""  # and the column

    @property
    def failed(self) -> bool:
        return self.status in ("error", "fail")


class Project:
    """A dbt project on DuckDB in a folder of the work, with its profiles.yml beside its dbt_project.yml.

    `database` is the file that the profile names. Relative paths are relative to the project's folder.
    """

    def __init__(self, work: Work, folder: str = ".", *, database: str = "shop.duckdb"):
        work.path(f"{folder}/dbt_project.yml")
        self.folder = (work.workspace / folder).resolve()
        self._work = work
        self._database = self.folder / database

    def dbt(self, *command: str, ok: bool = True, variables: Mapping[str, Any] | None = None) -> list[Node]:
        """What became of the nodes of a dbt command, as `dbt("build", "--select", "orders+")`.

        Args:
            ok: nodes that fail are the work's fault; else they are given back as all others. That dbt cannot run at
                all, as when the project does not parse, is the work's fault in any case.
            variables: for `--vars`.

        Raises:
            Wrong: it failed, with what dbt said.
        """
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        shown = " ".join(("dbt", *command))
        settings = ["--no-send-anonymous-usage-stats", "--no-use-colors"]
        places = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        given = ["--vars", json.dumps(variables)] if variables else []
        logs = ["--log-path", str(self.folder / "logs")]
        with contextlib.chdir(self.folder):
            done = dbtRunner().invoke([*settings, *logs, *command, *places, *given])
        DuckDBConnectionManager.close_all_connections()
        self.__dict__.pop("manifest", None)
        nodes = [_node(result) for result in getattr(done.result, "results", ())]
        failed = [node for node in nodes if node.failed]
        if done.exception is not None or (not done.success and not nodes):
            raise Wrong(f"`{shown}` cannot run: {str(done.exception or done.result)[:SAID]}", stop=True)
        if ok and failed:
            said = "\n".join(f"{node.kind} {node.name}: {node.status}: {node.message}" for node in failed[:5])
            raise Wrong(f"`{shown}` failed:\n{said}")
        return nodes

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json as the last command has written it."""
        return json.loads((self.folder / "target" / "manifest.json").read_text(encoding="utf-8"))

    def node(self, name: str) -> dict[str, Any]:
        """A model, seed or snapshot of the manifest.

        Raises:
            Wrong: there is none of that name.
        """
        for node in self.manifest["nodes"].values():
            if node["name"] == name and node["resource_type"] in ("model", "seed", "snapshot"):
                return node
        raise Wrong(f"the project has no model {name}")

    def parents(self, name: str) -> list[str]:
        """What a model reads by ref() and source(), sorted: models by name, sources as `source.table`."""
        return sorted(_short(parent) for parent in self.node(name)["depends_on"]["nodes"])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on what has been built.

        Raises:
            Wrong: it cannot be run, as there is no such table or column.
        """
        with duckdb.connect(str(self._database)) as connection:
            try:
                return connection.execute(sql).fetchall()
            except duckdb.Error as error:
                raise Wrong(f"`{sql}` on what dbt has built: {error}") from error

    def copy(self) -> Project:
        """A copy of the project that can be changed, with nothing built; it is removed after the last check."""
        place = self._work.cleanup.enter_context(tempfile.TemporaryDirectory())
        left_out = shutil.ignore_patterns("target", "logs", f"{self._database.name}*")
        folder = shutil.copytree(self.folder, Path(place) / "project", symlinks=True, ignore=left_out)
        return Project(self._work, str(folder), database=self._database.name)

    def clear(self) -> None:
        """Delete what has been built, so that a run begins with nothing."""
        for file in (self._database, Path(f"{self._database}.wal")):
            file.unlink(missing_ok=True)


def _node(result: Any) -> Node:
    node = result.node
    about = getattr(node, "test_metadata", None)
    attached = getattr(node, "attached_node", None) or next(iter(node.depends_on.nodes), "")
    return Node(
        name=node.name,
        kind=str(node.resource_type),
        status=str(result.status),
        message=" ".join((result.message or "").split())[:SAID],
        failures=result.failures or 0,
        test=about.name if about else "",
        model=_short(attached) if about else "",
        column=getattr(node, "column_name", None) or "",
    )


def _short(unique_id: str) -> str:
    parts = unique_id.split(".")
    return ".".join(parts[2:])
