"""Local copies of the objects of a core that keeps them elsewhere, found again by their ETags."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

LARGEST_SHARE = 0.25  # of the free disk, for all copies of a folder
IN_USE_SECONDS = 900.0  # no query reads longer
CHUNK_BYTES = 1 << 20


class Copies:
    """A folder of copies; what has not been asked for the longest goes when they fill too much of the disk."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._looked = 0.0

    def file(self, s3: Any, bucket: str, key: str, etag: str | None = None) -> Path:
        """A file with the bytes of an object, fetched unless there is a copy of this very version.

        Args:
            s3: a boto3 client.
            etag: as a listing gave it, without quotes; without one it is asked for.

        Raises:
            ClientError: the object is not there, or may not be read.
        """
        version = etag or s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
        copy = self._folder / hashlib.sha256(f"{bucket}/{key} {version}".encode()).hexdigest()
        with suppress(FileNotFoundError):
            os.utime(copy)
            return copy
        try:
            self._fetch(s3, bucket, key, version, copy)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in ("PreconditionFailed", "412"):
                raise
            return self.file(s3, bucket, key)  # it was written anew just now
        return copy

    def _fetch(self, s3: Any, bucket: str, key: str, version: str, copy: Path) -> None:
        body = s3.get_object(Bucket=bucket, Key=key, IfMatch=version)["Body"]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room()
        number, partial = tempfile.mkstemp(dir=self._folder, suffix=".partial")
        try:
            with os.fdopen(number, "wb") as file:
                shutil.copyfileobj(body, file, CHUNK_BYTES)
            Path(partial).replace(copy)  # two at a time fetch the same bytes, and either may win
        finally:
            Path(partial).unlink(missing_ok=True)

    def _make_room(self) -> None:
        if time.monotonic() - self._looked < 10:
            return
        self._looked = time.monotonic()
        copies = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                copies.append((path.stat(), path))
        used = sum(found.st_size for found, _ in copies)
        allowed = (shutil.disk_usage(self._folder).free + used) * LARGEST_SHARE
        for found, path in sorted(copies, key=lambda pair: pair[0].st_mtime):
            if used <= allowed or time.time() - found.st_mtime < IN_USE_SECONDS:
                return
            path.unlink(missing_ok=True)
            used -= found.st_size
