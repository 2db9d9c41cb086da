"""What all operations of a kind have in common, tried on every one of them: AWS's model says which those are.

The tests of each resource have what only its operations do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from lakelab.cloud import wire
from lakelab.cloud.glue.api import GlueService

MODEL = wire.service_model("glue")
OPERATIONS = [name for name in MODEL.operation_names if hasattr(GlueService, xform_name(name))]
SCRIPT = {"Name": "pythonshell", "ScriptLocation": "s3://b/s.py"}
# deleting what does not exist is no error: https://docs.aws.amazon.com/glue/latest/webapi/API_DeleteJob.html
FORGIVING = {"DeleteJob", "DeleteTrigger"}
# what the operation needs and AWS's model does not ask for
NEEDED: dict[str, Any] = {
    "CreateTable": {"TableInput": {"Name": "x"}},
    "UpdateTable": {"TableInput": {"Name": "x"}},
    "CreateUserDefinedFunction": {"FunctionInput": {"FunctionName": "x"}},
}
# their own texts are in the tests of jobs and tables
OWN_TEXT = {"StartJobRun", "GetTable"}


def members(operation: str) -> dict[str, Shape]:
    shape = MODEL.operation_model(operation).input_shape
    return shape.members if isinstance(shape, StructureShape) else {}


def having(*names: str) -> Iterator[str]:
    """The operations whose parameters have all of these members."""
    return (operation for operation in OPERATIONS if set(names) <= set(members(operation)))


def minimal(operation: str, **given: Any) -> dict[str, Any]:
    """The least parameters that AWS's model takes, but for those that are given."""
    shape = MODEL.operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    return {**_least(shape), **NEEDED.get(operation, {}), **given}


def _least(shape: Shape) -> Any:
    match shape:
        case StructureShape():
            return {name: _least(shape.members[name]) for name in shape.required_members}
        case ListShape():
            return [_least(shape.member)]
        case MapShape():
            return {}
        case StringShape():
            return shape.enum[0] if shape.enum else "x"
    return {"boolean": False, "timestamp": 0, "integer": 0, "long": 0}[shape.type_name]


@pytest.fixture
def world(sales: Any) -> Any:
    """One thing of each kind."""
    sales("CreateCrawler", Name="c", Role="r", DatabaseName="sales", Targets={"S3Targets": [{"Path": "s3://b/"}]})
    sales("CreateJob", Name="compact", Role="r", Command=SCRIPT)
    sales("CreateJob", Name="other", Role="r", Command=SCRIPT)
    sales("CreateTrigger", Name="t", Type="ON_DEMAND", Actions=[{"JobName": "compact"}])
    sales("CreateClassifier", CsvClassifier={"Name": "csv", "Delimiter": ";"})
    return sales


@pytest.mark.parametrize("operation", sorted(set(having("DatabaseName")) - {"CreateCrawler", "UpdateCrawler"}))
def test_a_database_that_does_not_exist(world: Any, operation: str) -> None:
    with world.fails("EntityNotFoundException", "Database missing not found."):
        world(operation, **minimal(operation, DatabaseName="missing"))


@pytest.mark.parametrize("operation", sorted(having("DatabaseName", "TableName")))
def test_a_table_that_does_not_exist(world: Any, operation: str) -> None:
    with world.fails("EntityNotFoundException", "Table missing not found."):
        world(operation, **minimal(operation, DatabaseName="sales", TableName="missing"))


@pytest.mark.parametrize("operation", sorted(having("CatalogId", "DatabaseName")))
def test_the_catalog_of_another_account(world: Any, operation: str) -> None:
    text = f"User: {world.caller.arn} is not authorized to use the catalog of account 111111111111"
    with world.fails("AccessDeniedException", text):
        world(operation, **minimal(operation, DatabaseName="sales", CatalogId="111111111111"))


@pytest.mark.parametrize("operation", sorted(having("NextToken")))
def test_a_token_that_is_none(world: Any, operation: str) -> None:
    named = {"DatabaseName": "sales", "TableName": "orders", "JobName": "compact", "CrawlerName": "c", "Pattern": ".*"}
    given = {name: value for name, value in named.items() if name in members(operation)}
    with world.fails("InvalidInputException", "Invalid NextToken."):
        world(operation, **minimal(operation, **given, NextToken="rubbish"))


def named_by(kind: str, member: str) -> list[Any]:
    """The operations on one crawler, job, trigger or classifier that has to exist, with the member that names it."""
    found = [
        operation
        for operation in having(member)
        if kind in operation and not operation.startswith(("Create", "List", "BatchGet"))
    ]
    return [
        pytest.param(operation, member, kind, id=operation)
        for operation in sorted(set(found) - FORGIVING - OWN_TEXT)
        if operation not in ("GetCrawlers", "GetJobs", "GetTriggers", "UpdateClassifier")
    ]


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        *named_by("Crawler", "Name"),
        *named_by("Crawler", "CrawlerName"),
        *named_by("Job", "JobName"),
        *named_by("Trigger", "Name"),
        *named_by("Classifier", "Name"),
    ],
)
def test_a_thing_that_does_not_exist(world: Any, operation: str, member: str, kind: str) -> None:
    with world.fails("EntityNotFoundException", f"{kind} missing not found."):
        world(operation, **minimal(operation, **{member: "missing"}))


def running(world: Any, state: str = "RUNNING") -> None:
    """A crawl of the crawler c is under way."""
    crawler = world.service.entities.everywhere("Crawler")[0]
    world.service.crawls.start(crawler.id, "crawl-1")
    if state == "STOPPING":
        world.service.crawls.stop("crawl-1")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        pytest.param("StartCrawler", "Crawler with name c has already started", id="start"),
        pytest.param("UpdateCrawler", "Crawler with name c is running", id="update"),
        pytest.param("DeleteCrawler", "Crawler with name c is running", id="delete"),
    ],
)
def test_a_crawler_that_runs(world: Any, operation: str, message: str) -> None:
    running(world)
    with world.fails("CrawlerRunningException", message):
        world(operation, Name="c")


def test_a_crawl_that_is_stopping_already(world: Any) -> None:
    running(world, "STOPPING")
    with world.fails("CrawlerStoppingException", "Crawler with name c is stopping"):
        world("StopCrawler", Name="c")


@pytest.mark.parametrize("operation", ["StartJobRun", "StartTrigger"])
def test_a_job_that_runs_as_often_as_it_may(world: Any, operation: str) -> None:
    job = next(entity for entity in world.service.entities.everywhere("Job") if entity.name == "compact")
    world.service.job_runs.create(job.id, "jr_1", {"Attempt": 0, "JobName": "compact"}, most=1)
    params = {"JobName": "compact"} if operation == "StartJobRun" else {"Name": "t"}
    with world.fails("ConcurrentRunsExceededException", "Concurrent runs exceeded for compact"):
        world(operation, **params)


PARTITION = {"DatabaseName": "sales", "TableName": "orders"}
TOO_FEW = "The number of partition keys do not match the number of partition values"
OTHER_TYPE = "Resources of the type table have no tags."
TABLE_ARN = "arn:aws:glue:us-east-1:000000000000:table/sales/orders"


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateTrigger",
            {"Name": "t", "Type": "ON_DEMAND", "Actions": [{"JobName": "other"}]},
            "AlreadyExistsException",
            "Trigger already exists.",
            id="CreateTrigger: twice",
        ),
        pytest.param(
            "StopTrigger", {"Name": "t"}, "InvalidInputException", "Trigger t is not active.", id="StopTrigger: idle"
        ),
        pytest.param(
            "UpdateTrigger",
            {"Name": "t", "TriggerUpdate": {"Actions": [{"JobName": "missing"}]}},
            "EntityNotFoundException",
            "Job missing not found.",
            id="UpdateTrigger: job",
        ),
        pytest.param(
            "UpdateCrawler",
            {"Name": "c", "Schedule": "rate(1 hour)"},
            "InvalidInputException",
            "Invalid schedule cron expression: rate(1 hour)",
            id="UpdateCrawler: schedule",
        ),
        pytest.param(
            "UpdateCrawlerSchedule",
            {"CrawlerName": "c", "Schedule": "hourly"},
            "InvalidInputException",
            "Invalid schedule cron expression: hourly",
            id="UpdateCrawlerSchedule: schedule",
        ),
        pytest.param(
            "UpdateJob",
            {"JobName": "compact", "JobUpdate": {"MaxCapacity": 2.0}},
            "InvalidInputException",
            "MaxCapacity of a pythonshell job must be 0.0625 or 1.0.",
            id="UpdateJob: capacity",
        ),
        pytest.param(
            "GetJobRun",
            {"JobName": "compact", "RunId": "jr_x"},
            "EntityNotFoundException",
            "Job run jr_x not found.",
            id="GetJobRun: run",
        ),
        pytest.param(
            "UpdatePartition",
            {**PARTITION, "PartitionValueList": ["2024-01-01", "1"], "PartitionInput": {"Values": ["x"]}},
            "InvalidInputException",
            TOO_FEW,
            id="UpdatePartition: values",
        ),
        pytest.param(
            "CreatePartitionIndex",
            {**PARTITION, "PartitionIndex": {"IndexName": "i", "Keys": ["city"]}},
            "InvalidInputException",
            "Index keys are not partition keys: city",
            id="CreatePartitionIndex: key",
        ),
        pytest.param(
            "DeleteTableVersion",
            {**PARTITION, "VersionId": "7"},
            "EntityNotFoundException",
            "Version not found.",
            id="DeleteTableVersion: version",
        ),
        pytest.param(
            "GetTableVersion",
            {**PARTITION, "VersionId": "newest"},
            "InvalidInputException",
            "Invalid version id: newest",
            id="GetTableVersion: version",
        ),
        *(
            pytest.param(operation, params, "EntityNotFoundException", "Cannot find partition.", id=operation)
            for operation, params in (
                ("GetPartition", {"PartitionValues": ["2024-01-01", "1"]}),
                ("DeletePartition", {"PartitionValues": ["2024-01-01", "1"]}),
                (
                    "UpdateColumnStatisticsForPartition",
                    {"PartitionValues": ["2024-01-01", "1"], "ColumnStatisticsList": []},
                ),
            )
            for params in [{**PARTITION, **params}]
        ),
        *(
            pytest.param(
                operation, {"ResourceArn": TABLE_ARN, **more}, "InvalidInputException", OTHER_TYPE, id=operation
            )
            for operation, more in (
                ("TagResource", {"TagsToAdd": {"a": "b"}}),
                ("UntagResource", {"TagsToRemove": ["a"]}),
                ("GetTags", {}),
            )
        ),
    ],
)
def test_errors_of_their_own(world: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    with world.fails(code, message):
        world(operation, **params)


@pytest.mark.parametrize(
    ("operation", "params", "answer"),
    [
        pytest.param("BatchGetCrawlers", {"CrawlerNames": ["x"]}, {"CrawlersNotFound": ["x"]}, id="crawlers"),
        pytest.param("BatchGetJobs", {"JobNames": ["x"]}, {"JobsNotFound": ["x"]}, id="jobs"),
        pytest.param("BatchGetTriggers", {"TriggerNames": ["x"]}, {"TriggersNotFound": ["x"]}, id="triggers"),
        pytest.param("DeleteJob", {"JobName": "x"}, {"JobName": "x"}, id="a job that has gone"),
        pytest.param("DeleteTrigger", {"Name": "x"}, {"Name": "x"}, id="a trigger that has gone"),
        pytest.param("DeleteCrawler", {"Name": "c"}, {}, id="a crawler"),
        pytest.param("GetJobRuns", {"JobName": "compact"}, {"JobRuns": []}, id="no runs"),
    ],
)
def test_answers_without_errors(world: Any, operation: str, params: dict[str, Any], answer: dict[str, Any]) -> None:
    found = world(operation, **params)
    assert {name: found[name] for name in answer} == answer


def test_the_runs_that_cannot_be_stopped_are_named(world: Any) -> None:
    answer = world("BatchStopJobRun", JobName="compact", JobRunIds=["jr_x"])
    assert answer["SuccessfulSubmissions"] == []
    assert answer["Errors"][0]["ErrorDetail"] == {
        "ErrorCode": "EntityNotFoundException",
        "ErrorMessage": "Job run jr_x not found.",
    }
