"""A Pulumi program in a folder of its own, deployed to the local AWS by the embedded engine."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from lakelab.cli.deploy import app
from lakelab.deploy import Event, Project, Result, Session, outputs
from lakelab.errors import LakelabError
from lakelab.testing import Cloud

HEAD = "import json\nimport pulumi\nimport pulumi_aws as aws\nfrom pulumi import ResourceOptions\n"


@dataclass
class Program:
    """A project whose program a test writes, and verbs on its stack."""

    folder: Path
    session: Session
    cloud: Cloud
    unique: str
    events: list[Event] = field(default_factory=list)

    def write(self, text: str, **constants: Any) -> Program:
        """The program's text; `UNIQUE` and the constants are names in it."""
        names = {"UNIQUE": self.unique, **constants}
        head = HEAD + "".join(f"{name} = {value!r}\n" for name, value in names.items())
        (self.folder / "__main__.py").write_text(head + textwrap.dedent(text))
        return self

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    @property
    def project(self) -> Project:
        return Project.load(self.folder)

    @property
    def backend(self) -> Path:
        return self.folder / ".lakelab" / "pulumi"

    def _verb(self, verb: str, stack: str, **how: Any) -> Result:
        self.events.clear()
        return getattr(self.session, verb)(
            self.project, stack, listener=self.events.append, backend=self.backend, **how
        )

    def preview(self, stack: str = "dev", **how: Any) -> Result:
        return self._verb("preview", stack, **how)

    def up(self, stack: str = "dev", **how: Any) -> Result:
        return self._verb("up", stack, **how)

    def refresh(self, stack: str = "dev", **how: Any) -> Result:
        return self._verb("refresh", stack, **how)

    def destroy(self, stack: str = "dev", **how: Any) -> Result:
        return self._verb("destroy", stack, **how)

    def outputs(self, stack: str = "dev", **how: Any) -> dict[str, Any]:
        return outputs(self.project, stack, backend=self.backend, **how)

    def said(self) -> list[str]:
        return [event.text for event in self.events if event.kind == "diagnostic"]

    def state_text(self, stack: str = "dev") -> str:
        return (self.backend / ".pulumi" / "stacks" / self.project.name / f"{stack}.json").read_text()

    def state(self, stack: str = "dev") -> list[dict[str, Any]]:
        return json.loads(self.state_text(stack))["checkpoint"]["latest"]["resources"]

    @staticmethod
    def op(result: Result, name: str) -> str:
        """What was done to the resource of this name."""
        return next(step.op for step in result.steps if step.name == name)

    @staticmethod
    def changes(result: Result, name: str) -> dict[str, tuple[Any, Any]]:
        """The changed paths of a resource with their old and new values."""
        step = next(step for step in result.steps if step.name == name)
        return {change.path: (change.old, change.new) for change in step.changes}

    def resource(self, name: str, stack: str = "dev") -> dict[str, Any]:
        return next(item for item in self.state(stack) if item["urn"].endswith(f"::{name}") and not item.get("delete"))


@pytest.fixture(scope="session")
def deploy_session(cloud: Cloud) -> Iterator[Session]:
    with Session(cloud.environment()) as session:
        yield session


@pytest.fixture
def program(tmp_path: Path, deploy_session: Session, cloud: Cloud) -> Iterator[Program]:
    """An empty project; whatever its stacks made is destroyed at the end."""
    unique = f"t{uuid4().hex[:10]}"
    (tmp_path / "Pulumi.yaml").write_text(f"name: {unique}\nruntime: python\n")
    made = Program(tmp_path, deploy_session, cloud, unique)
    made.write("")
    yield made
    stacks = made.backend / ".pulumi" / "stacks" / unique
    for file in stacks.glob("*.json") if stacks.is_dir() else ():
        for item in json.loads(file.read_text())["checkpoint"]["latest"]["resources"]:
            assert not item.get("protect"), "a test leaves no protected resource behind"
        made.destroy(file.stem)


@pytest.fixture
def run(program: Any, aws_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a verb on the program's stack; the text that it prints."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # without a pulumi CLI
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{program.backend}")

    def call(*arguments: str, code: int = 0, stdin: str = "") -> str:
        verb, *rest = arguments
        result = CliRunner().invoke(app, [verb, "-C", str(program.folder), "-s", "dev", *rest], input=stdin)
        if isinstance(result.exception, LakelabError):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return call
