"""`lakelab dashboard`: the monthly revenue in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from lakelab.cli.console import next_step
from lakelab.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(dashboard)


def dashboard(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of this machine.")] = 8501,
) -> None:
    """Show the monthly revenue in a browser: the Streamlit app of dashboard/, with the rights of an analyst."""
    from lakelab.pipeline.dashboard import Dashboard, wait_for_app

    process = Dashboard(settings()).start(port)
    try:
        next_step(f"open {wait_for_app(process, port)} in a browser; Ctrl-C ends it")
        raise typer.Exit(process.wait())
    finally:
        process.terminate()
