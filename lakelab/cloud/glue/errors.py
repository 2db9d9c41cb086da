"""The errors of Glue: AWS's codes and texts."""

from __future__ import annotations

from typing import Any

from lakelab.cloud.errors import AwsError


class EntityNotFound(AwsError):
    """A database, table, partition, crawler … does not exist."""

    code = "EntityNotFoundException"


class AlreadyExists(AwsError):
    """An entity of that name exists."""

    code = "AlreadyExistsException"


class InvalidInput(AwsError):
    """The request has the right shape and a value that cannot be used."""

    code = "InvalidInputException"


class ConcurrentModification(AwsError):
    """Another writer was first."""

    code = "ConcurrentModificationException"


class ConditionCheckFailure(AwsError):
    """A condition that the request sets does not hold."""

    code = "ConditionCheckFailureException"


def detail(error: AwsError) -> dict[str, Any]:
    """The ErrorDetail of one item of a batch."""
    return {"ErrorCode": error.code, "ErrorMessage": error.message}


def database_not_found(name: str) -> EntityNotFound:
    return EntityNotFound(f"Database {name} not found.")


def table_not_found(name: str) -> EntityNotFound:
    return EntityNotFound(f"Table {name} not found.")


class CrawlerRunning(AwsError):
    """The crawler runs, and cannot be changed or started."""

    code = "CrawlerRunningException"


class CrawlerNotRunning(AwsError):
    """There is no crawl to stop."""

    code = "CrawlerNotRunningException"


class CrawlerStopping(AwsError):
    """The crawl is being stopped already."""

    code = "CrawlerStoppingException"


class NoSchedule(AwsError):
    """The crawler has no schedule."""

    code = "NoScheduleException"


class SchedulerRunning(AwsError):
    """The schedule is on already."""

    code = "SchedulerRunningException"


class SchedulerNotRunning(AwsError):
    """The schedule is off already."""

    code = "SchedulerNotRunningException"


class ConcurrentRunsExceeded(AwsError):
    """As many runs of the job as it allows are under way."""

    code = "ConcurrentRunsExceededException"
