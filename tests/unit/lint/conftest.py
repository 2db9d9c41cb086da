"""Resource graphs made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakelab.lint.graph import Graph, read

ROOT = Path("/project")
Make = Callable[..., dict[str, Any]]


def make_resource(token: str, name: str, inputs: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    """A resource as state has it; its id is the name in its inputs or its own."""
    inputs = inputs or {}
    physical = inputs.get("bucket") or inputs.get("name") or name
    return {
        "urn": f"urn:pulumi:lake-local::lakelab::{token}::{name}",
        "type": token,
        "custom": True,
        "id": physical,
        "inputs": inputs,
        "outputs": {**inputs, **state.pop("outputs", {})},
        "sourcePosition": "project:///stacks/lake.py#7",
        **state,
    }


def make_document(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "checkpoint": {"stack": "lake-local", "latest": {"resources": list(resources)}}}


@pytest.fixture
def resource() -> Make:
    return make_resource


@pytest.fixture
def document() -> Make:
    return make_document


@pytest.fixture
def graph() -> Callable[..., Graph]:
    """Makes the graph of these resources."""
    return lambda *resources: Graph(read(make_document(*resources), ROOT))
