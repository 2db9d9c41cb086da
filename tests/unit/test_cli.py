"""The command line as a whole: its generated page, its errors, its help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakelab.cli import reference

LAKELAB = Path(sys.executable).parent / "lakelab"


def lakelab(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAKELAB_")}
    return subprocess.run([str(LAKELAB), *arguments], env=kept | environment, capture_output=True, text=True)


def test_the_page_of_the_commands_is_up_to_date():
    assert reference.PAGE.read_text() == reference.page(), "run make docs"


def test_a_mistyped_setting_stops_every_command_with_the_fix():
    done = lakelab("cloud", "status", LAKELAB_PROT="1")
    assert done.returncode == 1
    assert "unknown setting LAKELAB_PROT" in done.stderr
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["cloud", "--help"], ["deploy", "up", "--help"]])
def test_help_teaches(arguments: list[str]):
    done = lakelab(*arguments)
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_an_unknown_command_is_an_error():
    assert lakelab("fly").returncode == 2


def test_status_says_that_nothing_runs(tmp_path: Path):
    done = lakelab("cloud", "status", "--json", LAKELAB_STATE=str(tmp_path), LAKELAB_PORT="4599")
    assert done.returncode == 1
    assert '"running": false' in done.stdout
