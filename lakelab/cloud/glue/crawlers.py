"""Operations on crawlers."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from lakelab.cloud.caller import Caller
from lakelab.cloud.glue.crawler.crawl import Target
from lakelab.cloud.glue.crawler.policy import Policy, refuse_unsupported
from lakelab.cloud.glue.crawler.runner import LOG_GROUP, STATUS, CrawlRunner
from lakelab.cloud.glue.crawler.store import CrawlRecord, CrawlStore
from lakelab.cloud.glue.entities import Entity
from lakelab.cloud.glue.errors import (
    CrawlerNotRunning,
    CrawlerRunning,
    CrawlerStopping,
    EntityNotFound,
    InvalidInput,
    NoSchedule,
    SchedulerNotRunning,
    SchedulerRunning,
)
from lakelab.cloud.glue.model import Scope, moment
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.glue.role import role_arn, role_caller
from lakelab.cloud.glue.schedule import check_cron
from lakelab.cloud.wire import Call, Params

_DEFAULTS: Params = {
    "Classifiers": [],
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
}


class CrawlerOperations(Operations):
    crawls: CrawlStore
    crawl_runner: CrawlRunner

    def create_crawler(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        definition = {
            **_DEFAULTS,
            **{name: value for name, value in params.items() if name not in ("Tags", "CatalogId")},
        }
        self._check_crawler(call.caller, definition)
        self.entities.create(scope, "Crawler", params["Name"], _scheduled(definition))
        self.tag(scope, f"crawler/{params['Name']}", params.get("Tags", {}))
        return {}

    def update_crawler(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, params)
        crawler = self._idle_crawler(scope, params["Name"])
        definition = {**crawler.document, **{name: value for name, value in params.items() if name != "CatalogId"}}
        self._check_crawler(call.caller, definition)
        before, after = (document["Targets"].get("S3Targets") for document in (crawler.document, definition))
        if before != after and _incremental(crawler.document) and _incremental(definition):
            raise InvalidInput("The S3 targets of a crawler that crawls new folders only cannot be changed.")
        self.entities.update(
            scope, "Crawler", params["Name"], _scheduled(definition) if "Schedule" in params else definition
        )
        return {}

    def delete_crawler(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        self._idle_crawler(scope, params["Name"])
        self.entities.delete(scope, "Crawler", params["Name"])
        self.untag(scope, f"crawler/{params['Name']}")
        return {}

    def get_crawler(self, call: Call, params: Params) -> Params:
        crawler = self.entities.get(Scope.of(call.caller, {}), "Crawler", params["Name"])
        return {"Crawler": self._crawler_answer(crawler)}

    def get_crawlers(self, call: Call, params: Params) -> Params:
        crawlers, token = self._crawler_page(call, params)
        return {"Crawlers": [self._crawler_answer(crawler) for crawler in crawlers], "NextToken": token}

    def list_crawlers(self, call: Call, params: Params) -> Params:
        crawlers, token = self._crawler_page(call, params)
        scope, wanted = Scope.of(call.caller, {}), params.get("Tags", {})
        names = [
            crawler.name
            for crawler in crawlers
            if wanted.items() <= self.tags_of(scope, f"crawler/{crawler.name}").items()
        ]
        return {"CrawlerNames": names, "NextToken": token}

    def batch_get_crawlers(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        found = {name: self.entities.find(scope, "Crawler", name) for name in params["CrawlerNames"]}
        return {
            "Crawlers": [self._crawler_answer(crawler) for crawler in found.values() if crawler],
            "CrawlersNotFound": [name for name, crawler in found.items() if not crawler],
        }

    def start_crawler(self, call: Call, params: Params) -> Params:
        crawler = self.entities.get(Scope.of(call.caller, {}), "Crawler", params["Name"])
        if not self.crawl_runner.start(crawler, call.caller.core):
            raise CrawlerRunning(f"Crawler with name {crawler.name} has already started")
        return {}

    def stop_crawler(self, call: Call, params: Params) -> Params:
        crawler = self.entities.get(Scope.of(call.caller, {}), "Crawler", params["Name"])
        running = self.crawls.running(crawler.id)
        if running is None:
            raise CrawlerNotRunning(f"Crawler with name {crawler.name} isn't running")
        if running.state == "STOPPING":
            raise CrawlerStopping(f"Crawler with name {crawler.name} is stopping")
        self.crawls.stop(running.id)
        return {}

    def list_crawls(self, call: Call, params: Params) -> Params:
        crawler = self.entities.get(Scope.of(call.caller, {}), "Crawler", params["CrawlerName"])
        wanted = [_crawl_filter(filter_) for filter_ in params.get("Filters", ())]
        history = [crawl for crawl in self.crawls.history(crawler.id) if all(accepts(crawl) for accepts in wanted)]
        start, limit = decode(params.get("NextToken"), 0), params.get("MaxResults", 20)
        numbered = list(enumerate(history, 1))[start:]
        crawls, token = page(numbered, limit, lambda pair: pair[0])
        return {"Crawls": [_crawl_answer(crawler.name, crawl) for _, crawl in crawls], "NextToken": token}

    def get_crawler_metrics(self, call: Call, params: Params) -> Params:
        scope, names = Scope.of(call.caller, {}), params.get("CrawlerNameList")
        if names is None:
            crawlers, token = self._crawler_page(call, params)
        else:
            crawlers, token = [self.entities.get(scope, "Crawler", name) for name in names], None
        return {"CrawlerMetricsList": [self._crawler_metrics(crawler) for crawler in crawlers], "NextToken": token}

    def update_crawler_schedule(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        crawler = self.entities.get(scope, "Crawler", params["CrawlerName"])
        definition = {**crawler.document, "Schedule": params.get("Schedule", "")}
        if definition["Schedule"]:
            check_cron(definition["Schedule"])
        self.entities.update(scope, "Crawler", crawler.name, _scheduled(definition))
        return {}

    def start_crawler_schedule(self, call: Call, params: Params) -> Params:
        return self._switch_schedule(call, params, on=True)

    def stop_crawler_schedule(self, call: Call, params: Params) -> Params:
        return self._switch_schedule(call, params, on=False)

    def _switch_schedule(self, call: Call, params: Params, *, on: bool) -> Params:
        scope = Scope.of(call.caller, {})
        crawler = self.entities.get(scope, "Crawler", params["CrawlerName"])
        if on and not crawler.document.get("Schedule"):
            raise NoSchedule(f"Crawler {crawler.name} has no schedule.")
        if crawler.document.get("Scheduled", False) == on:
            raise (SchedulerRunning if on else SchedulerNotRunning)(
                f"The schedule of crawler {crawler.name} is {'already' if on else 'not'} running."
            )
        self.entities.update(scope, "Crawler", crawler.name, {**crawler.document, "Scheduled": on})
        return {}

    def _check_crawler(self, caller: Caller, definition: Params) -> None:
        refuse_unsupported(definition)
        Policy.of(definition)
        targets = definition["Targets"]
        if not targets.get("S3Targets") and not targets.get("CatalogTargets"):
            raise InvalidInput("At least one crawl target must be specified.")
        if targets.get("S3Targets") and targets.get("CatalogTargets"):
            raise InvalidInput("Catalog targets cannot be mixed with other targets.")
        if targets.get("S3Targets") and not definition.get("DatabaseName"):
            raise InvalidInput("DatabaseName is required for the target types of the crawler.")
        for target in targets.get("S3Targets", ()):
            Target.of(target)
        by_events = definition["RecrawlPolicy"].get("RecrawlBehavior") == "CRAWL_EVENT_MODE"
        if by_events and not all(target.get("EventQueueArn") for target in targets.get("S3Targets", ())):
            raise InvalidInput("Each S3 target needs an EventQueueArn to be crawled by events.")
        scope = Scope.of(caller, {})
        for name in definition.get("Classifiers", ()):
            if self.entities.find(scope, "Classifier", name) is None:
                raise EntityNotFound(f"Classifier {name} not found.")
        if definition.get("Schedule"):
            check_cron(definition["Schedule"])
        role_caller(caller.core, scope, role_arn(scope, definition["Role"]), "AWS-Crawler")

    def _idle_crawler(self, scope: Scope, name: str) -> Entity:
        crawler = self.entities.get(scope, "Crawler", name)
        if self.crawls.running(crawler.id) is not None:
            raise CrawlerRunning(f"Crawler with name {name} is running")
        return crawler

    def _crawler_page(self, call: Call, params: Params) -> tuple[Any, str | None]:
        limit = params.get("MaxResults", 100)
        after = decode(params.get("NextToken"), "")
        found = self.entities.list(Scope.of(call.caller, {}), "Crawler", after=after, limit=limit + 1)
        return page(found, limit, lambda crawler: crawler.name)

    def _crawler_answer(self, crawler: Entity) -> Params:
        history = self.crawls.history(crawler.id)
        running = next((crawl for crawl in history if crawl.ended is None), None)
        last = next((crawl for crawl in history if crawl.ended is not None), None)
        answer = {name: value for name, value in crawler.document.items() if name not in ("Schedule", "Scheduled")}
        if crawler.document.get("Schedule"):
            on = crawler.document.get("Scheduled", False)
            answer["Schedule"] = {
                "ScheduleExpression": crawler.document["Schedule"],
                "State": "SCHEDULED" if on else "NOT_SCHEDULED",
            }
        elapsed = 0 if running is None else time.time() - running.started
        return {
            **answer,
            "State": "READY" if running is None else running.state,
            "CrawlElapsedTime": int(elapsed * 1000),
            "CreationTime": moment(crawler.created),
            "LastUpdated": moment(crawler.updated),
            "LastCrawl": None if last is None else _last_crawl(crawler.name, last),
            "Version": crawler.version,
        }

    def _crawler_metrics(self, crawler: Entity) -> Params:
        done = [crawl for crawl in self.crawls.history(crawler.id) if crawl.ended is not None]
        times = [crawl.ended - crawl.started for crawl in done if crawl.ended is not None]
        tables = done[0].summary.get("TABLE", {}) if done else {}
        return {
            "CrawlerName": crawler.name,
            "TimeLeftSeconds": 0.0,
            "StillEstimating": self.crawls.running(crawler.id) is not None,
            "LastRuntimeSeconds": times[0] if times else 0.0,
            "MedianRuntimeSeconds": statistics.median(times) if times else 0.0,
            "TablesCreated": tables.get("ADD", {}).get("Count", 0),
            "TablesUpdated": tables.get("UPDATE", {}).get("Count", 0),
            "TablesDeleted": tables.get("DELETE", {}).get("Count", 0),
        }


def _scheduled(definition: Params) -> Params:
    return {**definition, "Scheduled": bool(definition.get("Schedule"))}


def _incremental(definition: Params) -> bool:
    return definition["RecrawlPolicy"].get("RecrawlBehavior") == "CRAWL_NEW_FOLDERS_ONLY"


def _last_crawl(name: str, crawl: CrawlRecord) -> Params:
    return {
        "Status": STATUS[crawl.state],
        "ErrorMessage": crawl.error,
        "LogGroup": LOG_GROUP,
        "LogStream": name,
        "MessagePrefix": crawl.id,
        "StartTime": moment(crawl.started),
    }


def _crawl_answer(name: str, crawl: CrawlRecord) -> Params:
    return {
        "CrawlId": crawl.id,
        "State": "RUNNING" if crawl.state == "STOPPING" else crawl.state,
        "StartTime": moment(crawl.started),
        "EndTime": None if crawl.ended is None else moment(crawl.ended),
        "Summary": json.dumps(crawl.summary),
        "ErrorMessage": crawl.error,
        "LogGroup": LOG_GROUP,
        "LogStream": name,
        "MessagePrefix": crawl.id,
        "DPUHour": 0.0,
    }


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda one, other: one == other,
    "NE": lambda one, other: one != other,
    "GT": lambda one, other: one > other,
    "GE": lambda one, other: one >= other,
    "LT": lambda one, other: one < other,
    "LE": lambda one, other: one <= other,
}


def _crawl_filter(filter_: Params) -> Callable[[CrawlRecord], bool]:
    """Whether a crawl meets one of ListCrawls' filters; times are milliseconds since 1970."""
    name, operator = filter_.get("FieldName"), filter_.get("FilterOperator", "EQ")
    value = filter_.get("FieldValue", "")
    if name in ("CRAWL_ID", "STATE"):
        if operator not in ("EQ", "NE"):
            raise InvalidInput(f"Only EQ or NE operator is allowed for field : {name}")
        return lambda crawl: _COMPARE[operator](crawl.id if name == "CRAWL_ID" else crawl.state, value)
    try:
        number = float(value)
    except ValueError as error:
        raise InvalidInput(
            f"Invalid Filter Provided: FieldName: {name}, FilterOperator: {operator}, FieldValue: {value}"
        ) from error
    if name == "DPU_HOUR":
        return lambda crawl: _COMPARE[operator](0.0, number)
    if name == "START_TIME":
        return lambda crawl: _COMPARE[operator](crawl.started * 1000, number)
    return lambda crawl: crawl.ended is not None and _COMPARE[operator](crawl.ended * 1000, number)
