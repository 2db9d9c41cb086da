"""Files whose pages are forgotten are read back from the disk, unchanged."""

from __future__ import annotations

import ctypes
import mmap
import sys
from pathlib import Path

import psutil
import pytest

from lakelab.practice import caches

SIZE = 64 * mmap.PAGESIZE


def cached_pages(file: Path) -> int:
    """How many pages of a file the system holds: https://man7.org/linux/man-pages/man2/mincore.2.html."""
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), SIZE) as mapped:
        found = (ctypes.c_ubyte * (SIZE // mmap.PAGESIZE))()
        start = ctypes.c_char.from_buffer(mapped)
        ctypes.CDLL(None).mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(SIZE), found)
        del start
    return sum(page & 1 for page in found)


def kind_of_disk(folder: Path) -> str:
    """The file system that a folder is on."""
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what it holds of a file, and forgets it")
def test_the_pages_of_a_file_are_forgotten(tmp_path: Path):
    if kind_of_disk(tmp_path) in ("tmpfs", "ramfs"):
        pytest.skip("the folder for temporary files is in memory, which nothing can forget")
    file = tmp_path / "data"
    file.write_bytes(b"x" * SIZE)
    assert cached_pages(file) == SIZE // mmap.PAGESIZE
    assert caches.forget([file])
    assert cached_pages(file) == 0
    assert file.read_bytes() == b"x" * SIZE
