"""The tests make their things in a workshop."""

from __future__ import annotations

from lakelab.workshop import workshop

__all__ = ["workshop"]
