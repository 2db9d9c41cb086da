"""The pipeline as `make up-local` runs it: every step can be repeated, and goes on where a killed run stopped."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from lakelab.cloud.environment import client, environment
from lakelab.cloud.server import Server
from lakelab.errors import LakelabError
from lakelab.pipeline import athena, crawl, deployment, report, seed, transform
from lakelab.pipeline.ingest import Counts, Ingest
from lakelab.pipeline.steps import Steps
from lakelab.settings import Settings

TARGET = "local"
REVENUE = "select * from monthly_revenue order by order_month, currency"


class Pipeline:
    """The steps from nothing to a monthly revenue, on the local AWS of one project."""

    def __init__(self, config: Settings, console: Console):
        self._config = config
        self._console = console
        self._steps = Steps(console)
        self._stacks = deployment.Stacks(config, TARGET)

    def run(self, *, days: int, rows: int, seed: int) -> None:
        """All steps, and the report at the end."""
        self._start()
        self._deploy(self._stacks.layers)
        counts = self.seed(days=days, rows=rows, seed=seed)
        self.transform()
        self._report(counts)

    def deploy_layer(self, layer: str) -> None:
        """Start the local AWS and deploy one layer with those that it needs."""
        self._start()
        self._deploy(self._stacks.needed_by(layer))

    def seed(self, *, days: int, rows: int, seed: int) -> Counts:
        """Generate and upload the order files, and wait until all files of the raw zone are ingested."""
        return self._load(days, rows, seed)
