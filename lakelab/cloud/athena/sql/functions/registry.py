"""Python functions that SQL can call: their registry, and the errors that they raise."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PythonFunction:
    """A function and its DuckDB types."""

    run: Callable[..., Any]
    parameters: Sequence[str]
    returns: str


FUNCTIONS: dict[str, PythonFunction] = {}


def python(returns: str, *parameters: str, name: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a Python function callable from SQL, as `trino_<name>`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS["trino_" + (name or function.__name__)] = PythonFunction(_without_null(function), parameters, returns)
        return function

    return register


def _without_null(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL for NULL. DuckDB would do the same by itself, but then refuse a function that returns NULL.

    The wrapper is made once and kept: DuckDB holds no reference to it after the connection that registered it is gone.
    """

    @functools.wraps(function)  # DuckDB counts the parameters of the signature
    def call(*values: Any) -> Any:
        return None if None in values else function(*values)

    return call


class TrinoError(ValueError):
    """An error with Trino's name before the message."""


def invalid(message: str) -> TrinoError:
    return TrinoError(f"INVALID_FUNCTION_ARGUMENT: {message}")
