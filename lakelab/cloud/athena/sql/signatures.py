"""Finds the overload of a function that Trino would call, and the type that it returns.

`functions.tsv` is what `SHOW FUNCTIONS` of Trino 435 answers: name, return type, argument types, kind.
https://trino.io/docs/435/sql/show-functions.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from lakelab.cloud.athena.sql.coercion import can_coerce, common_type
from lakelab.cloud.athena.sql.types import (
    UNKNOWN,
    VARCHAR,
    Field,
    Type,
    TypeNameError,
    as_decimal,
    parse_type,
)

Kind = Literal["scalar", "aggregate", "window"]

# SHOW FUNCTIONS does not say which functions repeat their last argument
_VARIADIC = {
    *("concat(varchar)", "concat(varbinary)", "concat(array(E))", "concat_ws(varchar, varchar)"),
    *("greatest(E)", "least(E)", "map_concat(map(K,V))"),
}

ResolveLambda = Callable[[int, Sequence[Type]], Type]
"""The type that the lambda at an argument's place returns, given the types of its parameters."""


class NoOverload(Exception):
    """No overload of the function takes these arguments."""


class Ambiguous(Exception):
    """Several overloads take a NULL equally well."""


@dataclass(frozen=True)
class Pattern:
    """A type in a signature: a name with arguments, where a bare name that is no type is a variable."""

    name: str
    args: tuple[Pattern, ...] = ()

    @property
    def is_variable(self) -> bool:
        return not self.args and self.name in _VARIABLES


_VARIABLES = {"t", "e", "k", "v", "s", "r", "u", "t1", "t2", "t3", "t4", "t5", "k1", "k2", "v1", "v2", "v3"}


@dataclass(frozen=True)
class Signature:
    """One overload."""

    name: str
    kind: Kind
    returns: Pattern
    arguments: tuple[Pattern, ...]
    variadic: bool
    text: str

    def accepts(self, count: int) -> bool:
        return count >= len(self.arguments) if self.variadic else count == len(self.arguments)

    def expand(self, count: int) -> tuple[Pattern, ...]:
        """The pattern of each of `count` arguments."""
        extra = count - len(self.arguments)
        return self.arguments + (self.arguments[-1],) * extra if extra > 0 else self.arguments


@dataclass(frozen=True)
class Resolved:
    """The overload of a call: the types that its arguments are to be converted to, and the type of its result."""

    signature: Signature
    arguments: tuple[Type, ...]
    returns: Type


@lru_cache(maxsize=1)
def _lines() -> dict[str, list[str]]:
    text = files("lakelab.cloud.athena.sql").joinpath("functions.tsv").read_text(encoding="utf-8")
    table: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            table.setdefault(line.split("\t", 1)[0], []).append(line)
    return table


@lru_cache(maxsize=512)
def signatures(name: str) -> tuple[Signature, ...]:
    """The overloads of a function; none when Trino does not have it."""
    found = []
    for line in _lines().get(name, ()):
        _, returns, arguments, kind = line.split("\t")
        found.append(
            Signature(
                name,
                kind,  # type: ignore[arg-type]
                _pattern(returns),
                tuple(_pattern(text) for text in _split(arguments)),
                f"{name}({arguments})" in _VARIADIC,
                f"{name}({arguments})",
            )
        )
    return tuple(found)


def _split(text: str) -> list[str]:
    """The comma-separated parts of a list, leaving nested parentheses whole."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    if text[start:].strip():
        parts.append(text[start:].strip())
    return parts


def _pattern(text: str) -> Pattern:
    opening = text.find("(")
    if opening < 0:
        return Pattern(text.lower())
    closing = text.rfind(")")
    name = (text[:opening] + text[closing + 1 :]).lower()
    return Pattern(name, tuple(_pattern(part) for part in _split(text[opening + 1 : closing])))


def resolve(name: str, arguments: Sequence[Type | None], resolve_lambda: ResolveLambda) -> Resolved:
    """The overload that Trino calls; an argument that is a lambda is given as None.

    An overload that takes the arguments as they are goes first; then, of those that take them with implicit
    conversions, the most specific. Raises NoOverload.
    """
    candidates = [item for item in signatures(name) if item.accepts(len(arguments))]
    for exact in (True, False):
        matches = []
        for candidate in candidates:
            bound = _Binder(candidate, arguments, resolve_lambda, exact).bind()
            if bound is not None:
                matches.append(bound)
        if matches:
            return _most_specific(matches, any(kind is not None and kind.name == "unknown" for kind in arguments))
    raise NoOverload(name)


def _most_specific(matches: list[Resolved], has_null: bool) -> Resolved:
    for match in matches:
        if all(other is match or _more_specific(match, other) for other in matches):
            return match
    if has_null and len({match.returns for match in matches}) > 1:
        raise Ambiguous
    return matches[0]


def _more_specific(left: Resolved, right: Resolved) -> bool:
    """Whether what `left` takes could also be given to `right`."""
    arguments = [None if kind.name == "function" else kind for kind in left.arguments]
    return _Binder(right.signature, arguments, lambda _, __: UNKNOWN, False).bind() is not None


@dataclass
class _Binder:
    """Matches arguments against one signature, collecting what its variables stand for."""

    signature: Signature
    arguments: Sequence[Type | None]
    resolve_lambda: ResolveLambda
    exact: bool
    types: dict[str, Type] = field(default_factory=dict)
    numbers: dict[str, int | None] = field(default_factory=dict)

    def bind(self) -> Resolved | None:
        patterns = self.signature.expand(len(self.arguments))
        pairs = list(zip(patterns, self.arguments, strict=True))
        for pattern, argument in pairs:
            if argument is not None and (pattern.name == "function" or not self._match(pattern, argument)):
                return None
        for index, (pattern, argument) in enumerate(pairs):
            if argument is None:
                if pattern.name != "function":
                    return None
                *inputs, output = pattern.args
                returned = self.resolve_lambda(index, [self._build(item) for item in inputs])
                if not self._match(output, returned):
                    return None
        for pattern, argument in pairs:
            self._collect(pattern, self._build(pattern, argument))
        targets = []
        for pattern, argument in pairs:
            target = self._build(pattern, argument)
            if target.name.startswith("time") and pattern.args:
                target = Type(target.name, (self.numbers[pattern.args[0].name] or 0,))
            if argument is not None and not can_coerce(argument, target):
                return None
            targets.append(target.at(argument.zone) if argument is not None else target)
        return Resolved(self.signature, tuple(targets), self._build(self.signature.returns))

    def _collect(self, pattern: Pattern, actual: Type) -> None:
        """Remember the numbers that variables such as `p` stand for; of several, the largest."""
        if pattern.name in ("array", "map"):
            for part, kind in zip(pattern.args, actual.items, strict=False):
                self._collect(part, kind)
        elif pattern.name == actual.name and _fixed(pattern) is None:
            for index, part in enumerate(pattern.args):
                number = actual.params[index] if index < len(actual.params) else None
                known = self.numbers.get(part.name, number)
                self.numbers[part.name] = None if known is None or number is None else max(known, number)

    def _match(self, pattern: Pattern, actual: Type) -> bool:
        if pattern.is_variable:
            known = self.types.get(pattern.name)
            if known is None:
                self.types[pattern.name] = actual
                return True
            common = common_type(known, actual)
            if common is None or (self.exact and common != known):
                return False
            self.types[pattern.name] = common
            return True
        if actual.name == "unknown":
            return not self.exact
        if pattern.name in ("array", "map", "row") and pattern.args:
            if actual.name != pattern.name:
                return False
            parts = [item.type for item in actual.fields] if actual.name == "row" else list(actual.items)
            return len(parts) == len(pattern.args) and all(map(self._match, pattern.args, parts))
        if pattern.name == "function":
            return False
        base = _base_name(pattern)
        if actual.name == base:
            return self._fits(pattern, actual)
        return not self.exact and can_coerce(actual, self._build(pattern, actual))

    def _fits(self, pattern: Pattern, actual: Type) -> bool:
        """Whether the numbers of a type fit: `varchar(1)` and `varchar` are fixed, `varchar(x)` takes any."""
        fixed = _fixed(pattern)
        if fixed is None:
            return True
        if self.exact and pattern.name == "varchar":
            return True  # a shorter varchar needs no conversion
        return can_coerce(actual, fixed)

    def _build(self, pattern: Pattern, actual: Type | None = None) -> Type:
        """The type that a pattern stands for; numbers that are variables come from the argument itself."""
        if pattern.is_variable:
            return self.types.get(pattern.name, UNKNOWN)
        if pattern.name in ("array", "map", "row", "function") and pattern.args:
            if actual is not None and actual.name == pattern.name and pattern.name != "row":
                items = tuple(self._build(p, a) for p, a in zip(pattern.args, actual.items, strict=False))
                return Type(pattern.name, items=items)
            items = tuple(self._build(item) for item in pattern.args)
            if pattern.name == "row":
                return Type("row", fields=tuple(Field(None, item) for item in items))
            return Type(pattern.name, items=items)
        fixed = _fixed(pattern)
        if fixed is not None:
            return VARCHAR if fixed.name == "varchar" and actual is None and not pattern.args else fixed
        return _with_numbers(pattern, actual) if actual is not None else self._returned(pattern)

    def _returned(self, pattern: Pattern) -> Type:
        """A type of the result whose numbers are the arguments' (`varchar(x)`) or unknown here (`varchar(u)`)."""
        numbers = [int(item.name) if item.name.isdigit() else self.numbers.get(item.name) for item in pattern.args]
        if pattern.name == "varchar":
            return Type("varchar", tuple(number for number in numbers if number is not None))
        known = tuple(number for number in numbers if number is not None)
        if pattern.name == "decimal" and len(known) < 2:
            return Type("decimal", (38, known[0] if known else 0))
        return Type(pattern.name, known or (3,))


@lru_cache(maxsize=1024)
def _fixed(pattern: Pattern) -> Type | None:
    """The type of a pattern without variables; None when it has some."""
    if pattern.name in ("decimal", "char") and not pattern.args:
        return None
    if any(not item.name.isdigit() for item in pattern.args):
        return None
    numbers = f"({','.join(item.name for item in pattern.args)})" if pattern.args else ""
    base, _, zone = pattern.name.partition(" with")
    try:
        return parse_type(f"{base}{numbers} with{zone}" if zone else f"{base}{numbers}")
    except TypeNameError:
        return None


def _base_name(pattern: Pattern) -> str:
    fixed = _fixed(pattern)
    return fixed.name if fixed is not None else pattern.name


def _with_numbers(pattern: Pattern, actual: Type | None) -> Type:
    """`decimal(p,s)`, `varchar(x)`, `timestamp(p) with time zone` with the numbers of the argument."""
    if pattern.name == "decimal":
        exact = as_decimal(actual) if actual is not None else None
        return exact or Type("decimal", (1, 0))
    if pattern.name == "varchar":
        if actual is not None and actual.is_text:
            return Type("varchar", actual.params)
        return Type("varchar", (0,)) if actual is not None and actual.name == "unknown" else VARCHAR
    if pattern.name == "char":
        return Type("char", actual.params or (1,)) if actual is not None and actual.is_text else Type("char", (1,))
    if pattern.name.startswith("time"):
        precision = actual.params[0] if actual is not None and actual.params and actual.name.startswith("time") else 0
        return Type(pattern.name, (precision,))
    return Type(pattern.name)
