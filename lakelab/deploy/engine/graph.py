"""Draws a deployed stack: its resources and what they stand on, as Mermaid text or as an SVG picture."""

from __future__ import annotations

from html import escape

from lakelab.deploy.engine import urn as urns
from lakelab.deploy.engine.state import ResourceState, Snapshot

_BOX_WIDTH, _BOX_HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 220, 44, 60, 16, 20


def nodes(snapshot: Snapshot) -> list[ResourceState]:
    """The resources worth drawing: neither the stack itself nor providers."""
    return [
        item
        for item in snapshot.resources
        if not item.delete and item.type != urns.STACK_TYPE and not urns.is_provider(item.type)
    ]


def edges(found: list[ResourceState]) -> list[tuple[str, str]]:
    """(dependent, what it stands on) pairs; a component stands for the parenthood of its children."""
    drawn = {item.urn for item in found}
    pairs = {(item.urn, urn) for item in found for urn in item.references() if urn in drawn and urn != item.urn}
    return sorted(pairs)


def mermaid(snapshot: Snapshot) -> str:
    """https://mermaid.js.org/syntax/flowchart.html"""
    found = nodes(snapshot)
    short = {item.urn: f"r{number}" for number, item in enumerate(found)}
    lines = ["flowchart LR"]
    for item in found:
        kind = item.type.rsplit(":", 1)[-1]
        shape = ('["', '"]') if item.custom else ('(["', '"])')
        lines.append(f"    {short[item.urn]}{shape[0]}{_quoted(item.urn)}<br/><small>{kind}</small>{shape[1]}")
    lines += [f"    {short[needed]} --> {short[dependent]}" for dependent, needed in edges(found)]
    return "\n".join(lines) + "\n"


def _quoted(urn: str) -> str:
    return urns.name_of(urn).replace('"', "#quot;")


def svg(snapshot: Snapshot) -> str:
    """A picture with what others stand on at the left, and an arrow to each dependent."""
    found = nodes(snapshot)
    pairs = edges(found)
    columns = _columns(found, pairs)
    places: dict[str, tuple[int, int]] = {}
    rows: dict[int, int] = {}
    for item in found:
        column = columns[item.urn]
        row = rows.get(column, 0)
        rows[column] = row + 1
        places[item.urn] = (_MARGIN + column * (_BOX_WIDTH + _GAP_X), _MARGIN + row * (_BOX_HEIGHT + _GAP_Y))
    width = 2 * _MARGIN + (max(columns.values(), default=0) + 1) * (_BOX_WIDTH + _GAP_X)
    height = 2 * _MARGIN + max(rows.values(), default=1) * (_BOX_HEIGHT + _GAP_Y)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'role="img"><title>Resources of a stack</title>',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#777"/></marker></defs>',
    ]
    parts += [_arrow(places[needed], places[dependent]) for dependent, needed in pairs]
    parts += [_box(item, *places[item.urn]) for item in found]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _columns(found: list[ResourceState], pairs: list[tuple[str, str]]) -> dict[str, int]:
    """How far right each resource stands: one more than the farthest of what it stands on."""
    needs: dict[str, list[str]] = {item.urn: [] for item in found}
    for dependent, needed in pairs:
        needs[dependent].append(needed)
    columns: dict[str, int] = {}

    def place(urn: str) -> int:
        if urn not in columns:
            columns[urn] = 0  # a circle, which a sound state does not have, would end here
            columns[urn] = max((place(needed) + 1 for needed in needs[urn]), default=0)
        return columns[urn]

    for item in found:
        place(item.urn)
    return columns


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + _BOX_HEIGHT // 2
    bend = (x1 + x2) // 2
    return f'<path d="M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}" fill="none" stroke="#999" marker-end="url(#a)"/>'


def _box(item: ResourceState, x: int, y: int) -> str:
    fill = "#e8f1fb" if item.custom else "#f3ecfa"
    name, kind = escape(urns.name_of(item.urn)[:30]), escape(item.type.rsplit(":", 1)[-1])
    return (
        f'<g><rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6" fill="{fill}" stroke="#789"/>'
        f'<text x="{x + 10}" y="{y + 18}" font-size="13">{name}</text>'
        f'<text x="{x + 10}" y="{y + 35}" font-size="11" fill="#567">{kind}</text></g>'
    )
