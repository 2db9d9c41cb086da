"""JSON as Trino keeps it."""

from __future__ import annotations

import json
from typing import Any

from lakelab.cloud.athena.sql.functions.registry import invalid, python


@python("VARCHAR", "VARCHAR")
def json_parse(text: str) -> str:
    """The JSON as Trino keeps it: no space, members sorted, numbers with a fraction as Java prints doubles."""
    try:
        value = json.loads(text, parse_float=_java_double, parse_int=_Number, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise invalid(f"Cannot convert value to JSON: '{text}'") from error
    return _json_text(value)


class _Number(str):
    """A number of JSON, as it was written."""


def _java_double(digits: str) -> _Number:
    """`2.5`, `1000.0`, `1.0E10`."""
    number = float(digits)
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return _Number(repr(number))
    mantissa, _, exponent = f"{number:e}".partition("e")
    shortest = repr(number)
    digits = shortest.partition("e")[0].replace(".", "").replace("-", "").strip("0") or "0"
    mantissa = ("-" if number < 0 else "") + digits[0] + "." + (digits[1:] or "0")
    return _Number(f"{mantissa}E{int(exponent)}")


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _json_text(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_json_text(value[key])}" for key in sorted(value))
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
