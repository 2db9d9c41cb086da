"""The Condition element: operators, set operators, and keys that a request does not have.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from lakelab.cloud.iam.pattern import Lookup, arn_matches, fill, matches

Values = tuple[str, ...]
# (the request's value, the policy's value, the policy's variables) -> whether the positive form of the operator holds
Compare = Callable[[str, str, Lookup | None], bool]


class Keys(Protocol):
    """The condition keys of a request, asked for in lower case; None when it has no such key."""

    def values(self, key: str) -> Values | None: ...

    def one(self, key: str) -> str | None: ...


class UnknownOperator(ValueError):
    """A condition operator that AWS does not have."""


@dataclass(frozen=True)
class Condition:
    """One key of one operator: `StringLike`, `s3:prefix`, `("raw/*", "curated/*")`."""

    text: str  # the operator as it is written
    key: str
    wanted: Values
    variables: bool  # whether `${...}` in `wanted` stands for a key's value

    def met(self, keys: Keys) -> bool:
        """Whether the request's keys satisfy it."""
        name, all_of, any_of, if_exists = _parsed(self.text)
        if name == "null":
            return (keys.values(self.key.lower()) is None) == (self.wanted[0].lower() == "true")
        compare, negated = _OPERATORS[name]
        given = keys.values(self.key.lower())
        lookup = keys.one if self.variables else None
        if given is None:
            # an absent key matches nothing: ...IfExists, ForAllValues and a negated operator are satisfied by that,
            # ForAnyValue never is
            return not any_of and (if_exists or all_of or negated)

        def holds(value: str) -> bool:
            found = any(compare(value, wanted, lookup) for wanted in self.wanted)
            return not found if negated else found

        if all_of:
            return all(holds(value) for value in given)
        if negated and not any_of:
            return all(holds(value) for value in given)
        return any(holds(value) for value in given)

    def __str__(self) -> str:
        return f"{self.text} {self.key} [{', '.join(self.wanted)}]"


def conditions(element: Mapping[str, Mapping[str, Any]], *, variables: bool) -> tuple[Condition, ...]:
    """The conditions of a Condition element: all of them have to be met.

    Raises:
        UnknownOperator: AWS has no such operator.
    """
    found = []
    for text, block in element.items():
        name, *_ = _parsed(text)
        if name != "null" and name not in _OPERATORS:
            raise UnknownOperator(f"Invalid Condition type : {text}")
        for key, wanted in block.items():
            found.append(Condition(text, key, tuple(as_text(value) for value in _listed(wanted)), variables))
    return tuple(found)


def as_text(value: Any) -> str:
    """A value of a policy or of a request as conditions compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _parsed(text: str) -> tuple[str, bool, bool, bool]:
    """`ForAllValues:StringLikeIfExists` -> the bare operator, whether ForAllValues, ForAnyValue, ...IfExists."""
    prefix, _, name = text.lower().rpartition(":")
    exists = name.endswith("ifexists")
    return name.removesuffix("ifexists"), prefix == "forallvalues", prefix == "foranyvalue", exists


def _filled(compare: Callable[[str, str], bool]) -> Compare:
    def with_variables(value: str, wanted: str, lookup: Lookup | None) -> bool:
        text = wanted if lookup is None else fill(wanted, lookup)
        return text is not None and compare(value, text)

    return with_variables


def _typed(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Compare:
    """Both sides are read as a type; a text that cannot be read matches nothing."""

    def read_both(value: str, wanted: str) -> bool:
        left, right = read(value), read(wanted)
        return left is not None and right is not None and compare(left, right)

    return _filled(read_both)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """An ISO 8601 date or the seconds since 1970, in UTC."""
    seconds = _number(text)
    try:
        if seconds is not None and "-" not in text:
            return datetime.fromtimestamp(seconds, UTC)
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(value: str, wanted: str) -> bool:
    try:
        address, network = ipaddress.ip_address(value), ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
    return address in network


def _equal_text(value: str, wanted: str) -> bool:
    return value == wanted


def _equal_ignoring_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _like(value: str, wanted: str, lookup: Lookup | None) -> bool:
    return matches(wanted, value, lookup)


def _arn_like(value: str, wanted: str, lookup: Lookup | None) -> bool:
    return arn_matches(wanted, value, lookup)


_OPERATORS: dict[str, tuple[Compare, bool]] = {
    "stringequals": (_filled(_equal_text), False),
    "stringnotequals": (_filled(_equal_text), True),
    "stringequalsignorecase": (_filled(_equal_ignoring_case), False),
    "stringnotequalsignorecase": (_filled(_equal_ignoring_case), True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "numericequals": (_typed(_number, operator.eq), False),
    "numericnotequals": (_typed(_number, operator.eq), True),
    "numericlessthan": (_typed(_number, operator.lt), False),
    "numericlessthanequals": (_typed(_number, operator.le), False),
    "numericgreaterthan": (_typed(_number, operator.gt), False),
    "numericgreaterthanequals": (_typed(_number, operator.ge), False),
    "dateequals": (_typed(_moment, operator.eq), False),
    "datenotequals": (_typed(_moment, operator.eq), True),
    "datelessthan": (_typed(_moment, operator.lt), False),
    "datelessthanequals": (_typed(_moment, operator.le), False),
    "dategreaterthan": (_typed(_moment, operator.gt), False),
    "dategreaterthanequals": (_typed(_moment, operator.ge), False),
    "bool": (_filled(_equal_ignoring_case), False),
    "binaryequals": (_filled(_equal_text), False),
    "ipaddress": (_filled(_in_network), False),
    "notipaddress": (_filled(_in_network), True),
    "arnequals": (_arn_like, False),
    "arnlike": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnnotlike": (_arn_like, True),
}
