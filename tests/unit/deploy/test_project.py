"""Pulumi.yaml and the configuration of stacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.deploy.project import Project, ProjectError, Setting


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def no_secret(ciphertext: str) -> str:
    return f"<{ciphertext}>"


def test_a_project_is_found_from_a_folder_in_it(tmp_path: Path) -> None:
    write(tmp_path, Pulumi_yaml="name: p\nruntime: {name: python, options: {virtualenv: .venv}}\nmain: stacks\n")
    (tmp_path / "stacks").mkdir()
    project = Project.load(tmp_path / "stacks")
    assert (project.name, project.root, project.python) == ("p", tmp_path, ".venv")
    assert project.program == project.working_folder == tmp_path / "stacks"


def test_a_program_in_a_file_runs_in_its_folder(tmp_path: Path) -> None:
    write(tmp_path, Pulumi_yaml="name: p\nruntime: python\nmain: app/run.py\n")
    project = Project.load(tmp_path)
    assert project.working_folder == tmp_path / "app"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name: p\nruntime: nodejs\n", "runtime 'nodejs' is not Python", id="other-language"),
        pytest.param("runtime: python\n", "the project has no name", id="no-name"),
        pytest.param("[1]", "holds no mapping", id="no-mapping"),
        pytest.param("a: [", "is not YAML", id="broken"),
    ],
)
def test_a_wrong_project(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        Project.load(write(tmp_path, Pulumi_yaml=text))


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no Pulumi\.yaml") as raised:
        Project.load(tmp_path)
    assert "-C DIR" in raised.value.fix


CONFIG = """
name: p
runtime: python
config:
  count: {type: integer, default: 3}
  enabled: {type: boolean, default: false}
  names: {type: array, items: {type: string}, default: [a]}
  token: {type: string, secret: true, default: t}
  plain: text
  "aws:region": us-east-1
"""


def test_defaults_values_and_secrets(tmp_path: Path) -> None:
    stack = "config:\n  p:count: 5\n  p:deep: {a: [{secure: c1}]}\n  other:key: {secure: c2}\n"
    project = Project.load(write(tmp_path, Pulumi_yaml=CONFIG, Pulumi_dev_yaml=stack))
    assert project.settings("dev", no_secret) == {
        "p:count": Setting("5"),
        "p:deep": Setting('{"a": ["<c1>"]}', secret=True),
        "other:key": Setting("<c2>", secret=True),
        "p:enabled": Setting("false"),
        "p:names": Setting('["a"]'),
        "p:token": Setting("t", secret=True),
        "p:plain": Setting("text"),
        "aws:region": Setting("us-east-1"),
    }


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        pytest.param("config: {p:count: soon}", "p:count must be of type integer, not 'soon'", id="no-integer"),
        pytest.param("config: {p:enabled: 3}", "p:enabled must be of type boolean, not '3'", id="no-boolean"),
        pytest.param("config: {p:names: {a: 1}}", "p:names must be of type array", id="no-array"),
    ],
)
def test_a_value_of_the_wrong_type(tmp_path: Path, stack: str, message: str) -> None:
    project = Project.load(write(tmp_path, Pulumi_yaml=CONFIG, Pulumi_dev_yaml=stack))
    with pytest.raises(ProjectError, match=message):
        project.settings("dev", no_secret)


def test_a_key_that_yaml_takes_for_a_boolean(tmp_path: Path) -> None:
    project = Project.load(write(tmp_path, Pulumi_yaml="name: p\nruntime: python\nconfig: {on: 1}\n"))
    with pytest.raises(ProjectError, match="the configuration key True is no text"):
        project.settings("dev", no_secret)


def test_a_declared_value_that_is_missing(tmp_path: Path) -> None:
    text = "name: p\nruntime: python\nconfig:\n  must: {type: string}\n"
    project = Project.load(write(tmp_path, Pulumi_yaml=text))
    with pytest.raises(ProjectError, match="p:must has no value and no default"):
        project.settings("dev", no_secret)
