"""pyiceberg's files as S3 objects, read and written with one caller's permissions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from pyiceberg.io import FileIO, InputFile, OutputFile

from lakelab.cloud.errors import AwsError
from lakelab.cloud.objects import Objects, split_uri

_SMALL = 8 * 2**20  # bytes: below this an object is sent in one request


class ObjectsIO(FileIO):
    """Every object written is noted in `created`, so that a failed statement can be undone."""

    def __init__(self, objects: Objects, scratch: Path):
        super().__init__()
        self.objects = objects
        self.scratch = scratch
        self.created: list[str] = []

    def new_input(self, location: str) -> InputFile:
        return _Input(location, self)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location, self)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        uri = location if isinstance(location, str) else location.location
        bucket, key = split_uri(uri)
        self.objects.delete(bucket, [key])

    def local(self, location: str) -> Path:
        """A local file with the bytes of an object."""
        bucket, key = split_uri(location)
        return self.objects.file(bucket, key)

    def undo(self) -> None:
        """Delete what was written since the last commit."""
        for uri in self.created:
            self.delete(uri)
        self.created.clear()


class _Input(InputFile):
    def __init__(self, location: str, io: ObjectsIO):
        super().__init__(location)
        self._io = io

    def __len__(self) -> int:
        return self._io.local(self.location).stat().st_size

    def exists(self) -> bool:
        try:
            return self._io.local(self.location).exists()
        except AwsError as error:
            if error.status == 404:
                return False
            raise

    def open(self, seekable: bool = True) -> Any:
        try:
            return self._io.local(self.location).open("rb")
        except AwsError as error:
            if error.status == 404:
                raise FileNotFoundError(self.location) from error
            raise


class _Output(OutputFile):
    def __init__(self, location: str, io: ObjectsIO):
        super().__init__(location)
        self._io = io
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self._io)

    def create(self, overwrite: bool = False) -> Any:
        self._io.scratch.mkdir(parents=True, exist_ok=True)
        return _Upload(self._io.scratch / uuid4().hex, self._send)

    def _send(self, local: Path) -> None:
        self._size = local.stat().st_size
        bucket, key = split_uri(self.location)
        self._io.objects.put(bucket, key, local if self._size > _SMALL else local.read_bytes())
        self._io.created.append(self.location)


class _Upload:
    """A local file that is sent when it is closed without an error."""

    def __init__(self, path: Path, send: Callable[[Path], None]):
        self._path = path
        self._send = send
        self._file: BinaryIO = path.open("wb")

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self, *, send: bool = True) -> None:
        if self._file.closed:
            return
        self._file.close()
        try:
            if send:
                self._send(self._path)
        finally:
            self._path.unlink()

    def __enter__(self) -> _Upload:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close(send=error is None)
