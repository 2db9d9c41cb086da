"""Exclude patterns: the globs of https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lakelab.cloud.glue.errors import InvalidInput


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path, relative to the include path, is excluded. Raises InvalidInput for a pattern that is no glob."""
    compiled = [compile_glob(pattern) for pattern in patterns]
    return lambda path: any(pattern.fullmatch(path) for pattern in compiled)


def compile_glob(pattern: str) -> re.Pattern[str]:
    """The regular expression that a glob stands for. Raises InvalidInput."""
    try:
        return re.compile(_translate(pattern))
    except re.error as error:
        raise InvalidInput(f"The exclude pattern {pattern} is not valid.") from error


def _translate(pattern: str) -> str:
    parts, position, in_group = [], 0, False
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            if pattern[position : position + 1] == "*":
                position += 1
                parts.append(".*")
            else:
                parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "[":
            end = pattern.index("]", position + 1) if "]" in pattern[position + 1 :] else -1
            if end < 0:
                raise InvalidInput(f"The exclude pattern {pattern} is not valid.")
            parts.append(_bracket(pattern[position:end]))
            position = end + 1
        elif char == "{":
            parts.append("(?:")
            in_group = True
        elif char == "}" and in_group:
            parts.append(")")
            in_group = False
        elif char == "," and in_group:
            parts.append("|")
        elif char == "\\":
            parts.append(re.escape(pattern[position : position + 1]))
            position += 1
        else:
            parts.append(re.escape(char))
    return "".join(parts)


def _bracket(body: str) -> str:
    negated = body.startswith("!")
    body = body[negated:].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    # a negated set must not cross into another folder either
    return f"[^/{body}]" if negated else f"(?!/)[{body}]"
