"""Assets and archives."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lakelab.deploy import assets
from lakelab.deploy.assets import AssetError
from lakelab.deploy.values import ARCHIVE, ASSET, SIGNATURE


def archive(**parts: Any) -> dict[str, Any]:
    return {SIGNATURE: ARCHIVE, **parts}


def text(value: str) -> dict[str, Any]:
    return {SIGNATURE: ASSET, "text": value}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fn" / "__pycache__").mkdir(parents=True)
    (tmp_path / "fn" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (tmp_path / "fn" / "h.py").write_text("one")
    (tmp_path / "fn" / "inner").mkdir()
    (tmp_path / "fn" / "inner" / "m.py").write_text("two")
    return tmp_path


def names(value: dict[str, Any]) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(assets.zip_bytes(value))) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_an_archive_of_folders_and_texts_is_one_zip_file(folder: Path) -> None:
    value = archive(assets={".": archive(path="fn"), "extra/c.json": text("{}"), "lib": archive(path="fn/inner")})
    found = names(assets.located(value, folder))
    assert found == {"h.py": "one", "inner/m.py": "two", "extra/c.json": "{}", "lib/m.py": "two"}


def test_the_same_content_gives_the_same_bytes_and_hash(folder: Path) -> None:
    value = archive(path="fn")
    first = assets.with_hashes(value, folder)
    body = assets.zip_bytes(assets.located(value, folder))
    (folder / "fn" / "h.py").touch()
    (folder / "fn" / "__pycache__" / "x.pyc").write_bytes(b"y")
    assert assets.with_hashes(value, folder) == first
    assert assets.zip_bytes(assets.located(value, folder)) == body
    (folder / "fn" / "h.py").write_text("three")
    assert assets.with_hashes(value, folder)["hash"] != first["hash"]
    assert first["path"] == "fn", "the state keeps the path that the program gave"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({SIGNATURE: ASSET, "path": "nowhere"}, "no such file or folder", id="missing-file"),
        pytest.param({SIGNATURE: ASSET, "uri": "https://x/y"}, "remote asset https://x/y", id="remote"),
        pytest.param(archive(path="nowhere"), "no such file or folder", id="missing-folder"),
    ],
)
def test_what_cannot_be_read(value: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=message):
        assets.with_hashes({"a": [value]}, tmp_path)
