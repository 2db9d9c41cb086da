"""`lakelab diagram`: how data flow through what is deployed."""

from __future__ import annotations

import typer

from lakelab.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(diagram)


def diagram() -> None:
    """Print how data flow through the deployed stacks, as a Mermaid graph that is read from their state."""
    from lakelab.pipeline.diagram import draw

    print(draw(settings()), end="")
