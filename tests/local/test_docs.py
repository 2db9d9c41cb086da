"""The commands of README and docs run, in their order, against a lab on which `make up-local` has run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def commands(page: Path) -> list[str]:
    """The lines of a page's `sh` blocks: each is a command that a reader can paste."""
    return [line for block in BLOCK.findall(page.read_text()) for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "command", [pytest.param(line, id=f"{page.name}: {line[-60:]}") for page in PAGES for line in commands(page)]
)
def test_a_command_of_the_docs_runs(lab, command: str):
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=ROOT,
        env=lab.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert done.stdout.strip(), f"{command} printed nothing"


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_the_links_of_a_page_lead_somewhere(page: Path):
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []
