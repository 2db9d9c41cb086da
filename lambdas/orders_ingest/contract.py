"""The data contract of the table orders, as rules that turn the text of a CSV field into a value or say why not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

Value = str | int | date | None
Parse = Callable[[str], Value]

INTEGER = re.compile(r"-?[0-9]{1,18}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SHOWN = 60  # characters of a bad value that a reason quotes


class Rejected(Exception):
    """A line breaks the contract.

    Args:
        reason: one of the reasons that the contract of orders_quarantine lists.
        column: the column at fault, None when it is the line as a whole.
        detail: the rule and the value.
    """

    def __init__(self, reason: str, column: str | None, detail: str):
        super().__init__(detail)
        self.reason = reason
        self.column = column
        self.detail = detail


@dataclass(frozen=True)
class Contract:
    """The columns that the feed must have, and those of the table with the Glue type of each."""

    feed: tuple[str, ...]
    types: dict[str, str]
    partition_key: str
    _parsers: dict[str, Parse]

    def parser(self, column: str) -> Parse:
        """The function that turns a field of `column` into its value; it raises Rejected."""
        return self._parsers[column]

    @classmethod
    def read(cls, path: Path) -> Contract:
        """The contract that the deployment has packed beside the function, as JSON."""
        return cls.of(json.loads(path.read_text()))

    @classmethod
    def of(cls, document: dict[str, Any]) -> Contract:
        """The contract in a document of the form of glue/tables/orders.yaml."""
        [key] = document["partition_keys"]
        columns = {column["name"]: column for column in [*document["columns"], key]}
        feed = tuple(document["feed"]["columns"])
        return cls(
            feed=feed,
            types={name: column["type"] for name, column in columns.items()},
            partition_key=key["name"],
            _parsers={name: _parser(columns[name]) for name in feed},
        )


def _parser(column: dict[str, Any]) -> Parse:
    name = column["name"]
    convert = {"string": _text, "bigint": _integer, "date": _day}[column["type"]]
    checks = _checks(column)

    @lru_cache(maxsize=4096)
    def parse(field: str) -> Value:
        text = field.strip()
        if not text:
            if column.get("nullable"):
                return None
            raise Rejected("missing_value", name, f"{name} is empty")
        value = convert(name, text)
        for check in checks:
            check(value)
        return value

    return parse


def _text(name: str, text: str) -> str:
    return text


def _integer(name: str, text: str) -> int:
    # int() alone would take 1_000 and the digits of other scripts
    if not INTEGER.fullmatch(text):
        raise Rejected("not_an_integer", name, f"{name} must be an integer, got {_quoted(text)}")
    return int(text)


def _day(name: str, text: str) -> date:
    try:
        if DAY.fullmatch(text):  # fromisoformat alone would take 20250101 and 2025-W01-1
            return date.fromisoformat(text)
    except ValueError:  # a day that the calendar has not
        pass
    raise Rejected("not_a_date", name, f"{name} must be a date (YYYY-MM-DD), got {_quoted(text)}")


def _checks(column: dict[str, Any]) -> list[Callable[[Any], None]]:
    name = column["name"]
    bound = date.fromisoformat if column["type"] == "date" else int
    checks: list[Callable[[Any], None]] = []
    if "pattern" in column:
        pattern = re.compile(column["pattern"])

        def matches(value: str) -> None:
            if not pattern.fullmatch(value):
                rule = f"{name} must match {pattern.pattern}"
                raise Rejected("pattern_mismatch", name, f"{rule}, got {_quoted(value)}")

        checks.append(matches)
    if "values" in column:
        known = frozenset(column["values"])

        def is_known(value: str) -> None:
            if value not in known:
                rule = f"{name} must be one of {', '.join(sorted(known))}"
                raise Rejected("unknown_value", name, f"{rule}, got {_quoted(value)}")

        checks.append(is_known)
    if "minimum" in column:
        low = bound(column["minimum"])

        def is_high_enough(value: Any) -> None:
            if value < low:
                raise Rejected("below_minimum", name, f"{name} must be at least {low}, got {value}")

        checks.append(is_high_enough)
    if "maximum" in column:
        high = bound(column["maximum"])

        def is_low_enough(value: Any) -> None:
            if value > high:
                raise Rejected("above_maximum", name, f"{name} must be at most {high}, got {value}")

        checks.append(is_low_enough)
    return checks


def _quoted(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")
