"""Policy documents as statements: which actions, resources and principals each is about, and under which conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any

from lakelab.cloud.iam.condition import Condition, Keys, conditions
from lakelab.cloud.iam.pattern import any_arn_matches, matches

VARIABLES_SINCE = "2012-10-17"
_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")


class MalformedPolicy(ValueError):
    """A text that is no policy document."""


class Named(IntEnum):
    """How a Principal element names a caller. The order is that of how much it grants without an identity policy."""

    NOT = 0
    ACCOUNT = 1  # only its account: the account's own policies decide on
    ANYONE = 2  # `*`
    ROLE = 3  # the role of its session
    ITSELF = 4  # its user, its session, or the service


@dataclass(frozen=True)
class Principal:
    """Who makes a request.

    `arn` is a session's own ARN (`arn:aws:sts::…:assumed-role/…`) and `role_arn` that of its role; a service has its
    name (`s3.amazonaws.com`) for the ARN. `kind` is as aws:PrincipalType says it (User, AssumedRole, FederatedUser,
    Account), or Service, or Anonymous. `keys` are the condition keys that describe it (`aws:username`), in lower case.
    """

    arn: str
    account: str
    kind: str = "User"
    role_arn: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def stable_arn(self) -> str:
        """The ARN that aws:PrincipalArn has: that of the role for its sessions."""
        return self.role_arn or self.arn


@dataclass(frozen=True, eq=False)  # found again by identity: what it says of an action is looked up, not worked out
class Statement:
    """One statement. `policy` says where it is: a policy's name or ARN; `number` counts from 1 in its document."""

    policy: str
    number: int
    sid: str
    allows: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    variables: bool = True

    def __str__(self) -> str:
        return f"{self.sid or f'statement {self.number}'} of {self.policy}"

    def about_action(self, action: str) -> bool:
        """Whether it is about an action; case does not matter."""
        return _about_action(self, action)

    def about_resource(self, resource: str, keys: Keys) -> bool:
        """Whether it is about a resource; a trust policy's statement is about its role alone and names none."""
        lookup = keys.one if self.variables else None
        if self.not_resources:
            return not any_arn_matches(self.not_resources, resource, lookup)
        return not self.resources or any_arn_matches(self.resources, resource, lookup)

    def unmet(self, keys: Keys) -> list[Condition]:
        """The conditions that the request does not meet."""
        return [condition for condition in self.conditions if not condition.met(keys)]

    def applies(self, action: str, resource: str, keys: Keys) -> bool:
        """Whether it is about a request, its principal aside."""
        return self.about_action(action) and self.holds(resource, keys)

    def holds(self, resource: str, keys: Keys) -> bool:
        """Whether it is about a resource under conditions that are met; its actions are asked of `about`."""
        return self.about_resource(resource, keys) and all(condition.met(keys) for condition in self.conditions)

    def names(self, principal: Principal) -> Named:
        """How the statement of a resource's policy names a principal."""
        if self.not_principals:
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html: a user is
            # exempt when it is named itself, beside its account
            exempt = max(_named(entry, principal) for entry in self.not_principals)
            return Named.NOT if exempt >= Named.ROLE else Named.ANYONE
        return max((_named(entry, principal) for entry in self.principals), default=Named.NOT)


@lru_cache(maxsize=65536)
def about(statements: tuple[Statement, ...], action: str, *, allows: bool) -> tuple[Statement, ...]:
    """Those that allow, or deny, an action: looked up, since every request asks it of the same few policies."""
    return tuple(each for each in statements if each.allows is allows and each.about_action(action))


@lru_cache(maxsize=65536)
def _about_action(statement: Statement, action: str) -> bool:
    if statement.not_actions:
        return not any(matches(pattern, action, ignore_case=True) for pattern in statement.not_actions)
    return any(matches(pattern, action, ignore_case=True) for pattern in statement.actions)


def _named(entry: tuple[str, str], principal: Principal) -> Named:
    kind, name = entry
    if name == "*" and kind in ("AWS", "*"):
        return Named.ANYONE
    if kind != "AWS":
        return Named.ITSELF if name.lower() == principal.arn.lower() else Named.NOT
    account = _ACCOUNT.fullmatch(name)
    if account:
        return Named.ACCOUNT if account[1] == principal.account else Named.NOT
    if name == principal.arn:
        return Named.ITSELF
    return Named.ROLE if principal.role_arn and name == principal.role_arn else Named.NOT


def parse(document: str | Mapping[str, Any], policy: str) -> tuple[Statement, ...]:
    """The statements of a policy document.

    Args:
        document: the JSON text, or what it stands for.
        policy: the name or the ARN of the policy, for messages.

    Raises:
        MalformedPolicy: it is no policy document.
    """
    return _parse(document if isinstance(document, str) else json.dumps(document), policy)


@lru_cache(maxsize=4096)
def _parse(text: str, policy: str) -> tuple[Statement, ...]:
    try:
        document = json.loads(text)
        if "Statement" not in document:
            raise ValueError("Missing required field Statement")
        statements = _listed(document["Statement"])
        variables = document.get("Version") == VARIABLES_SINCE
        return tuple(_statement(policy, number, given, variables) for number, given in enumerate(statements, 1))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedPolicy(f"{policy} is no policy document: {error}") from error


def _statement(policy: str, number: int, given: Mapping[str, Any], variables: bool) -> Statement:
    if given.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"Invalid effect: {given.get('Effect')}")
    if ("Action" in given) == ("NotAction" in given):
        raise ValueError(f"statement {number} needs either Action or NotAction")
    if "Resource" in given and "NotResource" in given:
        raise ValueError(f"statement {number} has both Resource and NotResource")
    return Statement(
        policy,
        number,
        given.get("Sid", ""),
        given["Effect"] == "Allow",
        *(tuple(_listed(given.get(name, ()))) for name in ("Action", "NotAction", "Resource", "NotResource")),
        principals=_principals(given.get("Principal", {})),
        not_principals=_principals(given.get("NotPrincipal", {})),
        conditions=conditions(given.get("Condition", {}), variables=variables),
        variables=variables,
    )


def _principals(element: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(element, str):
        return (("*", element),)
    return tuple((kind, name) for kind, names in element.items() for name in _listed(names))


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]
