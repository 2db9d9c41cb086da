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
def compiled(pattern: str) -> regex.Pattern[str]:
    r"""A Java pattern as one of `regex`: named groups, quotation, code points and the ends of the text.

    Raises:
        TrinoError: it is no pattern.
    """
    translated = re.sub(r"\\Q(.*?)(?:\\E|$)", lambda match: re.escape(match[1]), pattern, flags=re.DOTALL)
    translated = re.sub(r"\\x\{([0-9A-Fa-f]{1,8})\}", lambda match: f"\\U{match[1]:0>8}", translated)
    translated = re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", translated)
    translated = re.sub(r"\\k<(\w+)>", r"(?P=\1)", translated)
    translated = translated.replace("\\Z", "(?=\\n?\\z)").replace("\\z", "\\Z").replace("\\h", "[ \\t]")
    try:
        return regex.compile(translated, regex.VERSION1)  # whose sets can be intersected, as Java's can
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise invalid(f"{error}: {pattern[:100]}") from error


@python("BOOLEAN", "VARCHAR", "VARCHAR")
@_limited
def regexp_like(text: str, pattern: str) -> bool:
    return compiled(pattern).search(text, timeout=SECONDS, concurrent=True) is not None


@python("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT")
@_limited
def regexp_extract(text: str, pattern: str, group: int) -> str | None:
    java = compiled(pattern)
    _check_group(java, group)
    match = java.search(text, timeout=SECONDS, concurrent=True)
    return match.group(group) if match else None


def _check_group(pattern: regex.Pattern[str], group: int) -> None:
    if group > pattern.groups:
        raise invalid(f"Pattern has {pattern.groups} groups. Cannot access group {group}")


@python("VARCHAR[]", "VARCHAR", "VARCHAR", "BIGINT")
@_limited
def regexp_extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    java = compiled(pattern)
    _check_group(java, group)
    return [match.group(group) for match in java.finditer(text, timeout=SECONDS, concurrent=True)]


@python("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
@_limited
def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    java = compiled(pattern)

    def expand(match: regex.Match[str]) -> str:
        def one(token: re.Match[str]) -> str:
            if token[1]:
                return token[1]
            if token[2]:
                if token[2] not in java.groupindex:
                    raise invalid(f"Illegal replacement sequence: unknown group {{ {token[2]} }}")
                return match.group(token[2]) or ""
            if token[3] is None:
                raise invalid("Illegal replacement sequence: $")
            digits = token[3]
            while len(digits) > 1 and int(digits) > java.groups:
                digits = digits[:-1]
            if int(digits) > java.groups:
                raise invalid("Illegal replacement sequence: unknown group " + digits)
            return (match.group(int(digits)) or "") + token[3][len(digits) :]

        return re.sub(r"\\(.)|\$\{(\w+)\}|\$(\d+)|\$", one, replacement, flags=re.DOTALL)

    return java.sub(expand, text, timeout=SECONDS, concurrent=True)


@python("VARCHAR[]", "VARCHAR", "VARCHAR")
@_limited
def regexp_split(text: str, pattern: str) -> list[str]:
    parts, last = [], 0
    for match in compiled(pattern).finditer(text, timeout=SECONDS, concurrent=True):
        parts.append(text[last : match.start()])
        last = match.end()
    return [*parts, text[last:]]


@python("BIGINT", "VARCHAR", "VARCHAR")
@_limited
def regexp_count(text: str, pattern: str) -> int:
    return sum(1 for _ in compiled(pattern).finditer(text, timeout=SECONDS, concurrent=True))


@python("INTEGER", "VARCHAR", "VARCHAR", "INTEGER", "INTEGER")
@_limited
def regexp_position(text: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    for match in compiled(pattern).finditer(text, start - 1, timeout=SECONDS, concurrent=True):
        occurrence -= 1
        if occurrence == 0:
            return match.start() + 1
    return -1
