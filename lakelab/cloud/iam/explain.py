"""Why a request was denied, and the smallest statement that would allow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lakelab.cloud.iam.evaluate import Context, Decision, Kind, Policies, Request
from lakelab.cloud.iam.policy import Statement

NEAR_MISSES = 3


@dataclass(frozen=True)
class Explanation:
    """What to learn from a denial.

    `reason` is a sentence, `near` are the statements that come close with what keeps each from deciding, `place` names
    the policy to change, and `statement` is what to add there; None when a Deny has to be narrowed down instead.
    """

    reason: str
    near: tuple[str, ...]
    place: str
    statement: dict[str, Any] | None


def explain(request: Request, policies: Policies, decision: Decision) -> Explanation:
    """The explanation of a denied request; the policies are those that the decision was made by."""
    if decision.explicit:
        return Explanation(
            f"{decision.statement} ({decision.kind}) denies it; no Allow overrules a Deny",
            (),
            f"{decision.kind} {decision.statement.policy if decision.statement else ''}".strip(),
            None,
        )
    looked_at = _statements(policies, decision.kind)
    near = tuple(_near_misses(request, looked_at))[:NEAR_MISSES]
    reason = f"no statement of the {decision.kind} allows it"
    if not looked_at:
        reason = f"there is no {decision.kind} that says anything"
    return Explanation(reason, near, _place(request, decision.kind), smallest_statement(request, decision.kind))


def smallest_statement(request: Request, kind: Kind) -> dict[str, Any]:
    """The statement that allows exactly this action on exactly this resource."""
    statement: dict[str, Any] = {"Sid": _sid(request.action), "Effect": "Allow"}
    if kind in (Kind.RESOURCE, Kind.TRUST):
        principal = request.principal
        statement["Principal"] = (
            {"Service": principal.arn} if principal.kind == "Service" else {"AWS": principal.stable_arn}
        )
    statement["Action"] = request.action
    if kind is not Kind.TRUST:
        statement["Resource"] = request.resource
    prefix = request.keys.get("s3:prefix")
    if kind is Kind.IDENTITY and request.action == "s3:ListBucket" and prefix:
        statement["Condition"] = {"StringEquals": {"s3:prefix": prefix}}
    return statement


def _sid(action: str) -> str:
    service, _, name = action.partition(":")
    return f"{re.sub('[^A-Za-z0-9]', '', service).capitalize()}{re.sub('[^A-Za-z0-9]', '', name)}"


def _place(request: Request, kind: Kind) -> str:
    match kind:
        case Kind.RESOURCE:
            return f"{kind} of {request.resource}"
        case Kind.TRUST:
            return f"{kind} of {request.resource}"
    return f"{kind} of {request.principal.stable_arn}"


def _statements(policies: Policies, kind: Kind) -> tuple[Statement, ...]:
    match kind:
        case Kind.BOUNDARY:
            return policies.boundary or ()
        case Kind.SESSION:
            return policies.session or ()
        case Kind.RESOURCE | Kind.TRUST:
            return policies.resource or ()
    return policies.identity


def _near_misses(request: Request, statements: tuple[Statement, ...]) -> Iterator[str]:
    """Statements that would allow it but for one thing: a condition first, then the resource."""
    keys = Context(request)
    about = [statement for statement in statements if statement.allows and statement.about_action(request.action)]
    for statement in about:
        if statement.about_resource(request.resource, keys):
            for condition in statement.unmet(keys):
                given = keys.values(condition.key.lower())
                found = "is absent" if given is None else f"is {', '.join(given)!r}"
                yield f"{statement} allows it where {condition}; {condition.key} {found}"
            if (statement.principals or statement.not_principals) and not statement.names(request.principal):
                yield f"{statement} allows it to others"
    for statement in about:
        if not statement.about_resource(request.resource, keys):
            where = ", ".join(statement.resources) or f"all but {', '.join(statement.not_resources)}"
            yield f"{statement} allows {request.action} on {where} alone"
