"""Starting a Streamlit app: what is missing or ends is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lakelab.errors import LakelabError
from lakelab.pipeline import dashboard
from lakelab.pipeline.dashboard import Dashboard, NotServed
from lakelab.processes import free_port
from lakelab.settings import Settings


def test_without_the_local_aws_there_is_no_dashboard(tmp_path: Path):
    with pytest.raises(LakelabError) as caught:
        Dashboard(Settings(root=tmp_path, state=tmp_path, port=free_port())).start(free_port())
    assert (caught.value.message, caught.value.fix) == ("the local AWS does not run", "make up-local")


def test_without_streamlit_the_fix_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(dashboard, "find_spec", lambda name: None)
    with pytest.raises(LakelabError) as caught:
        dashboard.start_app(tmp_path / "app.py", free_port(), {})
    assert (caught.value.message, caught.value.fix) == ("Streamlit is not installed", "make dashboard installs it")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        pytest.param("raise SystemExit(3)", "the app ended with exit code 3", id="it ends"),
        pytest.param("import time; time.sleep(60)", "the app does not answer on", id="it hangs"),
    ],
)
def test_an_app_that_does_not_answer_is_told(program: str, message: str):
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        with pytest.raises(NotServed, match=message):
            dashboard.wait_for_app(process, free_port(), seconds=0.5 if "sleep" in program else 20)
    finally:
        process.kill()
        process.wait()
