from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.glue.job.process import CHILD, Ending, resolve_arguments, run_script


def run(folder: Path, files: dict[str, bytes], arguments: dict[str, str] | None = None, **options: Any) -> Ending:
    client = SimpleNamespace(meta=SimpleNamespace(endpoint_url="http://127.0.0.1:1"))
    core: Any = SimpleNamespace(client=lambda service, caller: client)
    role = Caller(
        "000000000000", "us-east-1", "arn:aws:sts::000000000000:x", Credentials("key", "secret", "token"), core
    )
    objects: Any = SimpleNamespace(read=lambda bucket, key: files[key])
    given: dict[str, Any] = {"seconds": 20, "stopped": lambda: False, **options}
    return run_script(folder, "s3://bucket/script.py", arguments or {}, role, objects, **given)


def test_what_a_script_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKELAB_SECRET", "of the server")
    script = b"""
import os, sys, helper
print(sys.argv[1:], os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_SESSION_TOKEN"], "LAKELAB_SECRET" in os.environ)
print(os.getcwd() == os.path.dirname(os.path.abspath(__file__)), helper.name, __name__)
"""
    arguments = {"--extra-py-files": "s3://bucket/helper.py", "--flag": "", "--day": "2024-01-01"}
    ending = run(tmp_path, {"script.py": script, "helper.py": b"name = 'helped'"}, arguments)
    assert (ending.state, ending.error, ending.errors) == ("SUCCEEDED", None, [])
    argv = ["--extra-py-files", "s3://bucket/helper.py", "--flag", "--day", "2024-01-01"]
    assert ending.output == [f"{argv} http://127.0.0.1:1 token False", "True helped __main__"]


def test_a_run_past_its_time_is_killed_with_its_children(tmp_path: Path) -> None:
    script = b"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid)
time.sleep(60)
"""
    ending = run(tmp_path, {"script.py": script}, seconds=1)
    assert (ending.state, ending.error) == ("TIMEOUT", None)
    assert gone(int(ending.output[0]))


def test_a_stopped_run_is_killed_though_it_resists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakelab.cloud.glue.job.process.KILL_SECONDS", 0.2)
    script = b"import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('ready', 'w')\ntime.sleep(60)\n"
    ending = run(tmp_path, {"script.py": script}, stopped=(tmp_path / "ready").exists)
    assert ending.state == "STOPPED"


def test_a_run_ends_with_its_server(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    server = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, {str(CHILD)!r}, {str(tmp_path / 'script.py')!r}],"
        " stdin=subprocess.PIPE, start_new_session=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert gone(child)


def gone(pid: int) -> bool:
    """Whether a process has ended, within some seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_arguments_of_the_run_come_before_the_jobs_defaults() -> None:
    job = {"DefaultArguments": {"--a": "1", "--b": "1", "--c": "1"}, "NonOverridableArguments": {"--c": "3"}}
    assert resolve_arguments(job, {"Arguments": {"--b": "2", "--c": "2"}}) == {"--a": "1", "--b": "2", "--c": "3"}
