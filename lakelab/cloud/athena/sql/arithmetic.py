"""`+ - * / %` with Trino's result types.

https://trino.io/docs/435/functions/decimal.html#arithmetic-operators
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from sqlglot import exp

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.binding import let, let_all
from lakelab.cloud.athena.sql.coercion import common_type
from lakelab.cloud.athena.sql.typed import Typed, fail
from lakelab.cloud.athena.sql.types import (
    BIGINT,
    DAY_TO_SECOND,
    DOUBLE,
    MAX_PRECISION,
    Type,
    as_decimal,
    decimal,
    to_duckdb,
)

SYMBOLS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


_NARROW = 18  # digits: what DuckDB computes in 64 bits
_WIDE: ContextVar[bool] = ContextVar("wide", default=False)


@contextmanager
def wide_decimals() -> Iterator[None]:
    """Translate so that sums and products of decimals have all of Trino's digits.

    DuckDB gives two decimals of up to 18 digits a result of 18, and raises an error where that does not hold the value.
    It does nearly always, and is much faster: so statements are translated for it first, and again after that error.
    """
    token = _WIDE.set(True)
    try:
        yield
    finally:
        _WIDE.reset(token)


class Ambiguous(Exception):
    """NULL could be a number or an interval."""


def _ambiguous_null(symbol: str, left: Type, right: Type) -> bool:
    if symbol == "*":
        names = {left.name, right.name}
        return "unknown" in names and bool(names & {"double", "bigint"})
    return symbol == "/" and left.name == "unknown" and right.name == "double"


def binary(symbol: str, left: Typed, right: Typed) -> Typed | None:
    """The result of an operator; None when Trino has no such operator for the types."""
    if left.type.name == "unknown" and right.type.name == "unknown":
        return None
    if _ambiguous_null(symbol, left.type, right.type):
        raise Ambiguous
    if left.type.name == "unknown":
        left = conversion.cast(left, _partner(symbol, right.type))
    if right.type.name == "unknown":
        right = conversion.cast(right, _partner(symbol, left.type))
    if left.type.is_numeric and right.type.is_numeric:
        return _numbers(symbol, left, right)
    return _times(symbol, left, right)


def _partner(symbol: str, kind: Type) -> Type:
    """What a NULL beside a value of `kind` stands for."""
    if symbol == "*" and kind.is_interval:
        return BIGINT
    if kind.name == "decimal":
        return decimal(1, 0)
    return DAY_TO_SECOND if kind.name.startswith(("time", "date")) and symbol == "+" else kind


def _numbers(symbol: str, left: Typed, right: Typed) -> Typed | None:
    kind = common_type(left.type, right.type)
    if kind is None:
        return None
    if kind.name == "decimal":
        return _decimals(symbol, left, right)
    left, right = conversion.operand(left, kind), conversion.operand(right, kind)
    if kind.is_integer and symbol in "/%":
        return integer_division(symbol, left, right, kind)
    both_narrow = kind.name != "integer" and left.is_literal and right.is_literal
    return Typed(f"({left.sql} {symbol} {right.sql})", kind, exact=not both_narrow and kind.name != "real")


def integer_division(symbol: str, left: Typed, right: Typed, kind: Type) -> Typed:
    """Integers divide to integers, and by zero not at all; DuckDB gives a double, or NULL."""
    operator = "//" if symbol == "/" else "%"
    return Typed(f"({left.sql} {operator} {_not_zero(right, kind)})", kind, exact=False)


def _not_zero(divisor: Typed, kind: Type) -> str:
    if divisor.is_literal and isinstance(divisor.value, str) and float(divisor.value) != 0:
        return divisor.sql
    problem = fail("DIVISION_BY_ZERO", "Division by zero", kind)
    return let(divisor.sql, lambda value: f"CASE WHEN {value} = 0 THEN {problem} ELSE {value} END")


def _decimals(symbol: str, left: Typed, right: Typed) -> Typed | None:
    a, b = as_decimal(left.type), as_decimal(right.type)
    if a is None or b is None:
        return None
    left, right = (
        conversion.coerce(left, a) if left.type.is_integer else left,
        conversion.coerce(right, b) if right.type.is_integer else right,
    )
    match symbol:
        case "+" | "-":
            scale = max(a.scale, b.scale)
            kind = decimal(max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
        case "*":
            if a.scale + b.scale > MAX_PRECISION:
                return None
            kind = decimal(a.precision + b.precision, a.scale + b.scale)
        case "/" if right.is_literal and isinstance(right.value, str) and "." in right.value and not float(right.value):
            # Athena, unlike Trino: dbt-athena's tests, which run on AWS, want Infinity of 1 / 0.0, and NaN of 0 / 0.0
            return Typed(f"({conversion.coerce(left, DOUBLE).sql} / CAST(0 AS DOUBLE))", DOUBLE)
        case "/":
            kind = decimal(a.precision + b.scale + max(b.scale - a.scale, 0), max(a.scale, b.scale))
            return decimal_division(left, right, kind)
        case _:
            scale = max(a.scale, b.scale)
            kind = decimal(min(b.precision - b.scale, a.precision - a.scale) + scale, scale)
            return Typed(f"({left.sql} % {_not_zero(right, b)})", kind, exact=False)
    if _WIDE.get() and a.precision <= _NARROW and b.precision <= _NARROW < kind.precision:
        left = replace(left, sql=f"CAST({left.sql} AS {to_duckdb(decimal(MAX_PRECISION, a.scale))})")
    return Typed(f"({left.sql} {symbol} {right.sql})", kind, exact=False)


def decimal_division(left: Typed, right: Typed, kind: Type) -> Typed:
    """The quotient rounded half up to the scale of the result; DuckDB divides decimals as doubles.

    Both sides become integers (the unscaled values), the dividend with one factor of two so that the rounding is an
    integer division as well. 18 digits fit into BIGINT, which is quick; more take HUGEINT.
    """
    a, b = left.type, right.type
    shift = kind.scale + b.scale - a.scale
    small = a.precision + shift < 17 and b.precision < 17
    integer = "BIGINT" if small else "HUGEINT"
    dividend = f"(2 * {unscaled(left, integer)}{_power(shift, integer)})"
    divisor = unscaled(Typed(_not_zero(right, b), b), integer)

    def rounded(values: Sequence[str]) -> str:
        # sign(dividend) * |divisor| rounds away from zero, as half up does for both signs
        up, down = values
        quotient = f"(({up} + sign({up}) * abs({down})) // (2 * {down}))"
        return quotient if small else f"CAST({quotient} AS {integer})"

    return Typed(scaled(let_all([dividend, divisor], rounded), kind), kind)


def unscaled(item: Typed, integer: str) -> str:
    """The digits of a decimal as an integer: 1.50 -> 150."""
    scale = item.type.scale
    if scale == 0:
        return f"CAST({item.sql} AS {integer})"
    width = min(MAX_PRECISION, item.type.precision + scale)
    return f"CAST(CAST({item.sql} AS DECIMAL({width},{scale})) * {10**scale} AS {integer})"


def scaled(sql: str, kind: Type) -> str:
    """The decimal with these digits: 150 -> 1.50."""
    if kind.scale == 0:
        return f"CAST({sql} AS {to_duckdb(kind)})"
    whole = MAX_PRECISION - kind.scale
    digits = min(whole, kind.precision)
    unit = f"CAST(0.{'0' * (kind.scale - 1)}1 AS DECIMAL({kind.scale},{kind.scale}))"
    return f"CAST(CAST({sql} AS DECIMAL({digits},0)) * {unit} AS {to_duckdb(kind)})"


def _power(exponent: int, integer: str) -> str:
    return f" * CAST({10**exponent} AS {integer})" if exponent > 0 else ""


def _times(symbol: str, left: Typed, right: Typed) -> Typed | None:
    a, b = left.type, right.type
    if symbol == "+" and a.is_interval and not b.is_interval:
        left, right, a, b = right, left, b, a
    if symbol in "+-" and a.is_interval and a == b:
        return Typed(f"({left.sql} {symbol} {right.sql})", a)
    if symbol in "+-" and b.is_interval:
        if a.name == "date" and b == DAY_TO_SECOND and right.value is not None and int(str(right.value)) % 86_400_000:
            verb = "add hour, minutes or seconds to" if symbol == "+" else "subtract hour, minutes or seconds from"
            return Typed(fail("INVALID_FUNCTION_ARGUMENT", f"Cannot {verb} a date", a), a)
        if a.name == "date":
            return Typed(f"CAST(({left.sql} {symbol} {right.sql}) AS DATE)", a)
        if a.name.startswith("timestamp"):
            precision = max(a.precision, 3) if b == DAY_TO_SECOND else a.precision
            return Typed(f"({left.sql} {symbol} {right.sql})", Type(a.name, (precision,), zone=a.zone))
        if a.name.startswith("time") and b == DAY_TO_SECOND:
            return Typed(f"({left.sql} {symbol} {right.sql})", Type(a.name, (max(a.precision, 3),)))
    if symbol == "-" and a.name == b.name == "date":
        return Typed(f"to_days(CAST({left.sql} - {right.sql} AS INTEGER))", DAY_TO_SECOND)
    if symbol == "-" and a.name.startswith(("timestamp", "date")) and b.name.startswith(("timestamp", "date")):
        return Typed(f"({left.sql} - {right.sql})", DAY_TO_SECOND)
    if symbol == "*" and b.is_interval and a.is_numeric:
        left, right, a, b = right, left, b, a
    if symbol in "*/" and a.is_interval and b.is_numeric:
        return Typed(scale_interval(left.sql, symbol, right), a)
    return None


def scale_interval(sql: str, symbol: str, factor: Typed) -> str:
    if factor.type.is_integer and symbol == "*":
        return f"({sql} * {factor.sql})"
    millis = f"round(epoch({sql}) * 1000 {symbol} {conversion.coerce(factor, DOUBLE).sql})"
    return f"to_microseconds(CAST({millis} * 1000 AS BIGINT))"
