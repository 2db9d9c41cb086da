"""jq programs with which partition keys are extracted: the package `jq` runs them.

Firehose's JsonParsingEngine is JQ-1.6, the package has jq 1.8. Source:
https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
"""

from __future__ import annotations

import re
from typing import Any

import jq

SYMBOLS = re.compile(r'"(?:[^"\\]|\\.)*"|\$?[A-Za-z_]\w*|\.\w+|\S')
# the server's own environment variables are nothing to make keys of; a member may be called env
ENVIRONMENT = re.compile(r"(?<![.\w\"])(\$ENV\b|env\b(?!\s*[:}]))")


class JqError(Exception):
    """The program is not jq, does not construct an object, or fails on a record."""


class KeyQuery:
    """A program that constructs an object of keys from a record: `{city: .city, year: .at[0:4]}`.

    Raises:
        JqError: it is not jq, or no such object.
    """

    def __init__(self, text: str):
        if found := ENVIRONMENT.search(text):
            raise JqError(f"{found[0]} is not available to a delivery stream")
        self.names = _names(text)
        try:
            self._program = jq.compile(text)
        except ValueError as error:
            raise JqError(str(error).strip()) from error

    def keys(self, document: str) -> dict[str, Any]:
        """The members of the object for a record that is JSON. Raises JqError when there is not exactly one object."""
        try:
            found = self._program.input_text(document).all()
        except ValueError as error:
            raise JqError(str(error).strip()) from error
        if len(found) != 1:
            raise JqError("the query must give one object")
        return found[0]


def _names(text: str) -> list[str]:
    """The names of the members of the object that a program constructs, without running it."""
    names: list[str] = []
    depth, begins = 0, False
    symbols = SYMBOLS.findall(text)
    if symbols[:1] != ["{"]:
        raise JqError(f"{text!r} does not construct an object")
    for number, symbol in enumerate(symbols):
        if begins:
            if not re.match(r'[A-Za-z_"]', symbol):
                raise JqError(f"the name of a key must be written out, got {symbol!r}")
            names.append(symbol.strip('"'))
        depth += (symbol in "{[(") - (symbol in "}])")
        begins = depth == 1 and symbol in "{," and symbols[number + 1 : number + 2] != ["}"]
        if depth == 0 and number < len(symbols) - 1:
            raise JqError(f"{text!r} does more than construct an object")
    return names
