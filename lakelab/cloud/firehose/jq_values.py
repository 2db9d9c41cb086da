"""What jq's operators and functions do with values.

Source: https://jqlang.org/manual/v1.6/
"""

from __future__ import annotations

import calendar
import json
import math
import re
import time
from collections.abc import Callable
from typing import Any

Value = Any


class JqError(Exception):
    """The program is not jq that is known here, or it fails on a value."""


def truth(value: Value) -> bool:
    return value is not None and value is not False


def type_name(value: Value) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")


def number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise JqError(f"{type_name(value)} ({json.dumps(value)}) is not a number")
    return value


def add(left: Value, right: Value) -> Value:
    if left is None or right is None:
        return right if left is None else left
    if type(left) is type(right) and isinstance(left, str | list):
        return left + right  # type: ignore[operator]
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    return number(left) + number(right)


def arithmetic(sign: str) -> Callable[[Value, Value], Value]:
    def run(left: Value, right: Value) -> Value:
        if sign == "/" and isinstance(left, str) and isinstance(right, str):
            return left.split(right)
        a, b = number(left), number(right)
        if sign in "/%" and b == 0:
            raise JqError(f"{a} and {b} cannot be divided because the divisor is zero")
        match sign:
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                quotient = a / b
                return int(quotient) if quotient.is_integer() else quotient
        return int(math.fmod(int(a), int(b)))

    return run


def _broken_down(seconds: Value) -> time.struct_time:
    if isinstance(seconds, list):
        year, month, day, hour, minute, second, *_ = [int(part) for part in seconds]
        return time.gmtime(calendar.timegm((year, month + 1, day, hour, minute, second)))
    return time.gmtime(number(seconds))


def _gmtime(seconds: Value) -> list[Value]:
    parts = time.gmtime(number(seconds))
    return [*(parts[0], parts[1] - 1), *parts[2:6], (parts[6] + 1) % 7, parts[7] - 1]


def _strptime(text: Value, pattern: str) -> list[Value]:
    return _gmtime(calendar.timegm(time.strptime(text, pattern)))


def _from_date(text: Value) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def _tonumber(value: Value) -> Value:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d+", value) else float(value)
    return number(value)


FUNCTIONS: dict[tuple[str, int], Callable[..., Value]] = {
    ("tostring", 0): lambda value: value if isinstance(value, str) else json.dumps(value, separators=(",", ":")),
    ("tonumber", 0): _tonumber,
    ("length", 0): lambda value: 0 if value is None else abs(value) if isinstance(value, int | float) else len(value),
    ("not", 0): lambda value: not truth(value),
    ("floor", 0): lambda value: math.floor(number(value)),
    ("ascii_downcase", 0): lambda value: value.lower(),
    ("ascii_upcase", 0): lambda value: value.upper(),
    ("split", 1): lambda value, by: value.split(by),
    ("join", 1): lambda value, by: by.join("" if each is None else str(each) for each in value),
    ("ltrimstr", 1): lambda value, start: value.removeprefix(start),
    ("rtrimstr", 1): lambda value, end: value.removesuffix(end),
    ("startswith", 1): lambda value, start: value.startswith(start),
    ("endswith", 1): lambda value, end: value.endswith(end),
    ("contains", 1): lambda value, part: part in value,
    ("has", 1): lambda value, key: key in value,
    ("test", 1): lambda value, pattern: re.search(pattern, value) is not None,
    ("fromjson", 0): json.loads,
    ("type", 0): type_name,
    ("gmtime", 0): _gmtime,
    ("mktime", 0): lambda value: calendar.timegm(_broken_down(value)),
    ("strftime", 1): lambda value, pattern: time.strftime(pattern, _broken_down(value)),
    ("strptime", 1): _strptime,
    ("fromdate", 0): _from_date,
    ("fromdateiso8601", 0): _from_date,
    ("todate", 0): lambda value: time.strftime("%Y-%m-%dT%H:%M:%SZ", _broken_down(value)),
    ("todateiso8601", 0): lambda value: time.strftime("%Y-%m-%dT%H:%M:%SZ", _broken_down(value)),
}
