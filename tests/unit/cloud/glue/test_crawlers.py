from __future__ import annotations

from typing import Any

import pytest

S3 = {"S3Targets": [{"Path": "s3://bucket/orders/"}]}
ORDERS: dict[str, Any] = {"Name": "orders", "Role": "crawler", "DatabaseName": "lake", "Targets": S3}


@pytest.fixture
def crawler(glue: Any) -> Any:
    glue("CreateCrawler", **ORDERS)
    return glue


def test_a_crawler_comes_back_as_it_was_made(glue: Any) -> None:
    glue("CreateCrawler", **ORDERS, Schedule="cron(0 1 * * ? *)", TablePrefix="p_", Tags={"team": "a"})
    crawler = glue("GetCrawler", Name="orders")["Crawler"]
    assert crawler.pop("CreationTime") == crawler.pop("LastUpdated")
    assert crawler == {
        **ORDERS,
        "TablePrefix": "p_",
        "Classifiers": [],
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
        "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
        "State": "READY",
        "CrawlElapsedTime": 0,
        "Schedule": {"ScheduleExpression": "cron(0 1 * * ? *)", "State": "SCHEDULED"},
        "Version": 1,
    }
    assert glue("GetTags", ResourceArn="arn:aws:glue:us-east-1:000000000000:crawler/orders")["Tags"] == {"team": "a"}


def test_update_changes_what_is_given(crawler: Any) -> None:
    crawler("UpdateCrawler", Name="orders", Description="new", RecrawlPolicy={"RecrawlBehavior": "CRAWL_EVERYTHING"})
    found = crawler("GetCrawler", Name="orders")["Crawler"]
    assert (found["Description"], found["Targets"], found["Version"]) == ("new", S3, 2)


def test_listings(crawler: Any) -> None:
    crawler("CreateCrawler", **{**ORDERS, "Name": "rides"}, Tags={"team": "a"})
    assert crawler("ListCrawlers")["CrawlerNames"] == ["orders", "rides"]
    assert crawler("ListCrawlers", Tags={"team": "a"})["CrawlerNames"] == ["rides"]
    first = crawler("GetCrawlers", MaxResults=1)
    second = crawler("GetCrawlers", MaxResults=1, NextToken=first["NextToken"])
    assert [found["Name"] for found in first["Crawlers"] + second["Crawlers"]] == ["orders", "rides"]
    answer = crawler("BatchGetCrawlers", CrawlerNames=["rides", "none"])
    assert [found["Name"] for found in answer["Crawlers"]] == ["rides"]
    assert answer["CrawlersNotFound"] == ["none"]
    assert crawler("GetCrawlerMetrics")["CrawlerMetricsList"][0]["LastRuntimeSeconds"] == 0


def test_schedules_are_switched_on_and_off(crawler: Any) -> None:
    def state() -> Any:
        return crawler("GetCrawler", Name="orders")["Crawler"].get("Schedule", {}).get("State")

    assert state() is None
    crawler("UpdateCrawlerSchedule", CrawlerName="orders", Schedule="cron(0 1 * * ? *)")
    assert state() == "SCHEDULED"
    crawler("StopCrawlerSchedule", CrawlerName="orders")
    assert state() == "NOT_SCHEDULED"
    with crawler.fails("SchedulerNotRunningException", "The schedule of crawler orders is not running."):
        crawler("StopCrawlerSchedule", CrawlerName="orders")
    crawler("StartCrawlerSchedule", CrawlerName="orders")
    assert state() == "SCHEDULED"
    with crawler.fails("SchedulerRunningException", "The schedule of crawler orders is already running."):
        crawler("StartCrawlerSchedule", CrawlerName="orders")


def test_crawls_are_listed_by_filter(crawler: Any) -> None:
    service = crawler.service
    entity = service.entities.everywhere("Crawler")[0]
    for number, state in enumerate(("COMPLETED", "FAILED", "COMPLETED")):
        assert service.crawls.start(entity.id, f"crawl-{number}")
        service.crawls.finish(entity.id, f"crawl-{number}", state, summary={}, error=None, folders=[])

    def found(**filter_: str) -> list[str]:
        answer = crawler("ListCrawls", CrawlerName="orders", Filters=[filter_] if filter_ else [])
        return [crawl["CrawlId"] for crawl in answer["Crawls"]]

    assert found() == ["crawl-2", "crawl-1", "crawl-0"]
    assert found(FieldName="STATE", FilterOperator="EQ", FieldValue="FAILED") == ["crawl-1"]
    assert found(FieldName="CRAWL_ID", FilterOperator="NE", FieldValue="crawl-1") == ["crawl-2", "crawl-0"]
    assert found(FieldName="START_TIME", FilterOperator="LT", FieldValue="1000") == []
    assert len(found(FieldName="END_TIME", FilterOperator="GT", FieldValue="1000")) == 3
    first = crawler("ListCrawls", CrawlerName="orders", MaxResults=2)
    second = crawler("ListCrawls", CrawlerName="orders", MaxResults=2, NextToken=first["NextToken"])
    assert [crawl["CrawlId"] for crawl in second["Crawls"]] == ["crawl-0"]
    with crawler.fails("InvalidInputException", "Only EQ or NE operator is allowed for field : STATE"):
        found(FieldName="STATE", FilterOperator="GT", FieldValue="FAILED")


def test_a_crawl_that_the_server_did_not_outlive_has_failed(crawler: Any, tmp_path: Any) -> None:
    from lakelab.cloud.glue.crawler.store import CrawlStore

    entity = crawler.service.entities.everywhere("Crawler")[0]
    crawler.service.crawls.start(entity.id, "crawl-0")
    assert crawler("GetCrawler", Name="orders")["Crawler"]["State"] == "RUNNING"
    CrawlStore(crawler.service.file)  # as the next server does
    found = crawler("GetCrawler", Name="orders")["Crawler"]
    assert (found["State"], found["LastCrawl"]["Status"]) == ("READY", "FAILED")
    assert "was stopped during the crawl" in found["LastCrawl"]["ErrorMessage"]


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param("CreateCrawler", ORDERS, "AlreadyExistsException", "Crawler already exists.", id="create-twice"),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Role": "missing"},
            "InvalidInputException",
            "Service is unable to assume provided role. Please verify role's TrustPolicy",
            id="role",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Targets": {}},
            "InvalidInputException",
            "At least one crawl target must be specified.",
            id="no-target",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Targets": {"S3Targets": [{"Path": "s3:///x"}]}},
            "InvalidInputException",
            "The S3 path s3:///x is not valid.",
            id="bad-path",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Targets": {"S3Targets": [{"Path": "s3://b/", "Exclusions": ["[a"]}]}},
            "InvalidInputException",
            "The exclude pattern [a is not valid.",
            id="bad-exclusion",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Targets": {"JdbcTargets": [{"Path": "x"}]}},
            "NotImplementedException",
            "JdbcTargets: crawlers of the local AWS read S3 only.",
            id="jdbc",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "LakeFormationConfiguration": {"UseLakeFormationCredentials": True}},
            "NotImplementedException",
            "LakeFormationConfiguration: the local AWS has no Lake Formation.",
            id="lake-formation",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Schedule": "every day"},
            "InvalidInputException",
            "Invalid schedule cron expression: every day",
            id="schedule",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "Classifiers": ["none"]},
            "EntityNotFoundException",
            "Classifier none not found.",
            id="classifier",
        ),
        pytest.param(
            "CreateCrawler",
            {**ORDERS, "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}},
            "InvalidInputException",
            "Each S3 target needs an EventQueueArn to be crawled by events.",
            id="events-without-queue",
        ),
        pytest.param("GetCrawler", {"Name": "x"}, "EntityNotFoundException", "Crawler x not found.", id="get"),
        pytest.param("UpdateCrawler", {"Name": "x"}, "EntityNotFoundException", "Crawler x not found.", id="update"),
        pytest.param("DeleteCrawler", {"Name": "x"}, "EntityNotFoundException", "Crawler x not found.", id="delete"),
        pytest.param("StartCrawler", {"Name": "x"}, "EntityNotFoundException", "Crawler x not found.", id="start"),
        pytest.param("StopCrawler", {"Name": "x"}, "EntityNotFoundException", "Crawler x not found.", id="stop"),
        pytest.param(
            "StopCrawler",
            {"Name": "orders"},
            "CrawlerNotRunningException",
            "Crawler with name orders isn't running",
            id="stop-idle",
        ),
        pytest.param(
            "StartCrawlerSchedule",
            {"CrawlerName": "orders"},
            "NoScheduleException",
            "Crawler orders has no schedule.",
            id="no-schedule",
        ),
        pytest.param(
            "ListCrawls", {"CrawlerName": "x"}, "EntityNotFoundException", "Crawler x not found.", id="crawls"
        ),
    ],
)
def test_errors(crawler: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with crawler.fails(code, message):
        crawler(operation, **params)
