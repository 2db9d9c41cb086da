"""The report in the formats that people and machines read: one module a format, each with `render(report) -> str`."""

from __future__ import annotations

from collections.abc import Callable

from lakelab.lint.findings import Report
from lakelab.lint.formats import document, github, junit, sarif

FORMATS: dict[str, Callable[[Report], str]] = {
    "json": document.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "github": github.render,
}
