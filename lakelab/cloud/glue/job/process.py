"""The process of one run: its files, arguments and environment, and how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lakelab.cloud.caller import Caller
from lakelab.cloud.objects import Objects, split_uri
from lakelab.cloud.wire import Params

LIBRARY = Path(__file__).parent / "library"
CHILD = Path(__file__).parent / "child.py"
POLL_SECONDS = 0.05
KILL_SECONDS = 5.0
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SYSTEMROOT")


@dataclass(frozen=True)
class Ending:
    """How a process ended, and what it wrote."""

    state: Literal["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"]
    error: str | None
    output: list[str]
    errors: list[str]


def resolve_arguments(job: Params, run: Params) -> dict[str, str]:
    """The arguments of a run: the job's defaults, over them the run's own, over all those that cannot be overridden."""
    return {**job.get("DefaultArguments", {}), **run.get("Arguments", {}), **job.get("NonOverridableArguments", {})}


def run_script(
    folder: Path,
    script: str,
    arguments: Mapping[str, str],
    role: Caller,
    objects: Objects,
    *,
    seconds: float,
    stopped: Callable[[], bool],
) -> Ending:
    """Run a script to its end.

    Args:
        folder: a private folder, which becomes the working directory.
        script: the S3 location of the script.
        seconds: after which it is killed, and the ending is TIMEOUT.
        stopped: asked while it runs; when true, it is killed and the ending is STOPPED.

    Raises:
        AwsError: the role cannot read the script or one of its files.
        ValueError: a location is no S3 location.
    """
    path = _fetch(objects, script, folder)
    libraries = [
        _fetch(objects, location.strip(), folder / "lib")
        for location in arguments.get("--extra-py-files", "").split(",")
        if location.strip()
    ]
    command = [
        sys.executable,
        "-u",
        str(CHILD),
        str(path),
        *(part for pair in arguments.items() for part in pair if part),
    ]
    stdout, stderr = folder / "stdout", folder / "stderr"
    with stdout.open("wb") as output, stderr.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(role, libraries),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        state = _wait(process, time.monotonic() + seconds, stopped)
    error_lines = _lines(stderr)
    error = None
    if state == "FAILED":
        trace = any(line.startswith("Traceback ") for line in error_lines)
        error = error_lines[-1] if trace else f"Command failed with exit code {process.returncode}"
    return Ending(state, error, _lines(stdout), error_lines)


def _fetch(objects: Objects, location: str, folder: Path) -> Path:
    bucket, key = split_uri(location)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(key).name
    path.write_bytes(objects.read(bucket, key))
    return path


def _environment(role: Caller, libraries: list[Path]) -> dict[str, str]:
    """Credentials of the role, the endpoint of the local AWS, and nothing of this server's own variables."""
    paths = {str(path if path.suffix in (".zip", ".whl", ".egg") else path.parent): None for path in libraries}
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "AWS_ENDPOINT_URL": role.client("s3").meta.endpoint_url,
        "AWS_REGION": role.region,
        "AWS_DEFAULT_REGION": role.region,
        "AWS_ACCESS_KEY_ID": role.credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": role.credentials.secret_key,
        **({"AWS_SESSION_TOKEN": role.credentials.session_token} if role.credentials.session_token else {}),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": os.pathsep.join([*paths, str(LIBRARY)]),
    }


def _wait(
    process: subprocess.Popen[bytes], deadline: float, stopped: Callable[[], bool]
) -> Literal["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"]:
    while process.poll() is None:
        if time.monotonic() > deadline:
            _kill(process)
            return "TIMEOUT"
        if stopped():
            _kill(process)
            return "STOPPED"
        time.sleep(POLL_SECONDS)
    return "SUCCEEDED" if process.returncode == 0 else "FAILED"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it has started: it leads a process group of its own."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(KILL_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", errors="replace").splitlines()
