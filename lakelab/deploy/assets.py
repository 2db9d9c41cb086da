"""Assets and archives: where their bytes come from, and the hash by which a change is seen."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakelab.deploy.values import ARCHIVE, ASSET, map_values, signature
from lakelab.errors import LakelabError

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip file can say: the same content gives the same bytes
_SKIPPED = {"__pycache__", ".DS_Store"}


class AssetError(LakelabError):
    """A file, folder or URL that an asset names cannot be read."""


def content(asset: dict[str, Any]) -> bytes:
    """The bytes of an asset; for an archive, of its zip file.

    Raises:
        AssetError: the file is not there, or the asset is a remote one.
    """
    if signature(asset) == ARCHIVE:
        return zip_bytes(asset)
    if "text" in asset:
        return asset["text"].encode()
    return _file(asset).read_bytes()


def zip_bytes(archive: dict[str, Any]) -> bytes:
    """An archive as a zip file; the same content always gives the same bytes.

    Raises:
        AssetError: a file is not there, or the archive is a remote one.
    """
    if "assets" not in archive:
        path = _file(archive)
        if path.is_file():
            return path.read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, body, executable in sorted(_members(archive)):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.external_attr = (0o755 if executable else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, body)
    return out.getvalue()


def _members(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, bytes, bool]]:
    """Name, bytes and execute permission of each file of an archive."""
    if "assets" in value:
        for name, item in value["assets"].items():
            inner = f"{prefix}{name}"
            if signature(item) == ASSET:
                yield inner, content(item), False
            else:
                yield from _members(item, "" if inner == "." else f"{inner}/")
        return
    path = _file(value)
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and not _SKIPPED & set(file.relative_to(path).parts):
                name = f"{prefix}{file.relative_to(path).as_posix()}"
                yield name, file.read_bytes(), bool(file.stat().st_mode & 0o100)
        return
    with zipfile.ZipFile(path) as bundle:
        for name in bundle.namelist():
            if not name.endswith("/"):
                yield f"{prefix}{name}", bundle.read(name), False


def _file(asset: dict[str, Any]) -> Path:
    if asset.get("uri"):
        raise AssetError(f"remote asset {asset['uri']}: the embedded engine reads local files only", fix="copy it here")
    path = Path(asset.get("path", ""))
    if not asset.get("path") or not path.exists():
        raise AssetError(f"no such file or folder: {path}", fix="correct the path in the program")
    return path


def with_hashes(value: Any, folder: Path) -> Any:
    """The value with every asset and archive in it carrying the hash of its content, as it is now.

    Args:
        folder: what relative paths start from: the program's working directory.
    """
    return map_values(value, lambda item: _hashed(item, folder))


def _hashed(value: Any, folder: Path) -> Any:
    if signature(value) not in (ASSET, ARCHIVE):
        return value
    located = located_in(value, folder)
    digest = hashlib.sha256()
    if signature(value) == ASSET:
        digest.update(content(located))
    else:
        path = Path(located.get("path", ""))
        if "assets" not in located and path.is_file():
            digest.update(path.read_bytes())
        else:
            for name, body, _ in sorted(_members(located)):
                digest.update(json.dumps([name, len(body)]).encode())
                digest.update(body)
        if located.get("uri"):
            _file(located)
    return {**value, "hash": digest.hexdigest()}


def located_in(value: Any, folder: Path) -> Any:
    """The value with the paths of its assets made absolute."""
    if signature(value) not in (ASSET, ARCHIVE):
        return value
    if "assets" in value:
        return {**value, "assets": {name: located_in(item, folder) for name, item in value["assets"].items()}}
    return {**value, "path": str(folder / value["path"])} if value.get("path") else value


def located(value: Any, folder: Path) -> Any:
    """The whole tree with the paths of its assets made absolute."""
    return map_values(value, lambda item: located_in(item, folder))
