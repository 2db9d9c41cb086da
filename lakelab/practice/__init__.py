"""Runs the exercises of `labs/`: prepares a workspace, starts what an exercise needs, grades the work, keeps progress.

A checker (`labs/<folder>/check.py`) imports two names from here: `Work`, what it is given, and `Wrong`, what it raises.
"""

from __future__ import annotations

from lakelab.practice.work import Work, Wrong

__all__ = ["Work", "Wrong"]
