"""The roles that crawlers and jobs run as."""

from __future__ import annotations

from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.errors import InvalidInput
from lakelab.cloud.glue.model import Scope


def role_arn(scope: Scope, role: str) -> str:
    """The ARN of a role that is given by its name, its path and name, or its ARN."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{scope.account}:role/{role.lstrip('/')}"


def role_caller(core: Core, scope: Scope, arn: str, session: str) -> Caller:
    """The role as a caller. Raises InvalidInput when Glue cannot assume it."""
    try:
        return core.assume_role(arn, session, account=scope.account, region=scope.region, service="glue.amazonaws.com")
    except AwsError as error:
        text = "Service is unable to assume provided role. Please verify role's TrustPolicy"
        raise InvalidInput(text) from error
