"""The exceptions of Athena's API, with its texts; why a statement fails is in `errors`.

Sources: the errors of each operation in https://docs.aws.amazon.com/athena/latest/APIReference/; texts and
AthenaErrorCodes are those that AWS's answers show where such an answer is on record, and close to them elsewhere.
"""

from __future__ import annotations

from lakelab.cloud.errors import AwsError


class InvalidRequest(AwsError):
    """The request cannot be carried out as it is; `reason` is its AthenaErrorCode."""

    code = "InvalidRequestException"

    def __init__(self, message: str, reason: str = "INVALID_INPUT"):
        super().__init__(message, AthenaErrorCode=reason)


class ResourceNotFound(AwsError):
    """A prepared statement, or the resource of a tag, does not exist."""

    code = "ResourceNotFoundException"

    def __init__(self, message: str, resource: str):
        super().__init__(message, ResourceName=resource)


class MetadataError(AwsError):
    """The data catalog refused, or does not have the database or table."""

    code = "MetadataException"


class TooManyRequests(AwsError):
    """The account has as many queries queued and running as its quota allows."""

    code = "TooManyRequestsException"

    def __init__(self) -> None:
        super().__init__(
            "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number "
            "of concurrent queries submitted by this account. Contact customer support to request a concurrent query "
            "limit increase.",
            Reason="CONCURRENT_QUERY_LIMIT_EXCEEDED",
        )


class QueryExecutionNotFound(InvalidRequest):
    def __init__(self, execution_id: str):
        super().__init__(f"QueryExecution {execution_id} was not found", "QUERY_EXECUTION_NOT_FOUND")
