"""Reads a Dockerfile: its instructions, its last stage, and what a changed file builds anew."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Instruction:
    """One instruction: `RUN`, and what follows it on its lines."""

    line: int
    name: str
    text: str


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, continued lines joined, comments left out."""
    found: list[Instruction] = []
    parts: list[str] = []
    begin = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not parts):
            continue
        begin = begin or number
        parts.append(line.strip().removesuffix("\\").strip())
        if line.rstrip().endswith("\\"):
            continue
        name, _, rest = " ".join(parts).partition(" ")
        found.append(Instruction(begin, name.upper(), rest.strip()))
        parts, begin = [], 0
    return found


def last_stage(found: list[Instruction]) -> list[Instruction]:
    """The instructions of the stage that becomes the image."""
    starts = [number for number, each in enumerate(found) if each.name == "FROM"]
    return found[starts[-1] :] if starts else []


def built_anew(found: list[Instruction], changed: str) -> list[Instruction]:
    """The instructions that the cache does not spare when a file of the context has changed."""
    for number, each in enumerate(found):
        if each.name in ("COPY", "ADD") and any(_copies(source, changed) for source in sources(each)):
            return found[number:]
    return []


def sources(copy: Instruction) -> list[str]:
    """What a COPY or ADD takes out of the build context."""
    words = shlex.split(copy.text.strip("[]").replace('",', '" ') if copy.text.startswith("[") else copy.text)
    if any(word.startswith("--from=") for word in words):
        return []
    return [word for word in words if not word.startswith("--")][:-1]


def _copies(source: str, file: str) -> bool:
    wanted = source.removeprefix("./").rstrip("/") or "."
    return wanted == "." or fnmatchcase(file, wanted) or file.startswith(f"{wanted}/")


def ignored(rules: str, file: str) -> bool:
    """Whether .dockerignore keeps a file out of the build context; the last rule that matches decides.

    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    found = False
    for line in rules.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").strip("/")
        names = [str(PurePosixPath(file)), *(str(each) for each in PurePosixPath(file).parents if str(each) != ".")]
        if any(_regex(pattern).fullmatch(name) for name in names):
            found = not rule.startswith("!")
    return found


def _regex(pattern: str) -> re.Pattern[str]:
    """`**` is any number of folders, `*` and `?` stay within one."""
    text = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.compile(text.replace(r"\?", "[^/]"))
