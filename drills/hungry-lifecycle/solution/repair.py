"""Puts the program's lifecycle rules back."""

from __future__ import annotations

import subprocess

subprocess.run(
    ["lakelab", "deploy", "up", "-s", "lake-local", "--refresh", "--yes", "--engine", "embedded"], check=True
)
