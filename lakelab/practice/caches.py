"""Cold caches: forgets what the operating system holds of files, so that the next read comes from the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def forget(files: Iterable[Path]) -> bool:
    """Drop the pages of files from the cache of the operating system; False where it has no call for that (macOS).

    https://man7.org/linux/man-pages/man2/posix_fadvise.2.html: pages not yet written are kept, hence the fsync.
    """
    if not hasattr(os, "posix_fadvise"):
        return False
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return True
