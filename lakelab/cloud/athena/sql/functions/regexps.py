"""Regular expressions that RE2 cannot run: Java's syntax, on the package `regex`.

Unlike Python's `re` it gives up after a time: a pattern that tries out too much would otherwise stop the whole process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import regex

from lakelab.cloud.athena.sql.functions.registry import invalid, python

SECONDS = 2.0  # for one value


def _limited(function: Callable[..., Any]) -> Callable[..., Any]:
    """Report a match that takes too long as an error of the query."""

    @wraps(function)
    def limited(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except TimeoutError as error:
            raise invalid(f"Regular expression matching took more than {SECONDS} seconds: {arguments[1]}") from error

    return limited


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    """A Java pattern as one of Python: named groups, possessive quantifiers and `\\z`."""
    translated = re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern)
    translated = re.sub(r"\\k<(\w+)>", r"(?P=\1)", translated)
    translated = translated.replace("\\Z", "(?=\\n?\\z)").replace("\\z", "\\Z").replace("\\h", "[ \\t]")
    try:
        return regex.compile(translated)
    except regex.error as error:
        raise invalid(str(error)) from error


@python("BOOLEAN", "VARCHAR", "VARCHAR")
@_limited
def regexp_like(text: str, pattern: str) -> bool:
    return _compiled(pattern).search(text, timeout=SECONDS, concurrent=True) is not None


@python("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT")
@_limited
def regexp_extract(text: str, pattern: str, group: int) -> str | None:
    compiled = _compiled(pattern)
    _check_group(compiled, group)
    match = compiled.search(text, timeout=SECONDS, concurrent=True)
    return match.group(group) if match else None


def _check_group(pattern: regex.Pattern[str], group: int) -> None:
    if group > pattern.groups:
        raise invalid(f"Pattern has {pattern.groups} groups. Cannot access group {group}")


@python("VARCHAR[]", "VARCHAR", "VARCHAR", "BIGINT")
@_limited
def regexp_extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    compiled = _compiled(pattern)
    _check_group(compiled, group)
    return [match.group(group) for match in compiled.finditer(text, timeout=SECONDS, concurrent=True)]


@python("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
@_limited
def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    compiled = _compiled(pattern)

    def expand(match: regex.Match[str]) -> str:
        def one(token: re.Match[str]) -> str:
            if token[1]:
                return token[1]
            if token[2]:
                if token[2] not in compiled.groupindex:
                    raise invalid(f"Illegal replacement sequence: unknown group {{ {token[2]} }}")
                return match.group(token[2]) or ""
            if token[3] is None:
                raise invalid("Illegal replacement sequence: $")
            digits = token[3]
            while len(digits) > 1 and int(digits) > compiled.groups:
                digits = digits[:-1]
            if int(digits) > compiled.groups:
                raise invalid("Illegal replacement sequence: unknown group " + digits)
            return (match.group(int(digits)) or "") + token[3][len(digits) :]

        return re.sub(r"\\(.)|\$\{(\w+)\}|\$(\d+)|\$", one, replacement, flags=re.DOTALL)

    return compiled.sub(expand, text, timeout=SECONDS, concurrent=True)


@python("VARCHAR[]", "VARCHAR", "VARCHAR")
@_limited
def regexp_split(text: str, pattern: str) -> list[str]:
    parts, last = [], 0
    for match in _compiled(pattern).finditer(text, timeout=SECONDS, concurrent=True):
        parts.append(text[last : match.start()])
        last = match.end()
    return [*parts, text[last:]]


@python("BIGINT", "VARCHAR", "VARCHAR")
@_limited
def regexp_count(text: str, pattern: str) -> int:
    return sum(1 for _ in _compiled(pattern).finditer(text, timeout=SECONDS, concurrent=True))


@python("INTEGER", "VARCHAR", "VARCHAR", "INTEGER", "INTEGER")
@_limited
def regexp_position(text: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    for match in _compiled(pattern).finditer(text, start - 1, timeout=SECONDS, concurrent=True):
        occurrence -= 1
        if occurrence == 0:
            return match.start() + 1
    return -1
