"""URNs: the names by which Pulumi knows resources, `urn:pulumi:<stack>::<project>::<types>::<name>`."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, kind: str, name: str) -> str:
    """The URN of a resource; the types of its parents, save the stack, stand before its own."""
    above = qualified_type(parent) if parent else ""
    types = kind if not above or above == STACK_TYPE else f"{above}${kind}"
    return f"urn:pulumi:{stack}::{project}::{types}::{name}"


def qualified_type(urn: str) -> str:
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    return urn.split("::", 3)[3]


def is_provider(kind: str) -> bool:
    return kind.startswith(PROVIDER_PREFIX)


def matches(urn: str, pattern: str) -> bool:
    """Whether a --target means this resource: its URN, its name, or a pattern with `*` for either."""
    from fnmatch import fnmatchcase

    if "*" not in pattern:
        return pattern in (urn, name_of(urn))
    return fnmatchcase(urn, pattern) or fnmatchcase(name_of(urn), pattern)
