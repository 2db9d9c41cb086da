"""`lakelab cloud clock`: durations as people write them."""

from __future__ import annotations

import pytest
import typer

from lakelab.cli.clock import seconds


@pytest.mark.parametrize(
    ("text", "expected"), [("300", 300), ("300s", 300), ("5m", 300), ("1.5h", 5400), ("2d", 172_800), (" 10 s ", 10)]
)
def test_a_duration(text: str, expected: float):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5 weeks"])
def test_what_is_no_duration(text: str):
    with pytest.raises(typer.BadParameter, match="is no duration; write 300s, 5m, 1h or 1d"):
        seconds(text)
