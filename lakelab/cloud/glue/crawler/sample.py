"""The beginning of an object: as much as classifying it needs, decompressed."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow

SAMPLE_BYTES = 1 << 20  # of the decompressed content
SAMPLE_RECORDS = 2000

_COMPRESSIONS = {
    b"\x1f\x8b": ("gzip", "gzip"),
    b"BZh": ("bzip2", "bz2"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4"),
}


_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Sample:
    """The first bytes of an object.

    `compression` is the name that a table's `compressionType` has; `size` the stored bytes of the object. `whole` says
    that `head` is all there is; otherwise its last line may be cut.
    """

    path: Path
    size: int
    compression: str
    head: bytes
    whole: bool

    def text(self) -> str | None:
        """The head as text up to its last whole line, or None when it is binary.

        What is no UTF-8 is read as Latin-1: column names and types come out right all the same.
        """
        if b"\0" in self.head:
            return None
        head = self.head if self.whole else self.head[: self.head.rfind(b"\n") + 1]
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = head.decode("latin-1")
        controls = sum(char < " " and char not in "\t\n\r\f\x01" for char in text[:4096])
        return None if controls > 4096 // 100 else text


def take(path: Path) -> Sample:
    """Read the beginning of a file. Raises OSError for one that starts like a compressed file and cannot be
    read as one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        if start == _ZIP:
            head = _only_member(path)
            return Sample(path, size, "zip", head, len(head) < SAMPLE_BYTES)
        for magic, (name, codec) in _COMPRESSIONS.items():
            if start.startswith(magic):
                file.seek(0)
                head = _decompress(file, codec)
                return Sample(path, size, name, head, len(head) < SAMPLE_BYTES)
        head = start + file.read(SAMPLE_BYTES - len(start))
    return Sample(path, size, "none", head, len(head) == size)


def _decompress(file: object, codec: str) -> bytes:
    with pyarrow.CompressedInputStream(pyarrow.PythonFile(file, mode="r"), codec) as stream:
        return stream.read(SAMPLE_BYTES)


def _only_member(path: Path) -> bytes:
    """The beginning of the file in a ZIP archive: AWS's classifiers take archives of a single file only."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.namelist()) != 1:
                raise OSError(f"{path.name} is an archive of several files")
            with archive.open(archive.namelist()[0]) as member:
                return member.read(SAMPLE_BYTES)
    except zipfile.BadZipFile as error:
        raise OSError(str(error)) from error
