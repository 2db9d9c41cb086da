"""Where commands print: tables and progress for people on a terminal, plain text elsewhere, JSON for machines."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

out = Console()
errors = Console(stderr=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output, whatever the terminal is."""
    print(json.dumps(value, indent=2, default=str))


def next_step(text: str) -> None:
    """The last line of a command: what to do next."""
    out.print(f"[dim]next:[/] {text}", highlight=False, soft_wrap=True)
