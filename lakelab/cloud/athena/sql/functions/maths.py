"""Functions of numbers: distributions, bases, sizes."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from lakelab.cloud.athena.sql.functions.registry import invalid, python


@python("BIGINT", "VARCHAR", "BIGINT")
def from_base(text: str, radix: int) -> int:
    if not 2 <= radix <= 36:
        raise invalid("Radix must be between 2 and 36")
    try:
        return int(text, radix)
    except ValueError as error:
        raise invalid(f"Not a valid base-{radix} number: {text}") from error


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def normal_cdf(mean: float, deviation: float, value: float) -> float:
    if deviation <= 0:
        raise invalid("standardDeviation must be > 0")
    return NormalDist(mean, deviation).cdf(value)


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def inverse_normal_cdf(mean: float, deviation: float, probability: float) -> float:
    if not 0 < probability < 1:
        raise invalid("p must be 0 > p > 1")
    if deviation <= 0:
        raise invalid("sd must be > 0")
    return NormalDist(mean, deviation).inv_cdf(probability)


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Numerical Recipes, 6.4)."""
    if x in (0.0, 1.0):
        return x
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / d
    total = d
    for m in range(1, 300):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + numerator * d)
            c = 1 + numerator / c
            total *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * total / a


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def beta_cdf(a: float, b: float, value: float) -> float:
    if not 0 <= value <= 1:
        raise invalid("value must be in the interval [0, 1]")
    if a <= 0 or b <= 0:
        raise invalid("a, b must be > 0")
    return _beta(a, b, value)


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def inverse_beta_cdf(a: float, b: float, probability: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _beta(a, b, middle) < probability else (low, middle)
    return (low + high) / 2


def _wilson(successes: int, trials: int, z: float, sign: int) -> float:
    if successes < 0 or trials <= 0 or successes > trials or z < 0:
        raise invalid("number of successes must not be larger than number of trials")
    p = successes / trials
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return (p + z * z / (2 * trials) + sign * spread) / (1 + z * z / trials)


@python("DOUBLE", "BIGINT", "BIGINT", "DOUBLE")
def wilson_interval_lower(successes: int, trials: int, z: float) -> float:
    return _wilson(successes, trials, z, -1)


@python("DOUBLE", "BIGINT", "BIGINT", "DOUBLE")
def wilson_interval_upper(successes: int, trials: int, z: float) -> float:
    return _wilson(successes, trials, z, 1)


@python("DOUBLE", "MAP(VARCHAR, DOUBLE)", "MAP(VARCHAR, DOUBLE)")
def cosine_similarity(left: Any, right: Any) -> float | None:
    a, b = dict(left), dict(right)
    size = math.sqrt(sum(v * v for v in a.values())) * math.sqrt(sum(v * v for v in b.values()))
    return sum(value * b.get(key, 0.0) for key, value in a.items()) / size if size else None


_SIZES = {"B": 0, "kB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5, "EB": 6, "ZB": 7, "YB": 8}


@python("VARCHAR", "VARCHAR")
def parse_data_size(text: str) -> str:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]+)", text)
    if match is None or match[2] not in _SIZES:
        raise invalid(f"Invalid data size: '{text}'")
    return str(int(Decimal(match[1]) * 1024 ** _SIZES[match[2]]))
