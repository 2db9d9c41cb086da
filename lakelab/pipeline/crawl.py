"""Run a Glue crawler and wait for its end."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from lakelab.errors import LakelabError

POLL_SECONDS = 0.2


class CrawlFailed(LakelabError):
    """The crawler ended without having crawled."""


def run(glue: Any, crawler: str, *, timeout: float = 120) -> list[str]:
    """Crawl, and give the names of the tables that the crawler's database has with its prefix afterwards.

    Raises:
        CrawlFailed: the crawl failed, or took longer than `timeout` seconds.
    """
    with suppress(glue.exceptions.CrawlerRunningException):  # somebody else started it: its end is as good
        glue.start_crawler(Name=crawler)
    deadline = time.monotonic() + timeout
    while (found := glue.get_crawler(Name=crawler)["Crawler"])["State"] != "READY":
        if time.monotonic() > deadline:
            raise CrawlFailed(f"crawler {crawler} is still {found['State']} after {timeout:.0f} s")
        time.sleep(POLL_SECONDS)
    last = found.get("LastCrawl", {})
    if last.get("Status") != "SUCCEEDED":
        raise CrawlFailed(
            f"crawler {crawler} {last.get('Status')}: {last.get('ErrorMessage', '')}", fix="lakelab cloud logs"
        )
    prefix = found.get("TablePrefix", "")
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=found["DatabaseName"], Expression=f"{prefix}.*")
    return [table["Name"] for page in pages for table in page["TableList"]]
