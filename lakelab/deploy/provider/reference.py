"""Prints the page of resource types and properties that the embedded engine knows, as Markdown.

python -m lakelab.deploy.provider.reference
"""

from __future__ import annotations

from collections.abc import Iterator

from lakelab.deploy.provider import schema
from lakelab.deploy.provider.invokes import FUNCTIONS
from lakelab.deploy.provider.resource import Property, Resource
from lakelab.deploy.provider.services import all_types


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    types = all_types()
    yield "# Resource types of the embedded engine"
    yield ""
    yield f"{len(types)} types, checked against pulumi-aws {schema.version()}. A type or a property that is not here is"
    yield "an error at preview. With the Pulumi CLI on PATH all of pulumi-aws is there."
    for token, kind in types.items():
        yield from ("", f"## `{token}`", "", "| property | type | notes |", "| --- | --- | --- |")
        for name, known in kind.properties.items():
            yield f"| `{name}` | {_type(kind.schema.inputs[name])} | {', '.join(_notes(kind, name, known))} |"
        missing = sorted(set(kind.schema.inputs) - set(kind.properties))
        if missing:
            yield from ("", "Not known: " + ", ".join(f"`{name}`" for name in missing) + ".")
    yield from ("", "## Functions", "", *(f"- `{token}`" for token in FUNCTIONS))


def _type(kind: schema.Type) -> str:
    if isinstance(kind, str):
        return kind
    (shape, inner), *_ = kind.items()
    return "object" if shape == "object" else f"{shape} of {_type(inner)}"


def _notes(kind: Resource, name: str, known: Property) -> Iterator[str]:
    if name in kind.schema.required:
        yield "required"
    if name == kind.name:
        yield "named automatically when not given"
    if known.replaces:
        yield "a change replaces the resource"
    if known.default not in (None, False):
        yield f"default `{known.default}`"
    if known.low is not None or known.high is not None:
        yield f"from {known.low:g} to {known.high:g}" if known.high is not None else f"at least {known.low:g}"
    if known.choices:
        yield "one of " + " ".join(f"`{choice}`" for choice in known.choices)
    if known.computed and name != "region":
        yield "chosen by AWS when not given"
    if known.local and name != "region" and not name.endswith("Prefix"):
        yield "kept in the state only"
    if known.blind:
        yield "drift cannot be seen"


if __name__ == "__main__":
    print(page(), end="")
