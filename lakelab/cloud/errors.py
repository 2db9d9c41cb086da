"""Errors as AWS answers them."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An error in AWS's shape: a code, a text and an HTTP status.

    Services derive one class per error of theirs; `members` are the fields of the error shape other than the message.
    """

    code = "InternalFailure"
    status = 400

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None, **members: Any):
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.members = members


class AccessDenied(AwsError):
    """The caller's policies do not allow the action."""

    code = "AccessDeniedException"


class NotImplementedHere(AwsError):
    """The operation, or an option of it, exists on AWS and not in the local AWS."""

    code = "NotImplementedException"
    status = 501


class InvalidSignature(AwsError):
    """The request's credentials cannot be accepted."""

    code = "UnrecognizedClientException"
    status = 403
