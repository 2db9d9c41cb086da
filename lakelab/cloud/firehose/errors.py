"""The errors of Firehose: AWS's codes and texts."""

from __future__ import annotations

from lakelab.cloud.errors import AwsError


class InvalidArgument(AwsError):
    """A value cannot be used."""

    code = "InvalidArgumentException"


class ResourceNotFound(AwsError):
    """There is no such delivery stream."""

    code = "ResourceNotFoundException"


class ResourceInUse(AwsError):
    """The delivery stream exists already."""

    code = "ResourceInUseException"


class ConcurrentModification(AwsError):
    """The delivery stream has been changed since the version that the request names."""

    code = "ConcurrentModificationException"


def stream_not_found(name: str, account: str) -> ResourceNotFound:
    return ResourceNotFound(f"Firehose {name} under account {account} not found.")
