"""The errors of Kinesis Data Streams: AWS's codes and texts."""

from __future__ import annotations

from lakelab.cloud.errors import AwsError


class ResourceNotFound(AwsError):
    """A stream, shard or consumer does not exist."""

    code = "ResourceNotFoundException"


class ResourceInUse(AwsError):
    """The stream exists already, or is not in a state that allows the operation."""

    code = "ResourceInUseException"


class InvalidArgument(AwsError):
    """A value cannot be used."""

    code = "InvalidArgumentException"


class Invalid(AwsError):
    """The request contradicts the stream's mode."""

    code = "ValidationException"


class ThroughputExceeded(AwsError):
    """A shard's throughput is used up for now; the same request succeeds later."""

    code = "ProvisionedThroughputExceededException"


class ExpiredIterator(AwsError):
    """The shard iterator is older than five minutes."""

    code = "ExpiredIteratorException"


class ExpiredToken(AwsError):
    """The NextToken is older than five minutes."""

    code = "ExpiredNextTokenException"


def stream_not_found(name: str, account: str) -> ResourceNotFound:
    return ResourceNotFound(f"Stream {name} under account {account} not found.")


def shard_not_found(shard_id: str, name: str, account: str) -> ResourceNotFound:
    return ResourceNotFound(f"Could not find shard {shard_id} in stream {name} under account {account}.")


def rate_exceeded(shard_id: str, name: str, account: str) -> ThroughputExceeded:
    return ThroughputExceeded(f"Rate exceeded for shard {shard_id} in stream {name} under account {account}.")
