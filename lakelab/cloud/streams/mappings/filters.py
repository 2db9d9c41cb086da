"""Filter criteria: which records a mapping passes to its function.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and, for the comparisons,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable
from typing import Any

from lakelab.cloud.errors import AwsError

ABSENT: Any = object()
NUMERIC = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
COMPARISONS = ("prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case")


class InvalidPattern(AwsError):
    """A filter's pattern cannot be used."""

    code = "InvalidParameterValueException"


class Filters:
    """The patterns of a mapping: a record passes that matches one of them, and every record when there are none.

    Raises:
        InvalidPattern: a pattern is no JSON object, or compares in a way that AWS does not know.
    """

    def __init__(self, patterns: Iterable[str]):
        self._patterns = [_parsed(text) for text in patterns]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def passes(self, record: dict[str, Any], data: bytes) -> bool:
        """Whether a record passes.

        Args:
            record: its metadata, as patterns name it (`partitionKey`, `eventSourceARN` …).
            data: its data, which a pattern `{"data": …}` sees as JSON; data that is none matches no such pattern.
        """
        return not self._patterns or any(_matches(pattern, _seen(pattern, record, data)) for pattern in self._patterns)


def _parsed(text: str) -> dict[str, Any]:
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise InvalidPattern(f"Invalid filter pattern definition. {error}") from error
    if not isinstance(pattern, dict):
        raise InvalidPattern("Invalid filter pattern definition. A pattern is a JSON object.")
    _check(pattern)
    return pattern


def _check(pattern: dict[str, Any]) -> None:
    for key, wanted in pattern.items():
        if key == "$or" and isinstance(wanted, list):
            for each in wanted:
                _check(each)
        elif isinstance(wanted, dict):
            _check(wanted)
        elif not isinstance(wanted, list):
            raise InvalidPattern(f'Invalid filter pattern definition. "{key}" must be an object or an array.')
        else:
            for rule in wanted:
                if isinstance(rule, dict) and (len(rule) != 1 or next(iter(rule)) not in COMPARISONS):
                    raise InvalidPattern(
                        f"Invalid filter pattern definition. Unrecognized match type {', '.join(rule)}"
                    )


def _seen(pattern: dict[str, Any], record: dict[str, Any], data: bytes) -> dict[str, Any]:
    if not _names_data(pattern):
        return record
    try:
        text = data.decode()
        return {**record, "data": json.loads(text)}
    except ValueError:  # no text, or no JSON
        return record


def _names_data(pattern: dict[str, Any]) -> bool:
    return "data" in pattern or any("data" in each for each in pattern.get("$or", ()))


def _matches(pattern: dict[str, Any], value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(_matches(each, value) for each in wanted):
                return False
            continue
        found = value.get(key, ABSENT)
        if isinstance(wanted, dict):
            if not _matches(wanted, found if found is not ABSENT else {}):
                return False
        elif not any(_meets(rule, found) for rule in wanted):
            return False
    return True


def _meets(rule: Any, found: Any) -> bool:
    if isinstance(found, list) and not (isinstance(rule, dict) and "exists" in rule):
        return any(_meets(rule, each) for each in found)
    if not isinstance(rule, dict):
        return found is not ABSENT and found == rule and isinstance(found, bool) == isinstance(rule, bool)
    [(kind, wanted)] = rule.items()
    if kind == "exists":
        return (found is not ABSENT) == wanted
    if found is ABSENT:
        return False
    match kind:
        case "prefix":
            return isinstance(found, str) and found.startswith(wanted)
        case "suffix":
            return isinstance(found, str) and found.endswith(wanted)
        case "equals-ignore-case":
            return isinstance(found, str) and found.lower() == wanted.lower()
        case "anything-but":
            refused = wanted if isinstance(wanted, list) else [wanted]
            return not any(_meets(each, found) for each in refused)
    return _is_number(found) and all(
        NUMERIC[sign](found, bound) for sign, bound in zip(wanted[::2], wanted[1::2], strict=True)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
