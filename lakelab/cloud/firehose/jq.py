"""The part of jq 1.6 with which partition keys are extracted.

Paths, slices, pipes, objects, arrays, `//`, comparisons, arithmetic, `if`, and the functions of FUNCTIONS. A program
with anything else is refused when the delivery stream is made. Source: https://jqlang.org/manual/v1.6/
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from lakelab.cloud.firehose.jq_values import FUNCTIONS, JqError, add, arithmetic, number, truth, type_name

Value = Any
Program = Callable[[Value], Iterator[Value]]

TOKENS = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?)|(?P<field>\.[A-Za-z_]\w*)'
    r"|(?P<op>//|==|!=|<=|>=|[|,;{}()\[\]:.<>+\-*/%?])|(?P<word>@?[A-Za-z_]\w*))"
)
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_program(text: str) -> Program:
    """A function that gives all results of a program for a JSON value. Raises JqError."""
    parser = _Parser(text)
    program = parser.pipe()
    if parser.peek() is not None:
        raise JqError(f"unexpected {parser.peek()!r} in {text!r}")
    return program


def compile_object(text: str) -> tuple[Program, list[str]]:
    """A program that constructs an object (`{city:.city}`), and the names of its members. Raises JqError."""
    program = compile_program(text)
    parser = _Parser(text)
    if parser.peek() != "{":
        raise JqError(f"{text!r} does not construct an object")
    parser.pipe()
    return program, parser.names


class _Parser:
    """Recursive descent: a method a level of precedence, each giving a program."""

    def __init__(self, text: str):
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = TOKENS.match(text, position)
            if found is None:
                raise JqError(f"cannot read {text[position:].strip()!r}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()
        self._at = 0
        self.names: list[str] = []  # of the members of the object with which the program begins

    def peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, *expected: str) -> str:
        symbol = self.peek()
        if symbol is None or (expected and symbol not in expected):
            raise JqError(f"expected {' or '.join(expected) or 'more'} after {self._text!r}, got {symbol!r}")
        self._at += 1
        return symbol

    def _skip(self, symbol: str) -> bool:
        if self.peek() == symbol:
            self._at += 1
            return True
        return False

    def pipe(self) -> Program:
        left = self._comma()
        return _piped(left, self.pipe()) if self._skip("|") else left

    def _comma(self) -> Program:
        left = self._alternative()
        return _both(left, self._comma()) if self._skip(",") else left

    def _alternative(self) -> Program:
        left = self._or()
        return _otherwise(left, self._alternative()) if self._skip("//") else left

    def _or(self) -> Program:
        left = self._and()
        while self._skip("or"):
            left = _combined(left, self._and(), lambda a, b: truth(a) or truth(b))
        return left

    def _and(self) -> Program:
        left = self._comparison()
        while self._skip("and"):
            left = _combined(left, self._comparison(), lambda a, b: truth(a) and truth(b))
        return left

    def _comparison(self) -> Program:
        left = self._sum()
        if self.peek() in COMPARISONS:
            compare = COMPARISONS[self._take()]
            return _combined(left, self._sum(), compare)
        return left

    def _sum(self) -> Program:
        left = self._product()
        while self.peek() in ("+", "-"):
            combine = add if self._take() == "+" else arithmetic("-")
            left = _combined(left, self._product(), combine)
        return left

    def _product(self) -> Program:
        left = self._postfix()
        while self.peek() in ("*", "/", "%"):
            sign = self._take()
            left = _combined(left, self._postfix(), arithmetic(sign))
        return left

    def _postfix(self) -> Program:
        program = self._term()
        while True:
            symbol = self.peek()
            if symbol is not None and self._tokens[self._at][0] == "field":
                self._at += 1
                program = _piped(program, _field(symbol[1:]))
            elif symbol == ".":
                self._at += 1
                program = _piped(program, self._after_dot())
            elif symbol == "[":
                program = self._bracket(program)
            elif symbol == "?":
                self._at += 1
                program = _tried(program)
            else:
                return program

    def _term(self) -> Program:
        if self._at >= len(self._tokens):
            raise JqError(f"{self._text!r} ends too early")
        kind, symbol = self._tokens[self._at]
        self._at += 1
        if kind == "field":
            return _field(symbol[1:])
        if kind == "string":
            return self._string(symbol)
        if kind == "number":
            literal = float(symbol) if "." in symbol else int(symbol)
            return lambda value: iter([literal])
        match symbol:
            case ".":
                return self._after_dot()
            case "(":
                inner = self.pipe()
                self._take(")")
                return inner
            case "-":
                inner = self._postfix()
                return lambda value: (-number(found) for found in inner(value))
            case "[":
                if self._skip("]"):
                    return lambda value: iter([[]])
                inner = self.pipe()
                self._take("]")
                return lambda value: iter([list(inner(value))])
            case "{":
                return self._object()
            case "if":
                return self._conditional()
        if kind == "word":
            return self._call(symbol)
        raise JqError(f"unexpected {symbol!r} in {self._text!r}")

    def _after_dot(self) -> Program:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "string":
            return _field(json.loads(self._take()))
        return lambda value: iter([value])

    def _string(self, symbol: str) -> Program:
        if "\\(" in symbol:
            raise JqError("string interpolation is not known here")
        text = json.loads(symbol)
        return lambda value: iter([text])

    def _bracket(self, program: Program) -> Program:
        self._take("[")
        if self._skip("]"):
            return _piped(program, _each)
        start = None if self.peek() == ":" else self.pipe()
        if self._skip(":"):
            end = None if self.peek() == "]" else self.pipe()
            self._take("]")
            return _sliced(program, start, end)
        self._take("]")
        return _indexed(program, start or _null)

    def _object(self) -> Program:
        members: list[tuple[Program, Program]] = []
        outermost = self._at == 1
        while not self._skip("}"):
            kind, symbol = self._tokens[self._at]
            self._at += 1
            if outermost and kind in ("word", "string"):
                self.names.append(json.loads(symbol) if kind == "string" else symbol)
            if kind == "word":
                key: Program = _constant(symbol)
                short = _field(symbol)
            elif kind == "string":
                key = _constant(json.loads(symbol))
                short = _field(json.loads(symbol))
            elif symbol == "(":
                key = self.pipe()
                self._take(")")
                short = _null
            else:
                raise JqError(f"{symbol!r} is no key of an object")
            members.append((key, self._member() if self._skip(":") else short))
            if not self._skip(","):
                self._take("}")
                break
        return _constructed(members)

    def _member(self) -> Program:
        # AWS's examples pipe within an object without parentheses, and so does its jq
        left = self._alternative()
        return _piped(left, self._member()) if self._skip("|") else left

    def _conditional(self) -> Program:
        test = self.pipe()
        self._take("then")
        yes = self.pipe()
        no: Program = lambda value: iter([value])  # noqa: E731
        if self._skip("elif"):
            no = self._conditional()
        else:
            if self._skip("else"):
                no = self.pipe()
            self._take("end")

        def run(value: Value) -> Iterator[Value]:
            for found in test(value):
                yield from (yes if truth(found) else no)(value)

        return run

    def _call(self, name: str) -> Program:
        arguments: list[Program] = []
        if self._skip("("):
            arguments.append(self.pipe())
            while self._skip(";"):
                arguments.append(self.pipe())
            self._take(")")
        if name in ("null", "true", "false") and not arguments:
            return _constant(json.loads(name))
        if name in ("select", "map") and len(arguments) == 1:
            return _select(arguments[0]) if name == "select" else _mapped(arguments[0])
        function = FUNCTIONS.get((name, len(arguments)))
        if function is None:
            raise JqError(f"the function {name}/{len(arguments)} is not known here")

        def run(value: Value) -> Iterator[Value]:
            values = [next(argument(value), None) for argument in arguments]
            try:
                yield function(value, *values)
            except (TypeError, ValueError, AttributeError, OverflowError) as error:
                raise JqError(f"{name} failed on {value!r}: {error}") from error

        return run


# ---- programs


def _constant(value: Value) -> Program:
    return lambda ignored: iter([value])


_null = _constant(None)


def _piped(left: Program, right: Program) -> Program:
    return lambda value: (result for found in left(value) for result in right(found))


def _both(left: Program, right: Program) -> Program:
    def run(value: Value) -> Iterator[Value]:
        yield from left(value)
        yield from right(value)

    return run


def _otherwise(left: Program, right: Program) -> Program:
    def run(value: Value) -> Iterator[Value]:
        try:
            found = [each for each in left(value) if truth(each)]
        except JqError:
            found = []
        return iter(found) if found else right(value)

    return run


def _combined(left: Program, right: Program, combine: Callable[[Value, Value], Value]) -> Program:
    return lambda value: (combine(a, b) for b in right(value) for a in left(value))


def _tried(program: Program) -> Program:
    def run(value: Value) -> Iterator[Value]:
        try:
            yield from program(value)
        except JqError:
            return

    return run


def _field(name: str) -> Program:
    def run(value: Value) -> Iterator[Value]:
        if value is not None and not isinstance(value, dict):
            raise JqError(f'Cannot index {type_name(value)} with "{name}"')
        yield None if value is None else value.get(name)

    return run


def _each(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        return iter(value.values())
    if isinstance(value, list):
        return iter(value)
    raise JqError(f"Cannot iterate over {type_name(value)}")


def _indexed(program: Program, index: Program) -> Program:
    def run(value: Value) -> Iterator[Value]:
        for holder in program(value):
            for place in index(value):
                if isinstance(holder, dict) and isinstance(place, str):
                    yield holder.get(place)
                elif isinstance(holder, list) and isinstance(place, int):
                    yield holder[place] if -len(holder) <= place < len(holder) else None
                elif holder is None:
                    yield None
                else:
                    raise JqError(f"Cannot index {type_name(holder)} with {type_name(place)}")

    return run


def _sliced(program: Program, start: Program | None, end: Program | None) -> Program:
    def run(value: Value) -> Iterator[Value]:
        low = next(start(value), None) if start else None
        high = next(end(value), None) if end else None
        for holder in program(value):
            if holder is not None and not isinstance(holder, str | list):
                raise JqError(f"Cannot index {type_name(holder)} with object")
            yield None if holder is None else holder[low:high]

    return run


def _constructed(members: list[tuple[Program, Program]]) -> Program:
    def run(value: Value) -> Iterator[Value]:
        made: list[dict[str, Value]] = [{}]
        for key, program in members:
            made = [{**each, name: found} for each in made for name in key(value) for found in program(value)]
        return iter(made)

    return run


def _select(test: Program) -> Program:
    return lambda value: (value for found in test(value) if truth(found))


def _mapped(program: Program) -> Program:
    return lambda value: iter([[result for each in _each(value) for result in program(each)]])
