"""The Glue service: its operations by resource, over one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias

from lakelab.cloud.caller import Caller
from lakelab.cloud.clock import Clock
from lakelab.cloud.core import Core
from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue import entities, indexes, partition_store, statistics, store
from lakelab.cloud.glue.authorization import resources_of
from lakelab.cloud.glue.classifiers import ClassifierOperations
from lakelab.cloud.glue.crawler import store as crawl_store
from lakelab.cloud.glue.crawler.runner import CrawlRunner
from lakelab.cloud.glue.crawler.store import CrawlStore
from lakelab.cloud.glue.crawlers import CrawlerOperations
from lakelab.cloud.glue.databases import DatabaseOperations
from lakelab.cloud.glue.entities import EntityStore
from lakelab.cloud.glue.functions import FunctionOperations
from lakelab.cloud.glue.job import store as job_store
from lakelab.cloud.glue.job.runner import JobRunner
from lakelab.cloud.glue.job.store import JobRunStore
from lakelab.cloud.glue.jobs import JobOperations
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.partitions import PartitionOperations
from lakelab.cloud.glue.schedule import Fire, Scheduler, is_due
from lakelab.cloud.glue.search import SearchOperations
from lakelab.cloud.glue.statistics import StatisticsOperations
from lakelab.cloud.glue.store import CatalogStore
from lakelab.cloud.glue.tables import TableOperations
from lakelab.cloud.glue.tags import ResourcePolicyOperations, TagOperations
from lakelab.cloud.glue.triggers import TriggerOperations
from lakelab.cloud.wire import Call, Params, Service

SCHEMA = "".join(
    module.SCHEMA for module in (store, partition_store, indexes, statistics, entities, crawl_store, job_store)
)

Invoke: TypeAlias = Callable[[str, str, Params, Caller], Params]


class GlueService(
    DatabaseOperations,
    TableOperations,
    PartitionOperations,
    StatisticsOperations,
    SearchOperations,
    FunctionOperations,
    ClassifierOperations,
    CrawlerOperations,
    JobOperations,
    TriggerOperations,
    TagOperations,
    ResourcePolicyOperations,
    Service,
):
    """The local Glue.

    Args:
        state: the folder of its file, `glue.sqlite`.
        invoke: runs an operation of a lake service in this process: `invoke("glue", "GetTable", params, caller)`.
        clock: what schedules go by; the real time by default.
    """

    name = "glue"
    iam_prefix = "glue"

    def __init__(self, state: Path, invoke: Invoke, clock: Clock | None = None):
        self.file = SqliteFile(state / "glue.sqlite", SCHEMA)
        self.catalog = CatalogStore(self.file)
        self.partitions = PartitionStore(self.file)
        self.entities = EntityStore(self.file)
        self.crawls = CrawlStore(self.file)
        self.crawl_runner = CrawlRunner(
            self.crawls, self.entities, invoke, state / "spool", partial(self.note_end, "Crawler")
        )
        self.job_runs = JobRunStore(self.file)
        self.job_runner = JobRunner(self.job_runs, state / "runs", partial(self.note_end, "Job"))
        self.scheduler = Scheduler(clock or Clock(), self._due)

    def start(self, core: Core) -> None:
        self.scheduler.start(core)

    def close(self) -> None:
        self.scheduler.close()

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        yield from resources_of(call, params)

    def _due(self, after: datetime, until: datetime) -> Iterator[Fire]:
        for crawler in self.entities.everywhere("Crawler"):
            if crawler.document.get("Scheduled") and is_due(crawler.document["Schedule"], after, until):
                yield partial(self.crawl_runner.start, crawler)
        for trigger in self.entities.everywhere("Trigger"):
            definition = trigger.document
            active = definition["Type"] == "SCHEDULED" and definition["State"] == "ACTIVATED"
            if active and is_due(definition["Schedule"], after, until):
                yield partial(self.fire, trigger)
