"""Column types as a crawler infers them, and how two of them become one that holds both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Struct:
    """`struct<a:int,b:string>`; the names of its fields keep their case."""

    fields: tuple[tuple[str, HiveType], ...]

    def __str__(self) -> str:
        return f"struct<{','.join(f'{name}:{type_}' for name, type_ in self.fields)}>"


@dataclass(frozen=True)
class Array:
    """`array<int>`."""

    element: HiveType

    def __str__(self) -> str:
        return f"array<{self.element}>"


@dataclass(frozen=True)
class Map:
    """`map<string,int>`."""

    key: HiveType
    value: HiveType

    def __str__(self) -> str:
        return f"map<{self.key},{self.value}>"


HiveType: TypeAlias = str | Struct | Array | Map
Columns: TypeAlias = dict[str, HiveType]  # in the order of the file

UNKNOWN = "null"  # of a value that was null wherever it was seen; the schema that is written has a string instead

_WIDTH = {name: width for width, name in enumerate(("tinyint", "smallint", "int", "bigint", "float", "double"))}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
MAX_PRECISION = 38


def widen(one: HiveType, other: HiveType) -> HiveType:
    """The narrowest type that holds the values of both: `int` and `double` make a `double`, what has nothing in common
    makes a `string`."""
    if one == other or other == UNKNOWN:
        return one
    if one == UNKNOWN:
        return other
    match one, other:
        case Struct(), Struct():
            return Struct(tuple(merge(dict(one.fields), dict(other.fields)).items()))
        case Array(), Array():
            return Array(widen(one.element, other.element))
        case Map(), Map():
            return Map(widen(one.key, other.key), widen(one.value, other.value))
        case str(), str():
            return _widen_simple(one, other)
    return "string"


def merge(one: Mapping[str, HiveType], other: Mapping[str, HiveType]) -> Columns:
    """The columns of both: those of `one` in their order, then what only `other` has."""
    merged = dict(one)
    for name, type_ in other.items():
        merged[name] = widen(merged[name], type_) if name in merged else type_
    return merged


def settled(type_: HiveType) -> HiveType:
    """The type without unknown parts, which become strings."""
    match type_:
        case Struct():
            return Struct(tuple((name, settled(field)) for name, field in type_.fields))
        case Array():
            return Array(settled(type_.element))
        case Map():
            return Map(settled(type_.key), settled(type_.value))
    return "string" if type_ == UNKNOWN else type_


def widest(types: Iterable[HiveType]) -> HiveType:
    """The type that holds the values of all."""
    result: HiveType = UNKNOWN
    for type_ in types:
        result = widen(result, type_)
    return result


def _widen_simple(one: str, other: str) -> str:
    if one in _WIDTH and other in _WIDTH:
        wide = max(one, other, key=_WIDTH.__getitem__)
        # a float has 24 bits for a whole number, which an int may not fit in
        return "double" if wide == "float" and {one, other} & {"int", "bigint"} else wide
    if (decimal := _widen_decimal(one, other)) is not None:
        return decimal
    if {one, other} == {"date", "timestamp"}:
        return "timestamp"
    return "string"


def _widen_decimal(one: str, other: str) -> str | None:
    if {one, other} & {"float", "double"} and (_DECIMAL.fullmatch(one) or _DECIMAL.fullmatch(other)):
        return "double"
    left, right = _digits(one), _digits(other)
    if left is None or right is None:
        return None
    scale = max(left[1], right[1])
    precision = max(left[0], right[0]) + scale
    return f"decimal({precision},{scale})" if precision <= MAX_PRECISION else "double"


def _digits(type_: str) -> tuple[int, int] | None:
    """The digits before and after the point."""
    if match := _DECIMAL.fullmatch(type_):
        return int(match[1]) - int(match[2]), int(match[2])
    return (_DIGITS[type_], 0) if type_ in _DIGITS else None
