"""What the operating system holds processes to: a child ends with its parent, memory has a limit, a port one owner."""

from __future__ import annotations

import ctypes
import signal
import socket
import sys

import psutil

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """For `subprocess.Popen(preexec_fn=…)`: the child gets SIGTERM when its parent dies, even by kill -9.

    Only Linux has this; elsewhere the child runs on to its own end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def limit_memory(share: float) -> None:
    """Let this process, and each of its children, hold at most this share of the machine's memory.

    What asks for more gets an error. Without a limit the system would end a process of its own choice, and some
    functions of DuckDB allocate past its memory limit. Only Linux counts memory in this way.
    """
    if sys.platform == "linux":
        import resource

        limit = int(psutil.virtual_memory().total * share)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def holder_of(port: int) -> str | None:
    """The process that listens on a port of this machine, for people; None when none does."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:] == (port,):
            return _described(connection.pid)
    return None


def _described(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"process {pid} ({' '.join(psutil.Process(pid).cmdline())[:80]})"
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return f"process {pid}"
