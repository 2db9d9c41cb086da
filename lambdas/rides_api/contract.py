"""The data contract of the table rides, as rules for the fields of a JSON event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

SHOWN = 60  # characters of a bad value that a reason quotes
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
Rule = Callable[[Any], Any]


class Rejected(Exception):
    """An event breaks the contract; the text says which rule and how."""


@dataclass(frozen=True)
class Contract:
    """The fields that an event must have, each with its rule."""

    rules: dict[str, Rule]

    def values(self, event: Any) -> dict[str, Any]:
        """The values of an event's fields: texts, integers and aware datetimes. Raises Rejected for the first fault."""
        if not isinstance(event, dict):
            raise Rejected("the event must be a JSON object")
        unknown = [name for name in event if name not in self.rules]
        if unknown:
            raise Rejected(f"unknown field {_quoted(unknown[0])}")
        return {name: rule(event.get(name)) for name, rule in self.rules.items()}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Contract:
        """The contract in a document of the form of glue/tables/rides.yaml."""
        columns = {column["name"]: column for column in document["columns"]}
        return cls({name: _rule(columns[name]) for name in document["feed"]["columns"]})


@cache
def contract() -> Contract:
    """The contract that the deployment has packed beside this module."""
    return Contract.of(json.loads(Path(__file__).with_name("contract.json").read_text()))


def _rule(column: dict[str, Any]) -> Rule:
    name, nullable = column["name"], column.get("nullable", False)
    convert = {"string": _text, "bigint": _integer, "timestamp": _moment}[column["type"]]
    pattern = re.compile(column["pattern"]) if "pattern" in column else None
    values = frozenset(column.get("values", ()))
    low, high = column.get("minimum"), column.get("maximum")

    def rule(value: Any) -> Any:
        if value is None:
            if nullable:
                return None
            raise Rejected(f"{name} is missing")
        found = convert(name, value)
        if pattern and not pattern.fullmatch(found):
            raise Rejected(f"{name} must match {pattern.pattern}, got {_quoted(found)}")
        if values and found not in values:
            raise Rejected(f"{name} must be one of {', '.join(sorted(values))}, got {_quoted(found)}")
        if low is not None and found < low:
            raise Rejected(f"{name} must be at least {low}, got {found}")
        if high is not None and found > high:
            raise Rejected(f"{name} must be at most {high}, got {found}")
        return found

    return rule


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Rejected(f"{name} must be a text, got {_quoted(value)}")
    return value


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Rejected(f"{name} must be an integer, got {_quoted(value)}")
    return value


def _moment(name: str, value: Any) -> datetime:
    try:
        if isinstance(value, str) and MOMENT.fullmatch(value):
            return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:  # a moment that the calendar has not
        pass
    raise Rejected(f"{name} must be a moment in UTC (2025-01-31T10:00:00Z), got {_quoted(value)}")


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")
