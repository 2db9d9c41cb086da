"""Regular expressions that RE2 cannot run: Java's syntax, on Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache

from lakelab.cloud.athena.sql.functions.registry import invalid, python


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A Java pattern as one of Python: named groups, possessive quantifiers and `\\z`."""
    translated = re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern)
    translated = re.sub(r"\\k<(\w+)>", r"(?P=\1)", translated)
    translated = translated.replace("\\Z", "(?=\\n?\\z)").replace("\\z", "\\Z").replace("\\h", "[ \\t]")
    try:
        return re.compile(translated)
    except re.error as error:
        raise invalid(str(error)) from error


@python("BOOLEAN", "VARCHAR", "VARCHAR")
def regexp_like(text: str, pattern: str) -> bool:
    return _compiled(pattern).search(text) is not None


@python("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT")
def regexp_extract(text: str, pattern: str, group: int) -> str | None:
    compiled = _compiled(pattern)
    _check_group(compiled, group)
    match = compiled.search(text)
    return match.group(group) if match else None


def _check_group(pattern: re.Pattern[str], group: int) -> None:
    if group > pattern.groups:
        raise invalid(f"Pattern has {pattern.groups} groups. Cannot access group {group}")


@python("VARCHAR[]", "VARCHAR", "VARCHAR", "BIGINT")
def regexp_extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    compiled = _compiled(pattern)
    _check_group(compiled, group)
    return [match.group(group) for match in compiled.finditer(text)]


@python("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    compiled = _compiled(pattern)

    def expand(match: re.Match[str]) -> str:
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

    return compiled.sub(expand, text)


@python("VARCHAR[]", "VARCHAR", "VARCHAR")
def regexp_split(text: str, pattern: str) -> list[str]:
    parts, last = [], 0
    for match in _compiled(pattern).finditer(text):
        parts.append(text[last : match.start()])
        last = match.end()
    return [*parts, text[last:]]


@python("BIGINT", "VARCHAR", "VARCHAR")
def regexp_count(text: str, pattern: str) -> int:
    return sum(1 for _ in _compiled(pattern).finditer(text))


@python("INTEGER", "VARCHAR", "VARCHAR", "INTEGER", "INTEGER")
def regexp_position(text: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    for match in _compiled(pattern).finditer(text, start - 1):
        occurrence -= 1
        if occurrence == 0:
            return match.start() + 1
    return -1
