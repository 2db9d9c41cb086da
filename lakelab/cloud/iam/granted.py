"""What a role is granted, read through AWS's public APIs: it works on any core, and on AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from lakelab.cloud.iam.evaluate import Kind, Policies, Request
from lakelab.cloud.iam.policy import Principal, Statement, parse
from lakelab.errors import LakelabError

Client = Callable[[str], Any]  # a boto3 client of a service
ABSENT = {"NoSuchBucketPolicy", "NoSuchBucket", "ResourceNotFoundException", "NoSuchEntity", "NotFoundException"}
ABSENT |= {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


class NoSuchRole(LakelabError):
    """There is no role or user of that name."""


@dataclass(frozen=True)
class Granted:
    """A role, or a user, as a principal; its identity policies by name, and its permissions boundary."""

    principal: Principal
    documents: Mapping[str, Mapping[str, Any]]
    boundary: tuple[Statement, ...] | None

    @property
    def identity(self) -> tuple[Statement, ...]:
        return tuple(statement for name, document in self.documents.items() for statement in parse(document, name))


def granted(client: Client, name: str) -> Granted:
    """What a role has, given by name or ARN; or a user, given by its ARN or as `user/ann`.

    Raises:
        NoSuchRole: there is no such role or user.
    """
    kind = "user" if ":user/" in name or name.startswith("user/") else "role"
    iam, short = client("iam"), name.rpartition("/")[2]
    asked = {f"{kind.capitalize()}Name": short}
    try:
        found = getattr(iam, f"get_{kind}")(**asked)[kind.capitalize()]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchEntity":
            raise
        known = sorted(role["RoleName"] for role in iam.list_roles()["Roles"])
        fix = f"choose one of: {', '.join(known)}" if known else "make up-local STACK=access"
        raise NoSuchRole(f"no {kind} {short}", fix=fix) from error
    documents = {
        policy: _document(getattr(iam, f"get_{kind}_policy")(**asked, PolicyName=policy)["PolicyDocument"])
        for policy in getattr(iam, f"list_{kind}_policies")(**asked)["PolicyNames"]
    }
    for attached in getattr(iam, f"list_attached_{kind}_policies")(**asked)["AttachedPolicies"]:
        documents[attached["PolicyName"]] = _managed(iam, attached["PolicyArn"])
    limit = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    boundary = parse(_managed(iam, limit), limit.rpartition("/")[2]) if limit else None
    return Granted(_principal(found), documents, boundary)


def policies_for(client: Client, role: Granted, request: Request) -> Policies:
    """All policies that have a say in a request of the role: its own, its boundary, and the resource's."""
    read = _RESOURCE_POLICIES.get(request.action if request.service == "sts" else request.service)
    try:
        document = read(client, request.resource) if read else None
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ABSENT:
            raise
        document = None
    trust = request.action == "sts:AssumeRole"
    return Policies(
        role.identity,
        role.boundary,
        resource=parse(document, f"the policy of {request.resource}") if document else None,
        resource_kind=Kind.TRUST if trust else Kind.RESOURCE,
        resource_must_allow=trust,
    )


def _principal(found: Mapping[str, Any]) -> Principal:
    arn, account = found["Arn"], found["Arn"].split(":")[4]
    tags = {f"aws:principaltag/{tag['Key'].lower()}": tag["Value"] for tag in found.get("Tags", ())}
    if "RoleName" in found:
        session = f"arn:aws:sts::{account}:assumed-role/{found['RoleName']}/simulated"
        return Principal(session, account, "AssumedRole", arn, tags)
    return Principal(arn, account, "User", keys={"aws:username": found["UserName"], **tags})


def _managed(iam: Any, arn: str) -> Mapping[str, Any]:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _document(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _document(given: Any) -> Mapping[str, Any]:
    return json.loads(unquote(given)) if isinstance(given, str) else given


def _of_bucket(client: Client, arn: str) -> str:
    return client("s3").get_bucket_policy(Bucket=arn.split(":")[5].partition("/")[0])["Policy"]


def _of_queue(client: Client, arn: str) -> str | None:
    queues, (*_, account, name) = client("sqs"), arn.split(":")
    url = queues.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return queues.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")


def _of_function(client: Client, arn: str) -> str:
    return client("lambda").get_policy(FunctionName=arn)["Policy"]


def _of_role(client: Client, arn: str) -> str:
    found = client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
    return found if isinstance(found, str) else json.dumps(found)


_RESOURCE_POLICIES: dict[str, Callable[[Client, str], str | None]] = {
    "s3": _of_bucket,
    "sqs": _of_queue,
    "lambda": _of_function,
    "sts:AssumeRole": _of_role,
}
