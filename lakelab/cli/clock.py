"""`lakelab cloud clock`: what the local AWS's clock shows, and how to make 300 seconds pass in a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from lakelab.cli.console import next_step, out, print_json
from lakelab.cloud.clock import ask_clock
from lakelab.settings import settings

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> float:
    """`300`, `300s`, `5m`, `1h` or `1d` in seconds."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration; write 300s, 5m, 1h or 1d")
    return float(match[1]) * UNITS[match[2]]


@app.command()
def advance(
    duration: Annotated[str, typer.Argument(help="How far: 300s, 5m, 1h, 1d.")],
    as_json: Json = False,
) -> None:
    """Move the clock forward: buffers, batching windows, retries and ages go on as if that time had passed."""
    _show(ask_clock(settings(), advance=seconds(duration)), as_json)


@app.command()
def speed(
    factor: Annotated[float, typer.Argument(help="Seconds of the clock in one real second; 1 is real time.")],
    as_json: Json = False,
) -> None:
    """Make the clock run faster or slower from now on."""
    _show(ask_clock(settings(), speed=factor), as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Show what the clock says, how far it is ahead, and how fast it runs."""
    _show(ask_clock(settings()), as_json)


def _show(state: dict[str, float], as_json: bool) -> None:
    if as_json:
        print_json(state)
        return
    shown = datetime.fromtimestamp(state["now"], UTC)
    out.print(f"clock {shown:%Y-%m-%d %H:%M:%S} UTC, {state['ahead']:.0f} s ahead, speed {state['speed']:g}")
    next_step("lakelab cloud clock advance 300s")
