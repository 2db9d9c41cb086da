"""What a model is made from, and what it reaches: read from dbt's manifest."""

from __future__ import annotations

from typing import Any


def upstream(manifest: dict[str, Any], model: str) -> list[str]:
    """The names of all models, seeds and sources that a model is made from, sorted."""
    raise NotImplementedError


def impact(manifest: dict[str, Any], name: str) -> list[str]:
    """The names of all models and exposures that a source (`raw.orders`) or a model reaches, sorted."""
    raise NotImplementedError
