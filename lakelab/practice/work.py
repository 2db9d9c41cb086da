"""What a checker is given: the learner's work, and the means to run it. `Wrong` is how a checker says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from lakelab.cloud.environment import client, environment
from lakelab.practice import modules
from lakelab.practice.postgres import Postgres
from lakelab.settings import Settings

RUN_SECONDS = 60
LAST_LINES = 12


class Wrong(Exception):
    """The work is not right yet. The message says what was found and what was asked, and does not give the answer.

    Args:
        message: for the learner; it names the file, the row or the call.
        stop: the checks that follow make no sense after this one, and are left out.
    """

    def __init__(self, message: str, *, stop: bool = False):
        super().__init__(message)
        self.message = message
        self.stop = stop


@dataclass
class Measure:
    """A figure that was measured on this machine."""

    label: str
    value: float
    unit: str


@dataclass
class Work:
    """The learner's work on one exercise.

    `workspace` holds the work, `data` what `prepare` made, `size` is "small" in CI and "full" for a learner.
    `cleanup` is an ExitStack that is closed after the last check, whatever its outcome.
    """

    config: Settings
    name: str
    workspace: Path
    data: Path
    cleanup: ExitStack = field(default_factory=ExitStack)
    measures: list[Measure] = field(default_factory=list)

    @property
    def size(self) -> Literal["small", "full"]:
        return self.config.lab_size

    # the files

    def path(self, name: str) -> Path:
        """A file of the work.

        Raises:
            Wrong: it is not there.
        """
        file = self.workspace / name
        if not file.exists():
            raise Wrong(f"{name} is missing in {self.workspace}; the skeleton has one: lakelab lab --fresh")
        return file

    def read(self, name: str) -> str:
        """The text of a file of the work."""
        return self.path(name).read_text(encoding="utf-8")

    # running it

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Whatever goes wrong inside is the work's fault: `name` failed, and this is what it said."""
        try:
            yield
        except Wrong:
            raise
        except NotImplementedError as error:
            raise Wrong(f"{name} is still to be written{self._place(error)}") from error
        except Exception as error:
            raise Wrong(f"{name} failed{self._place(error)}: {type(error).__name__}: {error}") from error
        except SystemExit as error:
            raise Wrong(f"{name} ended the whole program with sys.exit({error.code})") from error

    def module(self, name: str) -> ModuleType:
        """A Python file of the work, imported anew.

        Raises:
            Wrong: it is missing, or importing it fails.
        """
        file = self.path(name)
        with self.running(name):
            return modules.load(file, f"work_{file.stem}")

    def call(self, name: str, function: str, *arguments: Any, **named: Any) -> Any:
        """What a function of a Python file of the work returns.

        Raises:
            Wrong: the file or the function is missing, or it raises.
        """
        found = getattr(self.module(name), function, None)
        if not callable(found):
            raise Wrong(f"{name} has no function {function}()")
        with self.running(f"{function}() in {name}"):
            return found(*arguments, **named)

    def run(self, *command: str, seconds: float = RUN_SECONDS, ok: bool = True, **variables: str) -> str:
        """What a command prints, run in the workspace; `python`, `dbt`, `aws` are those of this environment.

        Args:
            ok: an exit code other than 0 is wrong; else only what was printed matters.
            variables: further environment variables.

        Raises:
            Wrong: it failed, or did not end in time.
        """
        shown = " ".join(command)
        try:
            done = subprocess.run(
                command,
                cwd=self.workspace,
                env=self.environment | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Wrong(f"`{shown}` did not end within {seconds:g} s") from error
        if ok and done.returncode:
            last = "\n".join(done.stdout.strip().splitlines()[-LAST_LINES:])
            raise Wrong(f"`{shown}` ended with exit code {done.returncode}:\n{last}")
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """This process's variables with those of the local AWS in place of its own AWS_* ones, and our tools first."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
        return kept | environment(self.config) | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    # what it was measured by

    def measure(self, label: str, value: float, unit: str) -> float:
        """Show and keep a figure measured on this machine; gives it back."""
        self.measures.append(Measure(label, float(value), unit))
        return value

    # the local AWS, with `needs: [cloud]`

    def client(self, service: str) -> Any:
        """A boto3 client of the local AWS as its root user."""
        return client(self.config, service)

    def bucket(self, label: str = "lake") -> str:
        """A bucket of this exercise, empty: what an earlier check left in it is deleted."""
        name, s3 = f"lab-{self.name}-{label}", self.client("s3")
        if name in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
            self.empty(name)
        else:
            s3.create_bucket(Bucket=name)
        return name

    def empty(self, bucket: str) -> None:
        """Delete all versions of all objects in a bucket."""
        s3 = self.client("s3")
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})

    def database(self) -> str:
        """The Glue database of this exercise, empty."""
        name, glue = f"lab_{self.name.replace('-', '_')}", self.client("glue")
        if name in (
            each["Name"] for page in glue.get_paginator("get_databases").paginate() for each in page["DatabaseList"]
        ):
            glue.delete_database(Name=name)
        glue.create_database(DatabaseInput={"Name": name})
        return name

    def athena(self, sql: str, database: str = "default") -> Any:
        """Run one statement on the local Athena: `rows` (as text), `columns`, `types`, `scanned_bytes`, `seconds`.

        Raises:
            lakelab.pipeline.athena.QueryFailed: it failed; inside of `running` that is the work's fault.
        """
        from lakelab.pipeline import athena

        return athena.run(self.client("athena"), sql, database=database, workgroup=self._workgroup)

    @cached_property
    def _workgroup(self) -> str:
        service, name = self.client("athena"), f"lab-{self.name}"
        try:
            service.get_work_group(WorkGroup=name)
        except service.exceptions.InvalidRequestException:  # there is none
            output = {"OutputLocation": f"s3://{self.bucket('results')}/"}
            service.create_work_group(
                Name=name, Configuration={"ResultConfiguration": output, "EnforceWorkGroupConfiguration": False}
            )
        return name

    # the stacks, with `needs: [pipeline]`

    def output(self, layer: str, name: str) -> Any:
        """An output of a deployed stack, as `work.output("lake", "raw_bucket")`."""
        from lakelab.pipeline.deployment import Stacks

        return Stacks(self.config, "local").output(layer, name)

    # PostgreSQL, with `needs: [postgres]`

    def postgres(self) -> str:
        """The URI of the PostgreSQL database of this exercise, emptied, for `psycopg.connect`."""
        return Postgres(self.config).database(self.name, fresh=True)

    def _place(self, error: BaseException) -> str:
        """Where in the learner's files it happened."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            file = Path(frame.filename)
            if file.is_relative_to(self.workspace):
                return f" at {file.relative_to(self.workspace)} line {frame.lineno}"
        return ""
