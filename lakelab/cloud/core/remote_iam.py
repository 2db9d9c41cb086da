"""The policies of an outside core, read by public IAM calls, and what they decide for the lake services.

LocalStack's free edition and moto keep policies and do not enforce them. Here is what can be known from outside: the
identity policies, boundaries and groups of a user or a role, its trust policy, and the policies of buckets. What a
session was narrowed to when its role was taken cannot be asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.iam.evaluate import Kind, Request, denial_message, evaluate
from lakelab.cloud.iam.evaluate import Policies as Given
from lakelab.cloud.iam.explain import explain
from lakelab.cloud.iam.policy import MalformedPolicy, Principal, Statement, parse
from lakelab.cloud.iam.record import Record

FRESH_SECONDS = 2.0  # how long a policy may have changed past the gateway unnoticed
MISSING = ("NoSuchEntity", "NoSuchBucketPolicy", "NoSuchBucket")


class Policies:
    """Decides by the policies that an outside core keeps.

    Args:
        client: gives a boto3 client of the account's root user.
        record: where decisions about callers are kept; None keeps none.
    """

    def __init__(self, client: Callable[[str], Any], record: Record | None = None):
        self._client = client
        self._record = record
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], tuple[float, Any]] = {}

    def forget(self) -> None:
        """What is known may have changed."""
        with self._lock:
            self._known.clear()

    # ---- decisions

    def denial(self, caller: Caller, action: str, resource: str, keys: Mapping[str, Any]) -> str | None:
        """Why a caller may not do something, in AWS's words; None when it may."""
        kind, name = _owner(caller.arn)
        try:
            role_arn, (identity, boundary) = self._role_arn(kind, name), self._identity(kind, name)
        except ClientError as error:
            if not _is_missing(error):
                raise
            role_arn, identity, boundary = "", (), None  # deleted: its keys live on and may nothing
        principal = Principal(caller.arn, caller.account, kind, role_arn)
        given = {"aws:securetransport": True, **{key.lower(): value for key, value in keys.items()}}
        request = Request(principal, action, resource, given, caller.region)
        resource_policy = self._bucket_policy(resource) if request.service == "s3" else None
        policies = Given(identity, boundary, resource=resource_policy)
        decision = evaluate(request, policies)
        if self._record is not None:
            self._record.add(request, decision, None if decision.allowed else explain(request, policies, decision))
        return None if decision.allowed else denial_message(request, decision)

    def service_denial(self, service: str, action: str, resource: str, keys: Mapping[str, Any]) -> str | None:
        """Why a service may not do something in its own name; only what role and bucket policies say is known."""
        given = {"aws:securetransport": True, **{key.lower(): value for key, value in keys.items()}}
        request = Request(Principal(service, "", "Service"), action, resource, given)
        if action == "sts:AssumeRole":
            role = self.role(resource.rpartition("/")[2])
            kind, statements = Kind.TRUST, _parsed(role["AssumeRolePolicyDocument"], "the trust policy")
        elif request.service == "s3":
            kind, statements = Kind.RESOURCE, self._bucket_policy(resource) or ()
        else:
            return None
        decision = evaluate(request, Given(resource=statements, resource_kind=kind))
        return None if decision.allowed else denial_message(request, decision)

    # ---- what is known

    def is_user(self, arn: str) -> bool:
        """Whether an ARN is that of a user that IAM knows."""
        kind, name = _owner(arn)
        try:
            return kind == "User" and bool(name) and bool(self._client("iam").get_user(UserName=name))
        except ClientError as error:
            if _is_missing(error):
                return False
            raise

    def role(self, name: str) -> dict[str, Any]:
        """A role as IAM describes it. Raises ClientError (NoSuchEntity) when there is none."""
        return self._fresh(("role", name), lambda: self._client("iam").get_role(RoleName=name)["Role"])

    def _role_arn(self, kind: str, name: str) -> str:
        return self.role(name)["Arn"] if kind == "AssumedRole" else ""

    def _identity(self, kind: str, name: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...] | None]:
        """The identity policies of a role or user and its groups, and its permissions boundary."""
        return self._fresh((kind, name), lambda: self._read(kind, name))

    def _read(self, kind: str, name: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...] | None]:
        iam = self._client("iam")
        if kind == "AssumedRole":
            owner = self.role(name)
            found = list(self._attached("role", name))
        else:
            owner = iam.get_user(UserName=name)["User"]
            found = list(self._attached("user", name))
            for group in iam.list_groups_for_user(UserName=name)["Groups"]:
                found += self._attached("group", group["GroupName"])
        boundary = owner.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return tuple(found), self._managed(boundary) if boundary else None

    def _attached(self, kind: str, name: str) -> Iterator[Statement]:
        """The statements of the inline and attached policies of a `role`, `user` or `group`."""
        iam, named = self._client("iam"), {f"{kind.capitalize()}Name": name}
        for page in iam.get_paginator(f"list_{kind}_policies").paginate(**named):
            for policy in page["PolicyNames"]:
                answer = getattr(iam, f"get_{kind}_policy")(**named, PolicyName=policy)
                yield from _parsed(answer["PolicyDocument"], policy)
        for page in iam.get_paginator(f"list_attached_{kind}_policies").paginate(**named):
            for policy in page["AttachedPolicies"]:
                yield from self._managed(policy["PolicyArn"])

    def _managed(self, arn: str) -> tuple[Statement, ...]:
        iam = self._client("iam")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return _parsed(document, arn.rpartition("/")[2])

    def _bucket_policy(self, resource: str) -> tuple[Statement, ...] | None:
        bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        if not bucket or "*" in bucket:
            return None

        def read() -> tuple[Statement, ...] | None:
            try:
                document = self._client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
            except ClientError as error:
                if not _is_missing(error):
                    raise
                return None
            return _parsed(document, f"the policy of {bucket}")

        return self._fresh(("bucket", bucket), read)

    def _fresh(self, key: tuple[str, ...], read: Callable[[], Any]) -> Any:
        with self._lock:
            when, value = self._known.get(key, (0.0, None))
        if when and time.monotonic() - when < FRESH_SECONDS:
            return value
        value = read()
        with self._lock:
            self._known[key] = (time.monotonic(), value)
        return value


def _owner(arn: str) -> tuple[str, str]:
    """Kind and name of who has the policies: `…:assumed-role/analyst/session` is the role analyst."""
    kind, _, path = arn.split(":", 5)[5].partition("/")
    return ("AssumedRole", path.partition("/")[0]) if kind == "assumed-role" else ("User", path.rpartition("/")[2])


def _is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in MISSING


def _parsed(document: Any, name: str) -> tuple[Statement, ...]:
    try:
        return parse(document, name)
    except MalformedPolicy:  # what AWS would have refused allows nothing
        return ()
