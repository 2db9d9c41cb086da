"""Child processes that do not outlive their parent, however it ends."""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """For `subprocess.Popen(preexec_fn=…)`: the child gets SIGTERM when its parent dies, even by kill -9.

    Only Linux has this; elsewhere the child runs on to its own end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
