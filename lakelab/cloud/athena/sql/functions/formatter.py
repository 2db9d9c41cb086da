"""format(): java.util.Formatter."""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lakelab.cloud.athena.sql.functions.registry import invalid, python

_WIDEST = 1_000_000


@python("VARCHAR", "VARCHAR", "VARCHAR")
def format(pattern: str, arguments: str) -> str:
    values = [(item["t"], item["v"]) for item in json.loads(arguments)]
    return _JavaFormatter(values).format(pattern)


class _JavaFormatter:
    """java.util.Formatter, for the conversions that SQL values have."""

    _SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?(t|T)?([a-zA-Z%])")

    def __init__(self, values: list[tuple[str, str | None]]):
        self._values = values
        self._next = 0

    def format(self, pattern: str) -> str:
        return self._SPECIFIER.sub(self._one, pattern)

    def _one(self, match: re.Match[str]) -> str:
        position, flags, width, precision, time, conversion = match.groups()
        if max(int(width or 0), int(precision or 0)) > _WIDEST:
            raise invalid(f"Invalid format string: {match.string} (at most {_WIDEST} characters in the local Athena)")
        if conversion == "n":
            return "\n"
        if conversion == "%":
            return self._pad("%", flags, width)
        index = int(position) - 1 if position else self._next
        if not position:
            self._next += 1
        if index >= len(self._values):
            raise invalid(f"Invalid format string: {match.string} (IllegalFormat: Format specifier '{match[0]}')")
        kind, value = self._values[index]
        if time:
            raise invalid(
                f"Invalid format string: {match.string} (date conversions are not supported in the local Athena)"
            )
        text = "null" if value is None else self._convert(conversion, kind, value, flags, precision, match)
        if value is not None and "0" in flags and width and conversion in "dfeg":
            sign = text[0] if text[:1] in "+-" else ""
            text = sign + text[len(sign) :].rjust(int(width) - len(sign), "0")
        text = self._pad(text, flags, width)
        return text.upper() if conversion.isupper() else text

    @staticmethod
    def _pad(text: str, flags: str, width: str | None) -> str:
        size = int(width or 0)
        return text.ljust(size) if "-" in flags else text.rjust(size)

    def _convert(
        self, conversion: str, kind: str, value: str, flags: str, precision: str | None, match: re.Match[str]
    ) -> str:
        grouped = "," if "," in flags else ""
        lower = conversion.lower()
        integral = kind in ("tinyint", "smallint", "integer", "bigint")
        if lower == "s":
            return value[: int(precision)] if precision else value
        if lower == "b":
            return value if kind == "boolean" else "true"
        if lower in "dxo" and integral:
            number = int(value)
            if lower == "d":
                return self._signed(f"{number:{grouped}d}", number, flags)
            return builtins_format(number & (2**64 - 1) if number < 0 and kind == "bigint" else number, lower)
        if lower in "fe" and kind in ("real", "double", "decimal"):
            number = Decimal(value)
            digits = int(precision) if precision is not None else 6
            if lower == "e":
                return f"{float(value):.{digits}e}"
            rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
            return self._signed(f"{rounded:{grouped}f}", rounded, flags)
        if lower == "c" and integral:
            return chr(int(value))
        raise invalid(
            f"Invalid format string: {match.string} (IllegalFormatConversion: {conversion} != java type of {kind})"
        )

    @staticmethod
    def _signed(text: str, number: Any, flags: str) -> str:
        if number >= 0 and "+" in flags:
            return "+" + text
        if number >= 0 and " " in flags:
            return " " + text
        if number < 0 and "(" in flags:
            return f"({text[1:]})"
        return text


def builtins_format(number: int, kind: str) -> str:
    return f"{number:x}" if kind == "x" else f"{number:o}"
