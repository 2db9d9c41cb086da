"""Schedules go by the local AWS's clock: a crawl that is due in an hour comes when the clock is moved by an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from lakelab.cloud.clock import ask_clock
from lakelab.testing import Cloud

HOURLY = "cron(0 * * * ? *)"


@pytest.fixture
def crawler(cloud: Cloud, make_role: Callable[..., str]) -> Iterator[str]:
    """A crawler over one file that is due every hour."""
    bucket, database, name = cloud.bucket(), cloud.database(), f"crawler-{uuid4().hex[:12]}"
    cloud.client("s3").put_object(Bucket=bucket, Key="orders/a.csv", Body=b"id,name\n1,ann\n2,bob\n")
    glue = cloud.client("glue")
    glue.create_crawler(
        Name=name,
        Role=make_role("s3:*", "glue:*", "logs:*"),
        DatabaseName=database,
        Targets={"S3Targets": [{"Path": f"s3://{bucket}/orders/"}]},
        Schedule=HOURLY,
    )
    yield name
    glue.delete_crawler(Name=name)


@pytest.fixture
def trigger(cloud: Cloud, make_job: Callable[..., tuple[str, str]]) -> Iterator[str]:
    """An hourly trigger of a job of the same name."""
    job, _ = make_job(b"print('done')")
    glue = cloud.client("glue")
    glue.create_trigger(Name=job, Type="SCHEDULED", Schedule=HOURLY, Actions=[{"JobName": job}], StartOnCreation=True)
    yield job
    glue.delete_trigger(Name=job)


def crawls(cloud: Cloud, crawler: str) -> list[str]:
    """The states of a crawler's crawls."""
    return [crawl["State"] for crawl in cloud.client("glue").list_crawls(CrawlerName=crawler)["Crawls"]]


def runs(cloud: Cloud, job: str) -> list[tuple[str, str]]:
    """The (trigger, state) of a job's runs."""
    found = cloud.client("glue").get_job_runs(JobName=job)["JobRuns"]
    return [(run.get("TriggerName", ""), run["JobRunState"]) for run in found]


@pytest.mark.fidelity("glue", "schedules", "exact", "they go by the local AWS's clock, which can be moved")
def test_what_is_due_comes_when_the_clock_is_moved(cloud: Cloud, crawler: str, trigger: str, wait_until: Any):
    assert (crawls(cloud, crawler), runs(cloud, trigger)) == ([], [])
    ask_clock(cloud.settings, advance=3600)
    wait_until(lambda: crawls(cloud, crawler) == ["COMPLETED"])
    wait_until(lambda: runs(cloud, trigger) == [(trigger, "SUCCEEDED")])


def test_a_schedule_that_is_off_fires_nothing(cloud: Cloud, crawler: str, trigger: str, wait_until: Any):
    glue = cloud.client("glue")
    glue.stop_crawler_schedule(CrawlerName=crawler)
    ask_clock(cloud.settings, advance=3600)
    wait_until(lambda: runs(cloud, trigger) == [(trigger, "SUCCEEDED")])  # what was due with it has come
    assert crawls(cloud, crawler) == []
    glue.stop_trigger(Name=trigger)
    glue.start_crawler_schedule(CrawlerName=crawler)
    ask_clock(cloud.settings, advance=3600)
    wait_until(lambda: crawls(cloud, crawler) == ["COMPLETED"])
    assert len(runs(cloud, trigger)) == 1
