"""What a model is made from, and what it reaches: read from dbt's manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

TESTS = ("test.", "unit_test.")


def upstream(manifest: dict[str, Any], model: str) -> list[str]:
    """The names of all models, seeds and sources that a model is made from, sorted."""
    return _reach(_parents(manifest), _id(manifest, model))


def impact(manifest: dict[str, Any], name: str) -> list[str]:
    """The names of all models and exposures that a source (`raw.orders`) or a model reaches, sorted."""
    children = defaultdict(list)
    for child, parents in _parents(manifest).items():
        for parent in parents:
            children[parent].append(child)
    return _reach(children, _id(manifest, name))


def _parents(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """The direct parents of each node that is no test."""
    everything = manifest["nodes"] | manifest["sources"] | manifest["exposures"]
    return {
        unique_id: node.get("depends_on", {}).get("nodes", [])
        for unique_id, node in everything.items()
        if not unique_id.startswith(TESTS)
    }


def _reach(edges: Mapping[str, list[str]], start: str) -> list[str]:
    """All that can be reached from a node, each once, however many ways lead to it."""
    found: set[str] = set()
    open_ = [start]
    while open_:
        for neighbour in edges.get(open_.pop(), []):
            if neighbour not in found:
                found.add(neighbour)
                open_.append(neighbour)
    return sorted(_name(unique_id) for unique_id in found)


def _name(unique_id: str) -> str:
    """`source.shop.raw.orders` is raw.orders, `model.shop.stg_orders` is stg_orders."""
    return ".".join(unique_id.split(".")[2:])


def _id(manifest: dict[str, Any], name: str) -> str:
    return next(unique_id for unique_id in _parents(manifest) if _name(unique_id) == name)
