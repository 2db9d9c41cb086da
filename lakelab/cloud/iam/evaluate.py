"""AWS's policy evaluation: may this principal do this, and which statement says so.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
and, for what a resource's policy grants without an identity policy,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
Organizations' policies (service and resource control policies) and VPC endpoint policies are not modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lakelab.cloud.iam.condition import Values, as_text
from lakelab.cloud.iam.policy import Named, Principal, Statement, about


class Kind(StrEnum):
    """The kinds of policies, in the words of AWS's error messages."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"


@dataclass(frozen=True)
class Request:
    """What a principal wants to do.

    Args:
        principal: who.
        action: `s3:GetObject`.
        resource: an ARN, or `*` for an action that is about no resource.
        keys: the request's own condition keys, in lower case: a text, a truth value, a number, or a list of texts.
        region: where the request went.
        tags: gives the resource's tags; asked only when a condition needs them.
    """

    principal: Principal
    action: str
    resource: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    region: str = "us-east-1"
    tags: Callable[[], Mapping[str, str]] = dict

    @property
    def service(self) -> str:
        return self.action.partition(":")[0]


@dataclass(frozen=True)
class Policies:
    """All policies that have a say in a request. None is the absence of that kind; an empty tuple allows nothing."""

    identity: tuple[Statement, ...] = ()
    boundary: tuple[Statement, ...] | None = None
    session: tuple[Statement, ...] | None = None
    resource: tuple[Statement, ...] | None = None
    owner: str | None = None  # the account of the resource; None is the principal's own
    resource_kind: Kind = Kind.RESOURCE
    resource_must_allow: bool = False  # a role's trust policy, a KMS key's policy: identity policies alone do not do


@dataclass(frozen=True)
class Decision:
    """The outcome: the kind of policy that decided, and the statement of it; a missing Allow has no statement."""

    allowed: bool
    kind: Kind
    statement: Statement | None = None

    @property
    def explicit(self) -> bool:
        """Whether a Deny decided, and not the absence of an Allow."""
        return not self.allowed and self.statement is not None


class Context:
    """The condition keys of one request; those that AWS derives are made when a condition asks for them."""

    __slots__ = ("_request",)

    def __init__(self, request: Request):
        self._request = request

    def values(self, key: str) -> Values | None:
        request = self._request
        if key in request.keys:
            given = request.keys[key]
        elif key in request.principal.keys:
            given = request.principal.keys[key]
        elif key.startswith(RESOURCE_TAG):
            tags = {name.lower(): value for name, value in request.tags().items()}
            given = tags.get(key.removeprefix(RESOURCE_TAG))
        else:
            derive = _DERIVED.get(key)
            given = None if derive is None else derive(request)
        if given is None:
            return None
        return tuple(as_text(value) for value in given) if isinstance(given, list | tuple | set) else (as_text(given),)

    def one(self, key: str) -> str | None:
        """The value of a key that has exactly one: what a policy variable stands for."""
        found = self.values(key.lower())
        return found[0] if found is not None and len(found) == 1 else None


RESOURCE_TAG = "aws:resourcetag/"


def _resource_account(request: Request) -> str:
    parts = request.resource.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else request.principal.account


_DERIVED: dict[str, Callable[[Request], Any]] = {
    "aws:principalarn": lambda request: request.principal.stable_arn or None,
    "aws:principalaccount": lambda request: request.principal.account or None,
    "aws:principaltype": lambda request: request.principal.kind,
    "aws:principalisawsservice": lambda request: request.principal.kind == "Service",
    "aws:requestedregion": lambda request: request.region,
    "aws:resourceaccount": _resource_account,
    "s3:resourceaccount": _resource_account,
    "aws:currenttime": lambda request: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:epochtime": lambda request: int(datetime.now(UTC).timestamp()),
}


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide a request: an explicit Deny anywhere wins; then every kind of policy that applies has to allow."""
    keys = Context(request)
    limits = [
        (kind, statements)
        for kind, statements in ((Kind.BOUNDARY, policies.boundary), (Kind.SESSION, policies.session))
        if statements is not None
    ]
    for kind, statements in ((Kind.IDENTITY, policies.identity), *limits):
        denial = _first(statements, request, keys, allows=False)
        if denial is not None:
            return Decision(False, kind, denial)
    named, grant, denial = _resource_policy(request, policies, keys)
    if denial is not None:
        return Decision(False, policies.resource_kind, denial)
    own_account = policies.owner in (None, request.principal.account)
    outsider = request.principal.kind in ("Service", "Anonymous")
    if grant is not None and (outsider or (own_account and named is Named.ITSELF)):
        return Decision(True, policies.resource_kind, grant)
    identity = _first(policies.identity, request, keys, allows=True)
    if (policies.resource_must_allow or outsider) and grant is None:
        return Decision(False, policies.resource_kind)
    if not own_account and grant is None:
        return Decision(False, policies.resource_kind if identity else Kind.IDENTITY)
    if own_account and named > Named.ACCOUNT:
        allowed = Decision(True, policies.resource_kind, grant)
    elif identity is not None:
        allowed = Decision(True, Kind.IDENTITY, identity)
    else:
        return Decision(False, Kind.IDENTITY)
    for kind, statements in limits:
        if _first(statements, request, keys, allows=True) is None:
            return Decision(False, kind)
    return allowed


def _first(statements: tuple[Statement, ...], request: Request, keys: Context, *, allows: bool) -> Statement | None:
    for statement in about(statements, request.action, allows=allows):
        if statement.holds(request.resource, keys):
            return statement
    return None


def _resource_policy(
    request: Request, policies: Policies, keys: Context
) -> tuple[Named, Statement | None, Statement | None]:
    """How the resource's policy names the principal where it grants most, the statement that does, and a Deny."""
    best, grant = Named.NOT, None
    for statement in policies.resource or ():
        named = statement.names(request.principal)
        if named is Named.NOT or not statement.applies(request.action, request.resource, keys):
            continue
        if not statement.allows:
            return Named.NOT, None, statement
        if named > best:
            best, grant = named, statement
    return best, grant, None


def denial_message(request: Request, decision: Decision) -> str:
    """The text of AWS's error for a denied request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    if decision.explicit:
        article = {Kind.IDENTITY: "an", Kind.TRUST: "the"}.get(decision.kind, "a")
        why = f"with an explicit deny in {article} {decision.kind}"
    else:
        why = f"because no {decision.kind} allows the {request.action} action"
    # S3 puts the ARN into quotation marks: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    resource = f'"{request.resource}"' if request.service == "s3" else request.resource
    return f"User: {request.principal.arn} is not authorized to perform: {request.action} on resource: {resource} {why}"
