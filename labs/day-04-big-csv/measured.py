"""Runs one function of the work in this process and prints its result, its seconds and the peak of its memory.

It is a process of its own so that the memory is that of one function. Linux' ru_maxrss would do for it, but after a
fork it begins with the memory of the parent: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html (VmHWM).
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

import answer  # the work's: its folder is on PYTHONPATH


def peak_bytes() -> int:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts in bytes


def main() -> None:
    """`python measured.py <result file> <function> <argument>...`; an argument of digits is a number, else a path."""
    result_file, function, *words = sys.argv[1:]
    arguments = [int(word) if word.isdigit() else Path(word) for word in words]
    began = time.perf_counter()
    result = getattr(answer, function)(*arguments)
    facts = {"result": result, "seconds": time.perf_counter() - began, "peak": peak_bytes()}
    Path(result_file).write_text(json.dumps(facts, default=str))


if __name__ == "__main__":
    main()
