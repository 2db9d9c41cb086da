"""The Glue service: its operations by resource, over one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias

from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Core
from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue import entities, partition_store, store
from lakelab.cloud.glue.authorization import resources_of
from lakelab.cloud.glue.crawler import store as crawl_store
from lakelab.cloud.glue.crawler.runner import CrawlRunner
from lakelab.cloud.glue.crawler.store import CrawlStore
from lakelab.cloud.glue.crawlers import CrawlerOperations
from lakelab.cloud.glue.databases import DatabaseOperations
from lakelab.cloud.glue.entities import EntityStore
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.partitions import PartitionOperations
from lakelab.cloud.glue.schedule import Clock, is_due
from lakelab.cloud.glue.store import CatalogStore
from lakelab.cloud.glue.tables import TableOperations
from lakelab.cloud.wire import Call, Params, Service

Invoke: TypeAlias = Callable[[str, str, Params, Caller], Params]


class GlueService(DatabaseOperations, TableOperations, PartitionOperations, CrawlerOperations, Service):
    """The local Glue.

    Args:
        state: the folder of its file, `glue.sqlite`.
        invoke: runs an operation of a lake service in this process: `invoke("glue", "GetTable", params, caller)`.
    """

    name = "glue"
    iam_prefix = "glue"

    def __init__(self, state: Path, invoke: Invoke):
        schema = store.SCHEMA + partition_store.SCHEMA + entities.SCHEMA + crawl_store.SCHEMA
        self.file = SqliteFile(state / "glue.sqlite", schema)
        self.catalog = CatalogStore(self.file)
        self.partitions = PartitionStore(self.file)
        self.entities = EntityStore(self.file)
        self.crawls = CrawlStore(self.file)
        self.crawl_runner = CrawlRunner(self.crawls, self.entities, invoke, state / "spool")
        self.clock = Clock(self._due)

    def start(self, core: Core) -> None:
        """Begin to fire schedules, which are kept from before. Without it they begin with the first change of one."""
        self.clock.start(core)

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        yield from resources_of(call, params)

    def _due(self, minute: datetime) -> Iterator[Callable[[Core], object]]:
        for crawler in self.entities.everywhere("Crawler"):
            if crawler.document.get("Scheduled") and is_due(crawler.document["Schedule"], minute):
                yield partial(self.crawl_runner.start, crawler)
