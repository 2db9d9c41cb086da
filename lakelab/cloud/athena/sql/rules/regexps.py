r"""Regular expressions: Java's syntax, on DuckDB's RE2 where the pattern allows it, else on Python's `regex`.

https://trino.io/docs/435/functions/regexp.html
"""

from __future__ import annotations

import re

import regex

from lakelab.cloud.athena.sql.functions.regexps import compiled
from lakelab.cloud.athena.sql.functions.registry import TrinoError
from lakelab.cloud.athena.sql.rules import Call, rule
from lakelab.cloud.athena.sql.typed import Typed, text
from lakelab.cloud.athena.sql.types import Type, varchar

# look-around, possessive quantifiers, atomic groups, back-references, many repetitions: RE2 has none of them
_BEYOND_RE2 = re.compile(r"\(\?(?:=|!|<=|<!|>)|[*+?}]\+|\\[1-9]|\\k<|\\G|&&|[{,]\d{4,}\}")
# a group that may take no part in a match is NULL in Trino, and '' in DuckDB
_OPTIONAL = re.compile(r"\)[?*{]|\|")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z])")
_UNKNOWN_ESCAPES = {"\\h": "[ \\t]", "\\R": "(?:\\r\\n|[\\n\\r])", "\\Z": "\\z"}


def pattern_of(call: Call, index: int = 1) -> tuple[str, bool]:
    """The pattern as SQL, and whether RE2 can run it."""
    value = call.args[index].value
    if not isinstance(value, str):
        return call[index], True
    if _BEYOND_RE2.search(value):
        return text(value), False
    for escape, replacement in _UNKNOWN_ESCAPES.items():
        value = value.replace(escape, replacement)
    return text(_NAMED_GROUP.sub("(?P<", value)), True


@rule("regexp_like")
def regexp_like(call: Call) -> str:
    pattern, simple = pattern_of(call)
    return f"regexp_matches({call[0]}, {pattern})" if simple else call.python("trino_regexp_like", call[0], pattern)


@rule("regexp_extract")
def regexp_extract(call: Call) -> str:
    """NULL without a match, where DuckDB gives ''."""
    pattern, simple = pattern_of(call)
    group = call[2] if len(call) > 2 else "0"
    if (
        not simple
        or call.args[1].value is None
        or (group != "0" and _OPTIONAL.search(pattern))
        or (len(call) > 2 and call.args[2].value is None)
    ):
        return call.python("trino_regexp_extract", call[0], pattern, f"CAST({group} AS BIGINT)")
    groups = _java(call).groups
    if int(str(call.args[2].value) if len(call) > 2 else "0") < 0:
        raise call.invalid("Group cannot be negative")
    if int(str(call.args[2].value) if len(call) > 2 else "0") > groups:
        raise call.invalid(f"Pattern has {groups} groups. Cannot access group {group}")
    return f"CASE WHEN regexp_matches({call[0]}, {pattern}) THEN regexp_extract({call[0]}, {pattern}, {group}) END"


@rule("regexp_extract_all")
def regexp_extract_all(call: Call) -> str:
    pattern, simple = pattern_of(call)
    group = call[2] if len(call) > 2 else "0"
    if simple and (len(call) < 3 or (call.args[2].value is not None and not _OPTIONAL.search(pattern))):
        return f"regexp_extract_all({call[0]}, {pattern}, {group})"
    return call.python("trino_regexp_extract_all", call[0], pattern, f"CAST({group} AS BIGINT)")


@rule("regexp_replace")
def regexp_replace(call: Call) -> str | Typed:
    r"""All matches; `$1` and `${name}` in the replacement are groups, where DuckDB writes `\1`."""
    if len(call) == 3 and call.resolved.arguments[2].name == "function":
        return _replace_by_lambda(call)
    kind = _replaced_type(call)
    return Typed(_replaced(call), kind)


def _replaced_type(call: Call) -> Type:
    lengths = [arg.type.length for arg in (call.args[0], *call.args[2:])]
    if len(lengths) < 2 or None in lengths:
        return call.type
    source, added = (length or 0 for length in lengths)
    return varchar(min(2**31 - 1, source + max(source * added // 2, added) * (source + 1)))


def _replaced(call: Call) -> str:
    pattern, simple = pattern_of(call)
    if len(call) == 2:
        return (
            f"regexp_replace({call[0]}, {pattern}, '', 'g')"
            if simple
            else call.python("trino_regexp_replace", call[0], pattern, "''")
        )
    value = call.args[2].value
    groups = _java(call).groups if simple and isinstance(call.args[1].value, str) else 0
    known = isinstance(value, str) and all(int(digit) <= groups for digit in re.findall(r"(?<!\\)\$(\d)", value))
    if simple and known and isinstance(value, str) and not re.search(r"\\[^\\$]|\\$|(?<!\\)\$(?!\d)", value):
        return f"regexp_replace({call[0]}, {pattern}, {text(_replacement(value))}, 'g')"
    return call.python("trino_regexp_replace", call[0], pattern, call[2])


def _replacement(value: str) -> str:
    parts = re.split(r"(\\\$|\\\\|\$\d)", value)
    return "".join(
        "\\" + part[1]
        if re.fullmatch(r"\$\d", part)
        else part[1].replace("\\", "\\\\")
        if part in ("\\$", "\\\\")
        else part
        for part in parts
    )


def _replace_by_lambda(call: Call) -> str:
    """The text between the matches, and each match as the lambda has it, in turn."""
    value = call.args[1].value
    if not isinstance(value, str):
        raise call.unsupported("regexp_replace with a lambda and a pattern that is not a literal is not supported")
    groups = _java(call).groups
    pattern, _ = pattern_of(call)
    between, name = f"regexp_split_to_array({call[0]}, {pattern})", call.variable
    parts = [f"regexp_extract_all({call[0]}, {pattern}, {index})" for index in range(1, groups + 1)]
    group_list = f"[{', '.join(f'list_extract({part}, {name})' for part in parts)}]"
    body = call.body(2, group_list)
    count = f"len({between})"
    replaced = f"CASE WHEN {name} < {count} THEN coalesce({body}, '') ELSE '' END"
    pieces = f"list_transform(range(1, {count} + 1), lambda {name}: list_extract({between}, {name}) || {replaced})"
    return f"array_to_string({pieces}, '')"


def _java(call: Call) -> regex.Pattern[str]:
    """The pattern, which is a literal, as Java reads it."""
    try:
        return compiled(call.constant(1, "The pattern"))
    except TrinoError as error:
        raise call.invalid(str(error).partition(": ")[2]) from error


@rule("regexp_split")
def regexp_split(call: Call) -> str:
    pattern, simple = pattern_of(call)
    if simple and isinstance(call.args[1].value, str) and _java(call).match("", timeout=1):
        return call.python("trino_regexp_split", call[0], pattern)
    return (
        f"regexp_split_to_array({call[0]}, {pattern})"
        if simple
        else call.python("trino_regexp_split", call[0], pattern)
    )


@rule("regexp_count")
def regexp_count(call: Call) -> str:
    pattern, simple = pattern_of(call)
    if simple:
        return f"CAST(len(regexp_extract_all({call[0]}, {pattern})) AS BIGINT)"
    return call.python("trino_regexp_count", call[0], pattern)


@rule("regexp_position")
def regexp_position(call: Call) -> str:
    pattern, _ = pattern_of(call)
    start = call[2] if len(call) > 2 else "1"
    occurrence = call[3] if len(call) > 3 else "1"
    return call.python("trino_regexp_position", call[0], pattern, start, occurrence)
