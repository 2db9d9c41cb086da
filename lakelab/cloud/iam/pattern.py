"""Wildcards and policy variables in the texts of a policy.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

ARN_FIELDS = 6
# what `${...}` gives: the one value of a condition key, or None when the request has no such key
Lookup = Callable[[str], str | None]

_TOKEN = re.compile(r"\$\{([^}]*)\}|([*?])")
_LITERAL = {"*", "?", "$"}  # `${*}` stands for the character itself


@lru_cache(maxsize=16384)
def has_variables(text: str) -> bool:
    """Whether a text of a policy has a `${...}` in it."""
    return "${" in text


def fill(text: str, lookup: Lookup) -> str | None:
    """The text with its variables replaced; None when one has no value and no default (`${aws:username, 'none'}`)."""
    filled = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token[1] is None:
            continue
        value = _value(token[1], lookup)
        if value is None:
            return None
        filled += [text[end : token.start()], value]
        end = token.end()
    return "".join([*filled, text[end:]])


def matches(pattern: str, value: str, lookup: Lookup | None = None, *, ignore_case: bool = False) -> bool:
    """Whether `value` is what a pattern with `*` and `?` stands for; `*` stands for nothing, too.

    What a variable is replaced by is taken literally: a `*` in it is no wildcard. Without `lookup` `${` is plain text.
    """
    if pattern == "*":
        return True
    if lookup is None or not has_variables(pattern):
        return _compiled(pattern, ignore_case).fullmatch(value) is not None
    text = _regex(pattern, lookup)
    return text is not None and re.fullmatch(text, value, re.DOTALL) is not None


def arn_matches(pattern: str, arn: str, lookup: Lookup | None = None) -> bool:
    """Whether an ARN is what a pattern stands for; each of the six fields is matched for itself.

    A pattern with fewer fields is completed with `*`, as AWS does. Only `*` matches the resource `*` of an action that
    is about no resource.
    """
    if pattern == "*":
        return True
    if lookup is None or not has_variables(pattern):
        return _compiled_arn(pattern).fullmatch(arn) is not None
    text = _arn_regex(pattern, lookup)
    return text is not None and re.fullmatch(text, arn, re.DOTALL) is not None


def any_arn_matches(patterns: tuple[str, ...], arn: str, lookup: Lookup | None = None) -> bool:
    """Whether an ARN is what one of the patterns stands for."""
    compiled = _compiled_arns(patterns)
    if compiled is not None:
        return compiled.fullmatch(arn) is not None
    return any(arn_matches(pattern, arn, lookup) for pattern in patterns)


@lru_cache(maxsize=16384)
def _compiled_arns(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """One expression for all patterns; None when a variable has to be filled in first."""
    if any(has_variables(pattern) for pattern in patterns):
        return None
    return re.compile("|".join(".*" if each == "*" else _compiled_arn(each).pattern for each in patterns), re.DOTALL)


@lru_cache(maxsize=16384)
def _fields(pattern: str) -> tuple[str, ...]:
    # a colon inside of a variable separates no fields
    fields = re.findall(r"(?:\$\{[^}]*\}|[^:$]|\$(?!\{))+|(?<=:)(?=:)|^(?=:)|(?<=:)$", pattern)
    head = fields[: ARN_FIELDS - 1]
    rest = pattern[sum(len(field) + 1 for field in head) :] if len(fields) >= ARN_FIELDS else "*"
    return (*head, *["*"] * (ARN_FIELDS - 1 - len(head)), rest)


@lru_cache(maxsize=16384)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(_plain_regex(pattern, "."), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


@lru_cache(maxsize=16384)
def _compiled_arn(pattern: str) -> re.Pattern[str]:
    *head, rest = _fields(pattern)
    return re.compile(":".join([*(_plain_regex(field, "[^:]") for field in head), _plain_regex(rest, ".")]), re.DOTALL)


def _plain_regex(pattern: str, any_character: str) -> str:
    wildcards = {"*": f"{any_character}*", "?": any_character}
    return "".join(wildcards.get(character) or re.escape(character) for character in pattern)


def _arn_regex(pattern: str, lookup: Lookup) -> str | None:
    *head, rest = _fields(pattern)
    fields = [*(_regex(field, lookup, "[^:]") for field in head), _regex(rest, lookup)]
    return None if None in fields else ":".join(field for field in fields if field is not None)


def _regex(pattern: str, lookup: Lookup, any_character: str = ".") -> str | None:
    parts = []
    end = 0
    for token in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[end : token.start()]))
        end = token.end()
        if token[2]:
            parts.append(_plain_regex(token[2], any_character))
            continue
        value = _value(token[1], lookup)
        if value is None:
            return None
        parts.append(re.escape(value))
    return "".join([*parts, re.escape(pattern[end:])])


def _value(variable: str, lookup: Lookup) -> str | None:
    if variable in _LITERAL:
        return variable
    name, _, default = variable.partition(",")
    found = lookup(name.strip())
    if found is None and default:
        return default.strip().strip("'")
    return found
