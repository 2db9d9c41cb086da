"""The core: the AWS services that lakelab does not write itself, behind one small interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lakelab.cloud.caller import Caller
    from lakelab.cloud.objects import ObjectInfo


@dataclass(frozen=True)
class Request:
    """A request as it arrived, for the check of its signature."""

    method: str
    path: str  # raw: still percent-encoded
    query: str  # raw
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Core(Protocol):
    """What the gateway and the lake services ask of the AWS behind them."""

    enforces_iam: bool

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as an ASGI application: requests, and its own start and stop by the lifespan protocol."""

    def checkpoint(self) -> None:
        """Write to disk what has changed since the last checkpoint, so that a kill loses nothing older."""

    def authenticate(self, request: Request) -> Caller:
        """The caller who signed `request`. Raises AwsError when the credentials are missing, unknown, expired or the
        signature is wrong."""
        ...

    def assume_role(
        self, role_arn: str, session_name: str, *, account: str, region: str, service: str | None = None
    ) -> Caller:
        """A caller with temporary credentials of a service role.

        Raises AwsError when there is no such role, or it does not trust `service` (`glue.amazonaws.com`).
        """
        ...

    def service_denial(self, service: str, action: str, resource: str, keys: Mapping[str, Any]) -> str | None:
        """Why a service (`s3.amazonaws.com`) may not do something in its own name; None when the resource's policy,
        or the trust policy of a role that it wants to take, lets it."""
        ...

    def mfa_seed(self, serial: str) -> str | None:
        """The seed, in base32, of a virtual MFA device; None when there is no such device."""
        ...

    def denial(self, caller: Caller, action: str, resource: str, context: Mapping[str, Any] | None) -> str | None:
        """Why `caller` may not do `action` on `resource`, in AWS's words; None when it may."""
        ...

    def client(self, service: str, caller: Caller) -> Any:
        """A boto3 client of the local AWS with the caller's credentials, made once and kept."""
        ...

    def functions(self, account: str, region: str) -> Any:
        """What invokes functions for the services of this process, as `invoke` of a boto3 client: FunctionName (an ARN)
        and Payload in, the same answer or ClientError out. None when a client has to do it."""
        ...

    def object_file(self, account: str, bucket: str, key: str) -> Path | None:
        """The file that holds the current version of an S3 object, if the core keeps it on this machine's disk."""
        ...

    def objects(self, account: str, bucket: str, prefix: str) -> list[ObjectInfo] | None:
        """The objects under a prefix in key order, if the core has their index in this process and knows the bucket."""
        ...
