"""A Pulumi project on disk: Pulumi.yaml, its typed configuration, and the Pulumi.<stack>.yaml of each stack.

https://www.pulumi.com/docs/reference/pulumi-yaml/ and https://www.pulumi.com/docs/concepts/config/
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lakelab.errors import LakelabError

Decrypt = Callable[[str], str]


class ProjectError(LakelabError):
    """Pulumi.yaml or a stack's configuration is missing or wrong."""


@dataclass(frozen=True)
class Setting:
    """One configuration value as the program gets it: text, or JSON text for lists and objects."""

    value: str
    secret: bool = False


@dataclass(frozen=True)
class Project:
    """A Pulumi project: one Python program, deployed as several stacks."""

    name: str
    root: Path
    main: str
    python: str | None  # the virtual environment that the project names, or None for ours
    config: dict[str, Any] = field(repr=False)
    stack_config_folder: Path

    @staticmethod
    def load(folder: Path) -> Project:
        """Reads the project of a folder (or of the nearest folder above it).

        Raises:
            ProjectError: there is no Pulumi.yaml, or it is not a Python project.
        """
        start = folder.resolve()
        file = next(
            (f for d in (start, *start.parents) for f in [d / "Pulumi.yaml", d / "Pulumi.yml"] if f.is_file()), None
        )
        if file is None:
            raise ProjectError(f"no Pulumi.yaml in {start} or above it", fix="name a Pulumi project with -C DIR")
        document = _yaml(file)
        runtime = document.get("runtime")
        runtime_name, options = (runtime, {}) if isinstance(runtime, str) else _runtime(runtime)
        if runtime_name != "python":
            raise ProjectError(
                f"{file}: runtime {runtime_name!r} is not Python", fix="the embedded engine runs Python programs"
            )
        if not document.get("name"):
            raise ProjectError(f"{file}: the project has no name", fix="add `name: ...`")
        root = file.parent
        return Project(
            name=document["name"],
            root=root,
            main=document.get("main") or ".",
            python=options.get("virtualenv"),
            config=document.get("config") or {},
            stack_config_folder=root / (document.get("stackConfigDir") or "."),
        )

    @property
    def program(self) -> Path:
        """The program: a folder with a __main__.py, or a Python file."""
        return (self.root / self.main).resolve()

    @property
    def working_folder(self) -> Path:
        """Where the program runs; relative paths in it start here."""
        return self.program if self.program.is_dir() else self.program.parent

    def stack_file(self, stack: str) -> Path:
        return self.stack_config_folder / f"Pulumi.{stack}.yaml"

    def encryption_salt(self, stack: str) -> str | None:
        """The salt that `pulumi stack init` wrote for the stack's secrets, if it did."""
        return self._stack_document(stack).get("encryptionsalt")

    def _stack_document(self, stack: str) -> dict[str, Any]:
        file = self.stack_file(stack)
        return _yaml(file) if file.is_file() else {}

    def plain(self, stack: str, name: str) -> Any:
        """One setting as it is written, the stack's own or the project's default; None when there is none."""
        wanted = self._full_key(name)
        for key, value in (self._stack_document(stack).get("config") or {}).items():
            if self._full_key(key) == wanted:
                return value
        declaration = {self._full_key(key): value for key, value in self.config.items()}.get(wanted)
        if isinstance(declaration, dict):
            return declaration.get("value", declaration.get("default"))
        return declaration

    def settings(self, stack: str, decrypt: Decrypt) -> dict[str, Setting]:
        """All configuration of a stack by full key (`project:name`), defaults of Pulumi.yaml included.

        Raises:
            ProjectError: a value has the wrong type, or a declared one without a default is missing.
        """
        found: dict[str, Setting] = {}
        given = {self._full_key(key): value for key, value in (self._stack_document(stack).get("config") or {}).items()}
        declared = {self._full_key(key): value for key, value in self.config.items()}
        for key, value in given.items():
            found[key] = _setting(value, decrypt)
        for key, declaration in declared.items():
            self._apply(key, declaration, found, stack)
        return found

    def _full_key(self, key: Any) -> str:
        if not isinstance(key, str):
            raise ProjectError(f"the configuration key {key!r} is no text", fix="put it in quotes")
        return key if ":" in key else f"{self.name}:{key}"

    def _apply(self, key: str, declaration: Any, found: dict[str, Setting], stack: str) -> None:
        """Gives a declared setting its default, and checks the type of what it has."""
        described = isinstance(declaration, dict) and {
            "type",
            "default",
            "value",
            "description",
            "secret",
            "items",
        } & set(declaration)
        if not described:
            found.setdefault(key, Setting(_text(declaration)))
            return
        default = declaration.get("value", declaration.get("default"))
        if key not in found:
            if default is None:
                fix = f"set it in {self.stack_file(stack).name} under `config:`"
                raise ProjectError(f"stack {stack}: the configuration {key} has no value and no default", fix=fix)
            found[key] = Setting(_text(default), bool(declaration.get("secret")))
        elif declaration.get("secret"):
            found[key] = Setting(found[key].value, secret=True)
        kind = declaration.get("type")
        if kind and not _is_of_type(found[key].value, kind):
            shown = "[secret]" if found[key].secret else found[key].value
            raise ProjectError(f"stack {stack}: the configuration {key} must be of type {kind}, not {shown!r}")


def _runtime(runtime: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(runtime, dict):
        return str(runtime), {}
    return runtime.get("name", ""), runtime.get("options") or {}


def _yaml(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProjectError(f"{file} is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ProjectError(f"{file} holds no mapping", fix="see https://www.pulumi.com/docs/reference/pulumi-yaml/")
    return document


def _setting(value: Any, decrypt: Decrypt) -> Setting:
    secret = False

    def open_secure(item: Any) -> Any:
        nonlocal secret
        if isinstance(item, dict):
            if set(item) == {"secure"} and isinstance(item["secure"], str):
                secret = True
                return decrypt(item["secure"])
            return {key: open_secure(inner) for key, inner in item.items()}
        return [open_secure(inner) for inner in item] if isinstance(item, list) else item

    opened = open_secure(value)
    return Setting(_text(opened), secret)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _is_of_type(text: str, kind: str) -> bool:
    if kind == "string":
        return True
    try:
        value = json.loads(text)
    except ValueError:
        return False
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"boolean": bool, "array": list, "object": dict}.get(kind, object))
