"""Files that are imported by their path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lakelab.practice import modules


@pytest.fixture(autouse=True)
def path_as_it_was(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def test_a_file_is_imported_anew_each_time(tmp_path: Path):
    file = tmp_path / "answer.py"
    file.write_text("value = 1\n")
    first = modules.load(file, "work_answer")
    file.write_text("value = 22\n")
    assert (first.value, modules.load(file, "work_answer").value) == (1, 22)


def test_a_dataclass_with_postponed_annotations_finds_its_module(tmp_path: Path):
    file = tmp_path / "answer.py"
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass One:\n    a: int\n"
    )
    assert modules.load(file, "work_answer").One(3).a == 3


def test_a_module_beside_it_can_be_imported(tmp_path: Path):
    (tmp_path / "beside_the_answer.py").write_text("value = 5\n")
    file = tmp_path / "answer.py"
    file.write_text("from beside_the_answer import value\n")
    assert modules.load(file, "work_answer").value == 5
