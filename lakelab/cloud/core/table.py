"""The table of docs/localstack.md: who answers which service over each core, a column at a time as it is measured."""

from __future__ import annotations

import re
from collections.abc import Mapping

BEGIN, END = "<!-- capabilities: written by make core-table -->", "<!-- end of capabilities -->"
SERVICE = "service"
Columns = dict[str, dict[str, str]]  # core -> service -> who answers


def column(services: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The column of a core: what `/_lakelab/health` says of it."""
    return {name: found["by"] for name, found in services.items()}


def read(text: str) -> Columns:
    """The columns of the table in a page. Raises ValueError when it has none."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _between(text)[1].strip().splitlines()]
    if not rows:
        return {}
    head, _, *body = rows
    return {core: {row[0]: row[place] for row in body} for place, core in enumerate(head) if place}


def write(text: str, core: str, found: Mapping[str, str]) -> str:
    """The page with the column of a core anew. Raises ValueError when the page has no place for the table."""
    before, _, after = _between(text)
    columns = {**read(text), core: dict(found)}
    services = sorted({service for answered in columns.values() for service in answered})
    lines = [
        _row([SERVICE, *columns]),
        _row(["---"] * (len(columns) + 1)),
        *(_row([service, *(answered.get(service, "") for answered in columns.values())]) for service in services),
    ]
    return before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _between(text: str) -> tuple[str, str, str]:
    found = re.fullmatch(rf"(.*){re.escape(BEGIN)}(.*){re.escape(END)}(.*)", text, re.DOTALL)
    if not found:
        raise ValueError(f"the page has no lines {BEGIN!r} and {END!r}")
    return found[1], found[2], found[3]
