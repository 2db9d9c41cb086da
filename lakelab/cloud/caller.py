"""Who is calling: an authenticated principal, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakelab.cloud.errors import AccessDenied

if TYPE_CHECKING:
    from lakelab.cloud.core import Core


@dataclass(frozen=True)
class Credentials:
    """A key pair, and the session token of temporary credentials."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Caller:
    """A principal whose signature has been verified, in one account and region."""

    account: str
    region: str
    arn: str
    credentials: Credentials
    core: Core = field(repr=False, compare=False)

    def may(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> bool:
        """Whether policies allow `action` (`glue:GetTable`) on the ARN `resource`."""
        return self.core.denial(self, action, resource, context) is None

    def require(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
        """Raise AccessDenied, in AWS's words, unless policies allow `action` on `resource`."""
        denial = self.core.denial(self, action, resource, context)
        if denial is not None:
            raise AccessDenied(denial)

    def client(self, service: str) -> Any:
        """A boto3 client of the local AWS that signs with this caller's own credentials."""
        return self.core.client(service, self)

    def arn_of(self, service: str, resource: str) -> str:
        """The ARN of a resource of this caller's account and region: `arn_of("glue", "database/sales")`."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"
